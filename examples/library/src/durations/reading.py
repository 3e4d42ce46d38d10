"""From text to seconds."""

import re

from durations.units import SECONDS

_PART = re.compile(r"\s*(\d+)\s*([wdhms])", re.IGNORECASE)


class NotADurationError(ValueError):
    """The text says no duration, or says a unit twice."""


def parse(text: str) -> int:
    """The number of seconds that a text such as `1h 30m` says.

    >>> parse("2d")
    172800
    """
    seconds, position, seen = 0, 0, set[str]()
    while position < len(text.rstrip()):
        part = _PART.match(text, position)
        unit = part[2].lower() if part else ""
        if part is None or unit in seen:
            raise NotADurationError(f"{text!r} is not a duration such as '1h 30m'")
        seen.add(unit)
        seconds += int(part[1]) * SECONDS[unit]
        position = part.end()
    if not seen:
        raise NotADurationError("an empty text is not a duration")
    return seconds
