"""With what? Protocols first, the real ones after: git, scanners, the store of values."""
