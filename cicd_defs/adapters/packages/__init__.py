"""Packages for sandboxes without a network: a mirror that can only read, from the indexes that it was set up with."""
