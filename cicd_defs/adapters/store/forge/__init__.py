"""The rows of the local forge."""
