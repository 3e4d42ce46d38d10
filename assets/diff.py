"""What changes in a file, side by side, as a table for the Dagster UI."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

import dagster as dg

CONTEXT = 3
MOST_ROWS = 400
COLUMNS = ("line", "in the repository", " ", "new line", "as generated")

Row = tuple[str, str, str, str, str]


def side_by_side(before: str | None, after: str) -> dg.MetadataValue:
    """The changed lines of a file with three lines around them; of a file that is new, all of it."""
    rows = list(rows_of(before or "", after))
    if len(rows) > MOST_ROWS:
        rows[MOST_ROWS:] = [("", f"... {len(rows) - MOST_ROWS:,} more rows", "", "", "")]
    schema = dg.TableSchema(columns=[dg.TableColumn(name) for name in COLUMNS])
    return dg.MetadataValue.table(records=[_record(row) for row in rows], schema=schema)


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


def _record(row: Row) -> dg.TableRecord:
    return dg.TableRecord(dict(zip(COLUMNS, row, strict=True)))
