"""What a change does: which files, which lines."""
