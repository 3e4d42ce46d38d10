"""Cron as GitHub and Dagster both read it: five fields, UTC."""

from pydantic_core import PydanticCustomError

from cicd_defs.spec.problem import shown

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 6, _DAYS),
)
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def check_cron(text: str) -> None:
    """Accept five fields of numbers, names, lists, ranges and steps that come true some day."""
    fields = text.split(" ")
    if len(fields) != len(_FIELDS):
        raise _refused(f"has {len(fields)} fields; a cron line has five, with one space between them")
    minutes, hours, days, months, weekdays = (_values(field, i) for i, field in enumerate(fields))
    del minutes, hours
    if fields[4] == "*" and weekdays and min(days) > max(_LONGEST[month - 1] for month in months):
        raise _refused("names a day that none of its months has")


def _values(field: str, index: int) -> set[int]:
    """Every value that one field stands for."""
    return set().union(*(_part(part, index) for part in field.split(",")))


def _part(part: str, index: int) -> set[int]:
    name, low, high, _ = _FIELDS[index]
    span, slash, step = part.partition("/")
    first, dash, last = span.partition("-")
    start, end = (
        (low, high) if span == "*" else (_number(first, index), _number(last if dash else first, index))
    )
    if slash and span != "*" and not dash:
        raise _refused(f"has a step in its {name} ({shown(part)}) without a range or `*` before it")
    stride = _digits(step) if slash else 1
    if start > end or not stride or stride > high:
        raise _refused(f"has {shown(part)} as its {name}, a range or step that does not exist")
    return set(range(start, end + 1, stride))


def _number(text: str, index: int) -> int:
    name, low, high, names = _FIELDS[index]
    number = low + names.index(text.upper()) if text.upper() in names else _digits(text)
    if number is None or not low <= number <= high:
        raise _refused(f"has {shown(text)} as its {name}; it goes from {low} to {high}")
    return number


def _digits(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 2 else None


def _refused(message: str) -> PydanticCustomError:
    hint = 'Write minute, hour, day, month, weekday, such as "0 2 * * *" for 02:00 UTC each night.'
    return PydanticCustomError("spec", "{message}", {"message": message, "hint": hint})
