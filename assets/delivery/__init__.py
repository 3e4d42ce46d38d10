"""What exists of the delivery line: tasks with prompts and agent runs, pull requests with all that follows from one."""
