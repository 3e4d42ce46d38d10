"""When a cron line comes true. Five fields in UTC, as GitHub and Dagster read them; `spec` has checked the line."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_LIMITS = ((0, 59, ()), (0, 23, ()), (1, 31, ()), (1, 12, _MONTHS), (0, 6, _DAYS))


def comes_true(cron: str, moment: datetime) -> bool:
    """Whether a cron line names this minute. `moment` is in UTC."""
    minutes, hours, days, months, weekdays = _fields(cron)
    if moment.minute not in minutes or moment.hour not in hours or moment.month not in months:
        return False
    by_day, by_weekday = moment.day in days, moment.isoweekday() % 7 in weekdays
    # Where both are restricted, one of them is enough: https://man7.org/linux/man-pages/man5/crontab.5.html
    _, _, day, _, weekday = cron.split()
    either = not day.startswith("*") and not weekday.startswith("*")
    return (by_day or by_weekday) if either else (by_day and by_weekday)


@lru_cache(maxsize=4096)
def _fields(cron: str) -> tuple[frozenset[int], ...]:
    return tuple(frozenset(_values(field, at)) for at, field in enumerate(cron.split()))


def _values(field: str, at: int) -> set[int]:
    return {value for part in field.split(",") for value in _range(part, at)}


def _range(part: str, at: int) -> range:
    low, high, names = _LIMITS[at]
    span, _, step = part.partition("/")
    if span == "*":
        return range(low, high + 1, int(step or 1))
    first, _, last = span.partition("-")
    return range(_number(first, low, names), _number(last or first, low, names) + 1, int(step or 1))


def _number(text: str, low: int, names: tuple[str, ...]) -> int:
    return low + names.index(text.upper()) if text.upper() in names else int(text)
