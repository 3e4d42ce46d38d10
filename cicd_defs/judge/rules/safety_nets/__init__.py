"""What keeps a mistake small."""
