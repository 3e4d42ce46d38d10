"""What should exist? From what people wrote and what the world reports to one pipeline."""
