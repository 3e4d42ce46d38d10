"""Code that makes CI flaky."""
