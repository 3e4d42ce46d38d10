"""Durations as people write them."""

from durations.reading import NotADurationError, parse
from durations.writing import spoken

__all__ = ["NotADurationError", "parse", "spoken"]
