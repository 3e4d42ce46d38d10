"""What a text begins with that fits a regular expression, told without compiling it.

Of hundreds of patterns few may fit a given text; to compile these alone is what makes the audit of one file quick.
"""

import re
from typing import NamedTuple

_LETTERS = re.compile(r"(?:[\w /:,@'=-]|\\[^\w])*")
"""What stands for itself."""

_ESCAPED = re.compile(r"\\(.)")
_PASSED = re.compile(r"(?:[^\\()|\[]|\\.|\[\^?\]?(?:[^\]\\]|\\.)*\])+", re.DOTALL)
"""Neither a group nor the end of an alternative."""

_OPENS = re.compile(r"\((?:\?(?:(<?[=!])|[:>]|P<\w+>))?(?!\?)")
_TIMES = re.compile(r"(\?|\*|\+|\{\d*,?\d*\})[?+]?")


class _Group(NamedTuple):
    """What a group begins with, and where it ends. A look ahead or behind stands for no text of its own."""

    texts: list[str]
    end: int
    optional: bool
    looks: bool


def beginnings(pattern: str) -> tuple[str, ...]:
    """Texts, with one of which every text begins that fits; `""` is among them where that cannot be told.

    The pattern must be one that `re` compiles, without flags and conditions: `(?i)`, `(?(1)a|b)`. Raises `ValueError`
    for those that it cannot follow.
    """
    if "|" not in pattern:
        text, end, whole = _literal(pattern, 0)
        if not whole:  # nothing that follows says more
            return (text,)
    found, end = _alternatives(pattern, 0)
    if end != len(pattern):
        raise ValueError(f"{pattern!r} cannot be read at {end}")
    return tuple(dict.fromkeys(found))


def _alternatives(pattern: str, at: int) -> tuple[list[str], int]:
    """What the alternatives from a place to the end of their group begin with, and where that is."""
    found, at = _alternative(pattern, at)
    while pattern[at : at + 1] == "|":
        more, at = _alternative(pattern, at + 1)
        found += more
    return found, at


def _alternative(pattern: str, at: int) -> tuple[list[str], int]:
    """The same of one alternative. It is followed for as long as it stands for a single text."""
    found: list[str] = []
    known: str | None = ""
    while at < len(pattern) and pattern[at] not in "|)":
        if pattern[at] == "(":
            group = _group(pattern, at)
            at = group.end
            if known is not None and not group.looks:
                found += [known + text for text in group.texts]
                known = known if group.optional else None
        elif known is not None:
            more, at, whole = _literal(pattern, at)
            known += more
            if not whole:
                found.append(known)
                known = None
        else:
            passed = _PASSED.match(pattern, at)
            if passed is None:
                raise ValueError(f"{pattern!r} cannot be read at {at}")
            at = passed.end()
    return found if known is None else [*found, known], at


def _literal(pattern: str, at: int) -> tuple[str, int, bool]:
    """The text that stands at a place, where it ends, and whether what follows it is known, too."""
    letters = _LETTERS.match(pattern, at)
    assert letters is not None
    text, end = _ESCAPED.sub(r"\1", letters[0]) if "\\" in letters[0] else letters[0], letters.end()
    times = _TIMES.match(pattern, end)
    if times is None:
        return text, end, pattern[end : end + 1] in {"", "(", "|", ")"}
    return text if times[1] == "+" else text[:-1], times.end(), False


def _group(pattern: str, at: int) -> _Group:
    opened = _OPENS.match(pattern, at)
    if opened is None:
        raise ValueError(f"{pattern!r} cannot be read at {at}")
    texts, end = _alternatives(pattern, opened.end())
    if pattern[end : end + 1] != ")":
        raise ValueError(f"{pattern!r} has an open bracket at {at}")
    times = _TIMES.match(pattern, end + 1)
    optional = times is not None and times[1] != "+"
    return _Group(texts, times.end() if times else end + 1, optional, opened[1] is not None)
