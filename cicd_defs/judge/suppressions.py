"""Comments by which people say that a finding is meant to be: `# cicd: ignore[rule, rule] because …`.

Such a comment counts for its own line, or, alone on a line, for the next line that is no comment. It needs a reason.
In a block of shell within YAML, `#` is the shell's comment, and is read as one. What stands in quotes is no comment.
"""

import io
import re
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby

from cicd_defs.facts.patterns import regex
from cicd_defs.facts.source import Source

_BEGIN = regex(r"#[ \t]*cicd:[ \t]*ignore\b", re.IGNORECASE)
_REST = regex(r"(?P<names>\[[^\]\n\r]*\])?(?P<reason>[^\n\r]*)")
_QUOTE_OPENS_BEHIND = frozenset(" \t\n\r=([{,:;&|!>$")
_WORD = "cicd:"


@dataclass(frozen=True, slots=True)
class Suppression:
    """A comment: the line it counts for, the rules it names, and why. `problem` says what is wrong with it.

    `start` and `end` are where it stands; `alone` says that nothing else is on its line.
    """

    line: int
    start: int
    end: int
    rules: tuple[str, ...]
    reason: str
    problem: str = ""
    alone: bool = False


def suppressions_in(source: Source, known: Callable[[str], bool]) -> tuple[Suppression, ...]:
    """All such comments of a file. A name that is not `known` is a problem."""
    if _WORD not in source.text.lower():
        return ()
    places = _in_python(source) if source.path.endswith(".py") else _in_text(source)
    found = [_suppression(source, place, known) for place in places]
    return tuple(_aimed(source, found))


def _suppression(source: Source, start: int, known: Callable[[str], bool]) -> Suppression:
    begun = _BEGIN.match(source.text, start)
    rest = _REST.match(source.text, begun.end() if begun else start)
    assert rest is not None  # it matches the empty text, too
    names = tuple(
        dict.fromkeys(name.strip() for name in (rest["names"] or "[]")[1:-1].split(",") if name.strip())
    )
    reason = rest["reason"].strip(" \t:-—")
    line = source.position(start).line
    alone = not source.text[source.line_start(start) : start].strip("\ufeff \t")
    return Suppression(line, start, rest.end(), names, reason, _problem(names, reason, known), alone)


def _problem(names: tuple[str, ...], reason: str, known: Callable[[str], bool]) -> str:
    if not names:
        return "it names no rule: write `# cicd: ignore[rule] why`"
    unknown = [name for name in names if not known(name)]
    if unknown:
        return f"there is no rule `{unknown[0]}`: `cicd explain rules` lists them"
    if any(char.isalnum() for char in reason):
        return ""
    return f"it gives no reason: write `# cicd: ignore[{names[0]}] why`"


def _in_python(source: Source) -> Iterator[int]:
    """Where such comments begin, as Python itself finds comments; none behind a place where it is no Python."""
    lines = io.StringIO(source.text.removeprefix("\ufeff"), newline="").readline
    shift = int(source.text.startswith("\ufeff"))
    try:
        for token in tokenize.generate_tokens(lines):
            if token.type == tokenize.COMMENT and _BEGIN.match(token.string):
                row, column = token.start
                yield source.offset(row) + column + (shift if row == 1 else 0)
    except (tokenize.TokenError, SyntaxError, ValueError):
        return


def _in_text(source: Source) -> Iterator[int]:
    """Where such comments begin in YAML, a Dockerfile, a Makefile or shell: behind a blank, and not in quotes."""
    places = (found.start() for found in _BEGIN.finditer(source.text))
    for begin, held in groupby(places, source.line_start):
        at, quote = begin, ""
        for place in held:
            quote = _quote_at(source.text, at, place, quote)
            at = place
            if not quote and (place == begin or source.text[place - 1] in " \t\ufeff"):
                yield place
                break  # the rest of the line is this comment


def _quote_at(text: str, begin: int, end: int, quote: str) -> str:
    """The quotes that are open at the end of a part of a line. One within a word, as in `don't`, opens none."""
    at = begin
    while at < end:
        char = text[at]
        if quote:
            if char == "\\" and quote == '"':
                at += 1
            elif char == quote:
                quote = ""
        elif char == "\\":
            at += 1
        elif char in "'\"" and (at == 0 or text[at - 1] in _QUOTE_OPENS_BEHIND):
            quote = char
        at += 1
    return quote


def _aimed(source: Source, found: list[Suppression]) -> Iterator[Suppression]:
    """The same, those that are alone on their line with the next line that is neither empty nor a comment."""
    last, targets = len(source.starts), dict[int, int]()
    for one in reversed(found):
        if one.alone:
            targets[one.line] = _next_line(source, one.line, last, targets)
    for one in found:
        line = targets[one.line] if one.alone else one.line
        yield Suppression(line, one.start, one.end, one.rules, one.reason, one.problem, one.alone)


def _next_line(source: Source, line: int, last: int, targets: dict[int, int]) -> int:
    """The line that a comment counts for. Later comments' are known, so that each line is looked at once."""
    for number in range(line + 1, last + 1):
        if number in targets:
            return targets[number]
        text = source.line_text(number).strip()
        if text and not text.startswith("#"):
            return number
    return line
