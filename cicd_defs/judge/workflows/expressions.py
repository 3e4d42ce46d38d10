"""GitHub's expressions: what they refer to, and whether they can be true where only some things are known.

Operators, functions, and how values of different kinds are compared:
https://docs.github.com/actions/reference/workflows-and-actions/expressions
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from cicd_defs.judge.workflows.grammar import Exactly, Node, Operation, Plain, Reference, Unreadable, read


@dataclass(frozen=True)
class Begins:
    """Text of which only the beginning is known."""

    prefix: str


@dataclass(frozen=True)
class Named:
    """Text that nobody knows, which differs from what every other name stands for."""

    name: str


@dataclass(frozen=True)
class Perhaps:
    """A value of which at most is known whether it counts as true."""

    truth: bool | None = None


Known = Exactly | Begins | Named | Perhaps
_UNKNOWN = Perhaps()


def references(text: str) -> frozenset[Reference]:
    """Every context that an expression speaks of, names in lower case.

    Of text that cannot be read each word counts, as the beginning of a context.
    """
    try:
        return frozenset(_references(read(text)))
    except Unreadable:
        return frozenset(
            Reference((word.lower(),), exact=False) for word in re.findall(r"[A-Za-z_][\w-]*", text)
        )


def functions(text: str) -> frozenset[str]:
    """The functions that an expression calls, in lower case; every word of text that cannot be read."""
    try:
        return frozenset(_functions(read(text)))
    except Unreadable:
        return frozenset(word.lower() for word in re.findall(r"[A-Za-z_]\w*", text))


def can_be_true(text: str, known: Mapping[str, Known]) -> bool:
    """Whether a condition can hold. `known` are contexts by their dotted names in lower case, `a.*` all that is in `a`.

    What cannot be decided counts as true, and so does text that cannot be read.
    """
    try:
        return truth(value_of(read(text), known)) is not False
    except Unreadable:
        return True


def is_always_true(text: str) -> bool:
    """Whether a value is true whatever the contexts are: `true`, `github.actor == 'x' || true`."""
    try:
        return truth(value_of(read(text), {})) is True
    except Unreadable:
        return False


def _references(node: Node) -> Iterator[Reference]:
    if isinstance(node, Reference):
        yield node
    elif isinstance(node, Operation):
        for part in node.of:
            yield from _references(part)


def _functions(node: Node) -> Iterator[str]:
    if isinstance(node, Operation):
        if node.name.isidentifier():
            yield node.name
        for part in node.of:
            yield from _functions(part)


def truth(value: Known) -> bool | None:
    """Whether a value counts as true; None where that is not known."""
    if isinstance(value, Exactly):
        return bool(value.value) and not (isinstance(value.value, float) and math.isnan(value.value))
    return value.truth if isinstance(value, Perhaps) else True


def value_of(node: Node, known: Mapping[str, Known]) -> Known:
    """What is known of an expression's value."""
    if isinstance(node, Exactly):
        return node
    if isinstance(node, Reference):
        return _known_of(node, known)
    if node.name in {"&&", "||"}:
        stops_at = node.name == "||"
        first = value_of(node.of[0], known)
        if truth(first) is stops_at:
            return first
        return _either(first, value_of(node.of[1], known), stops_at=stops_at)
    parts = [value_of(part, known) for part in node.of]
    decided = _decided(node.name, parts)
    return Perhaps() if decided is None else Exactly(decided)


def _known_of(reference: Reference, known: Mapping[str, Known]) -> Known:
    """What is known of a context, under its own name or as part of a whole: `inputs.*`."""
    if not reference.exact:
        return Perhaps()
    for name in _names_of(reference.path):
        if name in known:
            return known[name]
    return _UNKNOWN


@lru_cache(maxsize=4096)
def _names_of(path: tuple[str, ...]) -> tuple[str, ...]:
    """A context's own name, and those of the wholes that it is a part of, the nearest first."""
    wholes = (".".join((*path[:depth], "*")) for depth in range(len(path) - 1, 0, -1))
    return (".".join(path), *wholes)


def _either(first: Known, second: Known, *, stops_at: bool) -> Known:
    """`||` gives the first that counts as true, `&&` the first that does not, else the second."""
    if truth(first) is not None:
        return first if truth(first) is stops_at else second
    return Perhaps(stops_at) if truth(second) is stops_at else Perhaps()


def _decided(name: str, parts: list[Known]) -> bool | None:
    """What an operator or a function answers; None where that is not known."""
    if name == "always":
        return True
    if name == "!":
        held = truth(parts[0])
        return None if held is None else not held
    if name in {"==", "!="}:
        same = _same(parts[0], parts[1])
        return same if same is None or name == "==" else not same
    return _text_test(name, parts) if name in {"startswith", "contains", "endswith"} else None


def _same(left: Known, right: Known) -> bool | None:
    if isinstance(left, Exactly) and isinstance(right, Exactly):
        return _equal(left.value, right.value)
    if isinstance(left, Named) and isinstance(right, Named):
        return left == right
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Begins) and isinstance(other, Exactly | Begins) and _differ(one, other):
            return False
    return None


def _differ(one: Begins, other: Exactly | Begins) -> bool:
    """Whether a text that begins so cannot be the other: it is no text, or it begins in another way."""
    text = other.prefix if isinstance(other, Begins) else other.value
    if not isinstance(text, str):
        return math.isnan(_number(one.prefix))
    begun = text.lower().startswith(one.prefix.lower())
    return not begun and not (isinstance(other, Begins) and one.prefix.lower().startswith(text.lower()))


def _equal(left: Plain, right: Plain) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        return left.lower() == right.lower()
    if type(left) is type(right):
        return left == right
    return _number(left) == _number(right)


def _number(value: Plain) -> float:
    """What a value becomes where it is compared with one of another kind."""
    if not isinstance(value, str):
        return float(value or 0)
    try:
        return float(value.strip() or 0)
    except ValueError:
        return math.nan


def _text_test(name: str, parts: list[Known]) -> bool | None:
    if len(parts) != 2 or not isinstance(parts[1], Exactly) or not isinstance(parts[1].value, str):
        return None
    whole, sought = parts[0], parts[1].value.lower()
    if isinstance(whole, Begins) and name == "startswith":
        begun = whole.prefix.lower()
        return True if begun.startswith(sought) else None if sought.startswith(begun) else False
    if not isinstance(whole, Exactly) or not isinstance(whole.value, str):
        return None
    text = whole.value.lower()
    tests = {"startswith": text.startswith, "endswith": text.endswith, "contains": text.__contains__}
    return tests[name](sought)
