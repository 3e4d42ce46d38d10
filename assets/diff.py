"""What changes in a file, side by side, as text for the Dagster UI."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from itertools import zip_longest

import dagster as dg

from assets.preview import preview

CONTEXT, WIDTH = 3, 72
MOST_ROWS = 600

Row = tuple[str, str, str, str, str]


def side_by_side(before: str | None, after: str) -> dg.MetadataValue:
    """The changed lines of a file with three lines around them, in two columns; of a file that is new, all of it."""
    rows = [line for row in rows_of(before or "", after) for line in _lines(row)]
    if len(rows) > MOST_ROWS:
        rows[MOST_ROWS:] = [f"... {len(rows) - MOST_ROWS:,} more lines"]
    head = next(_lines(("", "in the repository", "", "", "as it is to be")))
    return preview("\n".join([head, *rows]) if rows else "nothing changes")


def _lines(row: Row) -> Iterator[str]:
    """A row as text: both sides beside each other, long lines on several."""
    left_line, left, sign, right_line, right = row
    halves = zip_longest(_cut(left), _cut(right), fillvalue="")
    for position, (one, other) in enumerate(halves):
        shown = ("", " ", "") if position else (left_line, sign or " ", right_line)
        yield f"{shown[0]:>4} {one:<{WIDTH}} {shown[1]} {shown[2]:>4} {other}".rstrip()


def _cut(text: str) -> list[str]:
    plain = text.expandtabs(4)
    return [plain[start : start + WIDTH] for start in range(0, len(plain), WIDTH)] or [""]


def rows_of(before: str, after: str) -> Iterator[Row]:
    """Each row: the line's number and text before, what happened to it (`+`, `-`, `~` or nothing), and after."""
    old, new = before.splitlines(), after.splitlines()
    groups = difflib.SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(CONTEXT)
    for number, group in enumerate(groups):
        if number:
            yield ("", "⋯", "", "", "⋯")
        for tag, left, left_end, right, right_end in group:
            yield from _rows(tag, old, new, range(left, left_end), range(right, right_end))


_SIGNS = {"equal": "", "replace": "~", "delete": "-", "insert": "+"}


def _rows(tag: str, old: list[str], new: list[str], left: range, right: range) -> Iterator[Row]:
    for at in range(max(len(left), len(right))):
        before = left[at] if at < len(left) else None
        after = right[at] if at < len(right) else None
        sign = _SIGNS[tag] if before is not None and after is not None else "-" if after is None else "+"
        yield (*_side(old, before), sign, *_side(new, after))


def _side(lines: list[str], at: int | None) -> tuple[str, str]:
    return ("", "") if at is None else (str(at + 1), lines[at])
