"""Text in Markdown that stays as it is, whatever it holds."""

import re
from collections.abc import Sequence


def code(text: str) -> str:
    """Text as code within a line: more backticks around it than it holds in a row."""
    inner = " ".join(text.split())
    ticks = _longer_than(inner, 1)
    pad = " " if inner.startswith("`") or inner.endswith("`") else ""
    return f"{ticks}{pad}{inner}{pad}{ticks}"


def fenced(text: str, language: str = "") -> str:
    """Lines of text as a block of code, between fences that none of them is."""
    fence = _longer_than(text, 3)
    return f"{fence}{language}\n{text}\n{fence}"


def table(*rows: Sequence[str]) -> str:
    """Rows as a table; the first one is its head. Columns are as wide as their widest cell, as prettier has it."""
    cells = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    widths = [max(3, *(len(row[at]) for row in cells)) for at in range(len(cells[0]))]
    rule = ["-" * width for width in widths]
    lines = [cells[0], rule, *cells[1:]]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        for line in lines
    )


def _longer_than(text: str, least: int) -> str:
    return "`" * max(least, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
