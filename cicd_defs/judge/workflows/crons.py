"""What is wrong with a cron line of GitHub's, and the line that was meant where that can be told.

Five fields, UTC, at most every five minutes, no `@daily`, `L`, `W`, `#` or `?`:
https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows#schedule
"""

import re
from dataclasses import dataclass
from itertools import pairwise

from cicd_defs.facts.patterns import regex

FIELDS = (
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day of the month", 1, 31),
    ("month", 1, 12),
    ("day of the week", 0, 6),
)
SHORTEST = 5
"""Minutes. GitHub starts nothing more often."""

_NAMES: tuple[tuple[str, ...], ...] = (
    (),
    (),
    (),
    ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
    ("sun", "mon", "tue", "wed", "thu", "fri", "sat"),
)
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_WORDS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_PART = regex(r"(\*|\w+)(?:-(\w+))?(?:/(\d+))?")
_ZONE = regex(r"(?:CRON_)?TZ=\S+\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why a line does not do what it says, and what was meant; None where nobody can tell."""

    why: str
    meant: str | None = None


class _Bad(ValueError):
    """A part of a field that is no such thing; `meant` stands in for it."""

    def __init__(self, why: str, meant: str | None = None) -> None:
        super().__init__(why)
        self.meant = meant


def wrong_with(line: str) -> Wrong | None:
    """What is wrong with a cron line; None where it fires as it says."""
    text = line.strip()
    if not text:
        return Wrong("it is empty, so it never fires")
    if text[0] == "@":
        return Wrong("GitHub knows no such word, so it never fires", _checked(_WORDS.get(text.lower())))
    if zone := _ZONE.match(text):
        return Wrong("GitHub reads no time zone here, so it never fires", _checked(text[zone.end() :]))
    fields = text.split()
    if len(fields) != len(FIELDS):
        return _miscounted(fields)
    values: list[set[int]] = []
    for index, field in enumerate(fields):
        try:
            values.append(_values(field, index))
        except _Bad as bad:
            meant = (
                None if bad.meant is None else " ".join([*fields[:index], bad.meant, *fields[index + 1 :]])
            )
            return Wrong(f"{bad}, so it never fires", _checked(meant))
    return _never(fields, values) or _too_often(fields, values) or _too_far(fields)


def _checked(line: str | None) -> str | None:
    """A line in which nothing is wrong any more."""
    for _ in range(len(FIELDS) + 2):
        if line is None:
            return None
        wrong = wrong_with(line)
        if wrong is None:
            return line
        line = wrong.meant
    return None


def _miscounted(fields: list[str]) -> Wrong:
    meant = None
    if len(fields) == 6:  # with seconds before, or with a year behind
        meant = _checked(
            " ".join(fields[1:] if not re.fullmatch(r"\*|[12]\d{3}\S*", fields[5]) else fields[:5])
        )
        meant = meant or _checked(" ".join(fields[1:])) or _checked(" ".join(fields[:5]))
    elif len(fields) == 4:
        meant = _checked(" ".join([*fields, "*"]))
    return Wrong(f"it has {len(fields)} fields in place of five, so it never fires", meant)


def _values(field: str, index: int) -> set[int]:
    parts = field.split(",")
    held: set[int] = set()
    for at, part in enumerate(parts):
        try:
            held |= _part(part, index)
        except _Bad as bad:
            if bad.meant is None:
                raise
            raise _Bad(str(bad), ",".join([*parts[:at], bad.meant, *parts[at + 1 :]])) from None
    return held


def _part(part: str, index: int) -> set[int]:
    name, low, high = FIELDS[index]
    if part == "?":
        raise _Bad("`?` is no field of GitHub's cron", "*")
    found = _PART.fullmatch(part)
    if found is None or (found[1] == "*" and found[2]):
        raise _Bad(f"`{part}` is no {name}")
    first, last, step = found.groups()
    if first == "*":
        start, end = low, high
    else:
        start = _number(first, index, part, 1)
        end = _number(last, index, part, 2) if last else high if step else start
    if start > end:
        swapped = f"{last}-{first}" + (f"/{step}" if step else "")
        raise _Bad(f"`{part}` ends before it begins", swapped if index != 4 else _around(first, last or ""))
    stride = 1 if step is None else int(step)
    if stride == 0:
        raise _Bad(f"`{part}` goes on by nothing", part.partition("/")[0])
    return set(range(start, end + 1, stride))


def _around(first: str, last: str) -> str | None:
    """Days of the week across Saturday, as two ranges."""
    return f"{first}-6,0-{last}" if first.isdigit() and last.isdigit() and last != "0" else None


def _number(text: str, index: int, part: str, group: int) -> int:
    name, low, high = FIELDS[index]
    names = _NAMES[index]
    if text.lower() in names:
        return low + names.index(text.lower())
    if not text.isdigit():
        long = next((one for one in names if text.lower().startswith(one)), None)
        raise _Bad(f"`{text}` is no {name}", part.replace(text, long.upper(), 1) if long else None)
    number = int(text)
    if number == 7 and index == 4:  # Sunday, as many write it; whether GitHub takes it is not said
        return 0 if group == 1 else 6
    if not low <= number <= high:
        nearest = str(_nearest(number, index))
        at = len(part.partition("-")[0]) + 1 if group == 2 else 0
        meant = part[:at] + part[at:].replace(text, nearest, 1)
        raise _Bad(f"`{text}` is no {name}, which goes from {low} to {high}", meant)
    return number


def _nearest(number: int, index: int) -> int:
    """What was meant by a number beyond its field: minute 60 is the full hour, hour 24 midnight."""
    _, low, high = FIELDS[index]
    if number < low:
        return low
    return 0 if index < 2 and number == high + 1 else high


def _never(fields: list[str], values: list[set[int]]) -> Wrong | None:
    """A day that none of its months has. With days of the week beside it, the line fires on those."""
    _, _, days, months, _ = values
    longest = max(_LONGEST[month - 1] for month in months)
    if fields[4] != "*" or min(days) <= longest:
        return None
    meant = 28 if months == {2} else longest
    line = " ".join([*fields[:2], str(meant), *fields[3:]])
    return Wrong("none of its months has that day, so it never fires", _checked(line))


def _too_often(fields: list[str], values: list[set[int]]) -> Wrong | None:
    minutes = sorted(values[0])
    gaps = [later - earlier for earlier, later in pairwise(minutes)]
    if not gaps or min(gaps) >= SHORTEST or not re.fullmatch(r"\*(?:/\d+)?", fields[0]):
        return None
    line = " ".join([f"*/{SHORTEST}", *fields[1:]])
    return Wrong(f"GitHub starts nothing more often than every {SHORTEST} minutes", line)


def _too_far(fields: list[str]) -> Wrong | None:
    """A step longer than its field starts again with each hour or day: `*/90` minutes is each hour."""
    for field, (name, _, high), round_ in zip(fields, FIELDS, ("hour", "day"), strict=False):
        step = re.fullmatch(r"\*/(\d+)", field)
        if step and int(step[1]) > high + 1:
            return Wrong(
                f"a step of {step[1]} is longer than the {name} counts, so it fires once each {round_}"
            )
    return None
