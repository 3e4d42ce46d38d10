"""From the characters of a YAML text to where each of them stands in the file, whatever way it is written.

A script in a block, folded or quoted text is read without its indentation, folds and escapes; what is found in it has
to be pointed at, and changed, in the file.
"""

from cicd_defs.facts.source import Source
from cicd_defs.facts.yaml_nodes import Scalar

_BREAKS = "\r\n"
_BLANKS = " \t\r\n"
_ESCAPES = {"x": 4, "u": 6, "U": 10}


def places_in(source: Source, scalar: Scalar) -> list[int] | None:
    """The offset in the file of each character of a scalar's text, and of its end; None where they cannot be told."""
    text = source.text
    if scalar.style in {"|", ">"}:
        begin = source.next_line(scalar.start)
        by_line = _line_by_line(text, begin, scalar.end, scalar.text) if scalar.style == "|" else None
        return by_line or _aligned(text, begin, scalar.end, scalar.text)
    if not scalar.style:
        if text[scalar.start : scalar.end] == scalar.text:
            return list(range(scalar.start, scalar.end + 1))
        return _aligned(text, scalar.start, scalar.end, scalar.text)
    quote = scalar.style
    return _aligned(text, scalar.start + 1, scalar.end - 1, scalar.text, quote)


def _line_by_line(text: str, at: int, end: int, value: str) -> list[int] | None:
    """The same as `_aligned` for a block that keeps its lines, in big steps; None where a line is out of the ordinary.

    Blanks that a line begins with stand for the first ones of its indentation.
    """
    places: list[int] = []
    for line in value.split("\n"):
        body = line.lstrip(" ")
        stop = text.find("\n", at, end) if at < end else end
        stop = stop if stop >= 0 else end
        blanks, begin = len(line) - len(body), stop - len(body)
        indent = text[at:begin] if begin >= at else "-"
        if not text.startswith(body, begin) or indent.strip(" ") or len(indent) < blanks:
            return None
        if body[:1] in _BLANKS and (line or indent):
            return None
        places.extend(range(at, at + blanks))
        places.extend(range(begin, stop + 1))
        at = min(stop + 1, end)
    return places


def _aligned(text: str, at: int, end: int, value: str, quote: str = "") -> list[int] | None:
    """Walk along both texts. Where they part, one has blanks that the other folded or left out."""
    places: list[int] = []
    at = _past_blanks(text, at, end) if value and value[0] not in _BLANKS else at
    for mark in value:
        here = text[at : at + 1] if at < end else ""
        if quote == '"' and here == "\\":
            while text[at + 1 : at + 2] in ("\n", "\r") and at < end:  # a line that goes on
                at = _past_blanks(text, at + 1, end)
                here = text[at : at + 1]
            if here == "\\":
                places.append(at)
                at += _ESCAPES.get(text[at + 1 : at + 2], 2)
                continue
        if mark == here or (mark == "\n" and here == "\r"):
            places.append(at)
            at = _after(text, at, mark, quote)
            continue
        if mark in _BLANKS:
            places.append(min(at, end))
            continue
        at = _past_blanks(text, at, end)
        if text[at : at + 1] != mark or at >= end:
            return None
        places.append(at)
        at = _after(text, at, mark, quote)
    return [*places, min(at, end)]


def _after(text: str, at: int, mark: str, quote: str) -> int:
    """Behind one character: `''` is one, and so is the end of a line with the indentation of the next."""
    if quote == "'" and mark == "'":
        return at + 2
    if text[at : at + 2] == "\r\n":
        return at + 2
    return at + 1


def _past_blanks(text: str, at: int, end: int) -> int:
    while at < end and text[at] in _BLANKS:
        at += 1
    return at
