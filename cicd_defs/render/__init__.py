"""How does it read? From a plan to text: workflows, make targets, hooks."""
