"""What an agent is told: the prompt of a task, the diagnosis of a failure, and what is tried next."""
