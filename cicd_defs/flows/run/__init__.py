"""What keeps runs going: stale claims are freed, what was left behind is removed."""
