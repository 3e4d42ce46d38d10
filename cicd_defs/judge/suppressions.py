"""Comments by which people say that a finding is meant to be: `# cicd: ignore[rule] because …`.

Such a comment counts for its own line, or, alone on a line, for the next line that is none. It needs a reason.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cicd_defs.facts.source import Source

_COMMENT = re.compile(r"#\s*cicd:\s*ignore(?P<names>\[[^\]\n]*\])?(?P<reason>[^\n\r]*)", re.IGNORECASE)
_WORD = "cicd:"


@dataclass(frozen=True, slots=True)
class Suppression:
    """A comment: the line it counts for, the rules it names, and why. `problem` says what is wrong with it."""

    line: int
    start: int
    end: int
    rules: tuple[str, ...]
    reason: str
    problem: str = ""


def suppressions_in(source: Source, known: Callable[[str], bool]) -> tuple[Suppression, ...]:
    """All such comments of a file. A name that is not `known` is a problem."""
    if _WORD not in source.text.lower():
        return ()
    return tuple(_suppressions(source, known))


def _suppressions(source: Source, known: Callable[[str], bool]) -> Iterator[Suppression]:
    for found in _COMMENT.finditer(source.text):
        names = tuple(name.strip() for name in (found["names"] or "[]")[1:-1].split(",") if name.strip())
        reason = found["reason"].strip(" \t:-—")
        line = source.position(found.start()).line
        alone = not source.text[source.line_start(found.start()) : found.start()].strip()
        target = _next_line(source, line) if alone else line
        yield Suppression(target, found.start(), found.end(), names, reason, _problem(names, reason, known))


def _problem(names: tuple[str, ...], reason: str, known: Callable[[str], bool]) -> str:
    if not names:
        return "it names no rule: write `# cicd: ignore[rule] why`"
    unknown = [name for name in names if not known(name)]
    if unknown:
        return f"there is no rule `{unknown[0]}`: `cicd explain rules` lists them"
    return "" if reason else f"it gives no reason: write `# cicd: ignore[{names[0]}] why`"


def _next_line(source: Source, line: int) -> int:
    """The next line that is neither empty nor a comment."""
    for number in range(line + 1, len(source.starts) + 1):
        text = source.line_text(number).strip()
        if text and not text.startswith("#"):
            return number
    return line
