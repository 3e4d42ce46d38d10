"""Variables in a shell script as a person would quote them: the whole word, and no quotes beside quotes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cicd_defs.facts.patterns import regex
from cicd_defs.judge.adopted.variables import EXPRESSION

_PLAIN = regex(r"[\w./@:+,%=-]*", re.ASCII)
_ENDS = frozenset(" \t\n;|&)<>")
_SPECIAL = regex(r"[\"$`\\!\n]")


@dataclass(frozen=True)
class Put:
    """What comes in the place of a part of a script. `variable` is the bare `${NAME}` in it.

    `same`: it surely comes to the same.
    """

    start: int
    end: int
    text: str
    variable: str
    same: bool


def in_whole_words(text: str, puts: Sequence[Put]) -> list[Put]:
    """The same with wider places where that reads better: `"a-${B}"` for `a-"${B}"`, `"${A}"` for `''"${A}"''`."""
    found: list[Put] = []
    for one in puts:
        if found and one.start < found[-1].end:
            continue  # it was taken along by the one before it
        found.append(_as_string(text, one, puts) or _as_word(text, one, puts) or one)
    return found


def _as_string(text: str, put: Put, puts: Sequence[Put]) -> Put | None:
    """All of a string in single quotes, in double ones."""
    if not put.text.startswith("'"):
        return None
    begin, end = text.rfind("'", 0, put.start), text.find("'", put.end)
    if begin < 0 or end < 0 or text[begin - 1 : begin] == "$":
        return None
    return _rewritten(text, (begin, end + 1), (begin + 1, end), puts)


def _as_word(text: str, put: Put, puts: Sequence[Put]) -> Put | None:
    """All of a word, or what stands behind its `=`."""
    if not put.text.startswith('"'):
        return None
    spans = {(one.start, one.end) for one in puts}
    begin = put.start
    while begin and text[begin - 1] not in _ENDS and _PLAIN.fullmatch(text[begin - 1]):
        begin -= 1
    end = put.end
    while end < len(text) and text[end] not in _ENDS:
        following = next((stop for start, stop in spans if start == end), None)
        if following is None and not _PLAIN.fullmatch(text[end]):
            return None
        end = following or end + 1
    if begin and text[begin - 1] not in _ENDS | {"("}:
        return None
    begin += text[begin : put.start].rfind("=") + 1
    if (begin, end) == (put.start, put.end):
        return None
    if any(begin <= one.start < end and not one.text.startswith('"') for one in puts):
        return None  # the shell is meant to cut that one
    return _rewritten(text, (begin, end), (begin, end), puts)


def _rewritten(
    text: str, around: tuple[int, int], within: tuple[int, int], puts: Sequence[Put]
) -> Put | None:
    """What stands within two places, in double quotes, for what stands around it.

    None where some of it would mean something else there.
    """
    first, last = within
    inside = [one for one in puts if first <= one.start and one.end <= last]
    known = {(one.start, one.end) for one in inside}
    if any((one.start(), one.end()) not in known for one in EXPRESSION.finditer(text, first, last)):
        return None
    parts: list[str] = []
    at = first
    for one in inside:
        parts += (text[at : one.start], one.variable)
        at = one.end
    parts.append(text[at:last])
    plain = "".join(parts[::2])
    if _SPECIAL.search(plain) or "'" in plain:
        return None
    quoted = '"' + "".join(parts) + '"'
    return Put(*around, quoted, quoted, all(one.same for one in inside))
