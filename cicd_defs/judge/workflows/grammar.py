"""How GitHub's expressions are written: from text to a tree.

https://docs.github.com/actions/reference/workflows-and-actions/expressions
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from cicd_defs.facts.patterns import regex

Plain = str | float | bool | None


@dataclass(frozen=True)
class Exactly:
    """A value that is known. Text is compared without regard to case, as GitHub does."""

    value: Plain


@dataclass(frozen=True)
class Reference:
    """A context: `github.ref` is `("github", "ref")`. Not `exact` where an index is worked out, or is `*`."""

    path: tuple[str, ...]
    exact: bool = True


@dataclass(frozen=True)
class Operation:
    """A function or an operator, by name, and what it is applied to. An index that is worked out is `[]`."""

    name: str
    of: "tuple[Node, ...]"


Node = Exactly | Reference | Operation


class Unreadable(ValueError):
    """Text that is no expression."""


def insides(text: str) -> Iterator[str]:
    """The insides of each `${{ … }}` in a text. A `}}` within quotes is text; what is not closed goes on to the end."""
    for found in _EXPRESSION.finditer(text):
        yield found[2] if found[1] is None else found[1]


_EXPRESSION = regex(r"\$\{\{(?:((?:[^'}]|'[^']*'|}(?!}))*)}}|(.*))", re.DOTALL)


def read(text: str) -> Node:
    """The tree of an expression without its `${{ }}`. Raises `Unreadable` where it is none."""
    if sum(map(text.count, "([!")) > MOST_NESTED or sum(map(text.count, _CHAINS)) > MOST_CHAINED:
        raise Unreadable("it is longer, or nested more deeply, than anybody writes")
    reader = _Reader(text)
    node = reader.either(0)
    if reader.ahead is not None:
        raise Unreadable(f"{reader.ahead!r} is too much in {text!r}")
    return node


MOST_NESTED, MOST_CHAINED = 100, 200
"""Brackets and signs of an expression up to which it is read; GitHub itself refuses more than 50 levels."""

_CHAINS = ("&&", "||", "==", "!=", "<", ">")
_TOKEN = regex(
    r"\s*(?:('(?:[^']|'')*')|([-+]?(?:0x[0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?))"
    r"|([A-Za-z_][\w-]*)|(&&|\|\||[=!<>]=|[<>!()\[\],.*]))"
)
_LEVELS = (("||",), ("&&",), ("==", "!="), ("<", "<=", ">", ">="))
_WORDS: dict[str, Plain] = {"true": True, "false": False, "null": None, "nan": math.nan, "infinity": math.inf}


class _Reader:
    """Reads tokens one by one. `ahead` is the next one: its kind, and its text; None at the end."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text.rstrip(), 0
        self.ahead: tuple[str, str] | None = None
        self._next()

    def _next(self) -> None:
        if self._at >= len(self._text):
            self.ahead = None
            return
        found = _TOKEN.match(self._text, self._at)
        if found is None or found.lastindex is None:
            raise Unreadable(f"{self._text[self._at :]!r} cannot be read")
        self._at = found.end()
        self.ahead = (("text", "number", "name", "mark")[found.lastindex - 1], found[found.lastindex])

    def _took(self, *marks: str) -> str | None:
        if self.ahead is None or self.ahead[0] != "mark" or self.ahead[1] not in marks:
            return None
        mark = self.ahead[1]
        self._next()
        return mark

    def _expect(self, mark: str) -> None:
        if not self._took(mark):
            raise Unreadable(f"`{mark}` is missing in {self._text!r}")

    def either(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._one()
        node = self.either(level + 1)
        while mark := self._took(*_LEVELS[level]):
            node = Operation(mark, (node, self.either(level + 1)))
        return node

    def _one(self) -> Node:
        if self._took("!"):
            return Operation("!", (self._one(),))
        if self._took("("):
            node = self.either(0)
            self._expect(")")
            return self._indexed(node)
        if self.ahead is None or self.ahead[0] == "mark":
            raise Unreadable(f"a value is missing in {self._text!r}")
        kind, word = self.ahead
        self._next()
        if kind == "name" and word.lower() not in _WORDS:
            return self._indexed(self._named(word.lower()))
        return Exactly(_plain(kind, word))

    def _named(self, word: str) -> Node:
        if not self._took("("):
            return Reference((word,))
        arguments: list[Node] = []
        while not self._took(")"):
            if arguments:
                self._expect(",")
            arguments.append(self.either(0))
        return Operation(word, tuple(arguments))

    def _indexed(self, node: Node) -> Node:
        while mark := self._took(".", "["):
            node = self._member(node) if mark == "." else self._index(node)
        return node

    def _member(self, node: Node) -> Node:
        if self._took("*"):
            return _below(node, None)
        if self.ahead is None or self.ahead[0] != "name":
            raise Unreadable(f"a name is missing in {self._text!r}")
        name = self.ahead[1].lower()
        self._next()
        return _below(node, name)

    def _index(self, node: Node) -> Node:
        index = None if self._took("*") else self.either(0)
        self._expect("]")
        if isinstance(index, Exactly) and isinstance(index.value, str):
            return _below(node, index.value.lower())
        return Operation("[]", (_below(node, None), *([index] if index else [])))


def _below(node: Node, name: str | None) -> Node:
    """What stands in a context under a name; under some name where it is None."""
    if not isinstance(node, Reference):
        return Operation("[]", (node,))
    if name is None or not node.exact:
        return Reference(node.path, exact=False)
    return Reference((*node.path, name))


def _plain(kind: str, word: str) -> Plain:
    if kind == "text":
        return word[1:-1].replace("''", "'")
    if kind == "number":
        return float(int(word, 16)) if "x" in word.lower() else float(word)
    return _WORDS[word.lower()]
