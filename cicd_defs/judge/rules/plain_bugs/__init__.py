"""Values that do not mean what they look like."""
