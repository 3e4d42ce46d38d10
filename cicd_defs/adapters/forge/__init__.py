"""Where repositories and pull requests live: the local forge."""
