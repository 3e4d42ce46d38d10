"""From a task to a pull request: submit, prompt, run the agent, open the pull request, request a fix."""
