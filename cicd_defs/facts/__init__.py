"""What does the world report? Frozen values and tolerant readers."""
