"""Checks that cannot fail."""
