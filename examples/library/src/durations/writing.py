"""From seconds to text."""

from durations.units import NAMES, SECONDS


def spoken(seconds: int) -> str:
    """A number of seconds in words, the largest unit first.

    >>> spoken(3661)
    '1 hour 1 minute 1 second'
    """
    if seconds < 0:
        raise ValueError("a duration is not negative")
    words = []
    for unit, length in SECONDS.items():
        count, seconds = divmod(seconds, length)
        if count:
            words.append(f"{count} {NAMES[unit]}{'' if count == 1 else 's'}")
    return " ".join(words) or "0 seconds"
