"""What a workflow's jobs mean together: who runs when, what they hand on, what they may do."""
