"""Write YAML so that it reads back as what was meant, under YAML 1.1 and 1.2 alike.

Not a general serialiser: maps with string keys, lists, strings, booleans and whole numbers, with comments. A string is
written plain only where no reader can take it for anything else; every other string is quoted.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

Scalar = str | bool | int
Node = "Scalar | Commented | Above | Flow | Mapping[str, Node] | Sequence[Node]"

_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "none"})
_PLAIN = re.compile(r"(?:[A-Za-z_]|\./|/|\$)[ -~]*")
_BREAKS_PLAIN = re.compile(r":(?: |$)| #| $")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


@dataclass(frozen=True)
class Commented:
    """A scalar with a comment behind it on the same line."""

    value: Scalar
    comment: str


@dataclass(frozen=True)
class Above:
    """A value with a blank line before its key: what sets the parts of a long file apart."""

    value: object


@dataclass(frozen=True)
class Flow:
    """A short list on one line."""

    items: tuple[str, ...]


def scalar(value: Scalar) -> str:
    """One scalar on one line, plain where that is safe."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return value if is_plain(value) else quoted(value)


def is_plain(text: str) -> bool:
    """Whether the text can stand without quotes and be read as that very string."""
    return bool(_PLAIN.fullmatch(text)) and text.lower() not in _WORDS and not _BREAKS_PLAIN.search(text)


def quoted(text: str) -> str:
    """The text in double quotes; in single ones where it holds double ones, as prettier has it."""
    if '"' in text and "\n" not in text and "\t" not in text and not _UNPRINTABLE.search(text):
        return "'" + text.replace("'", "''") + "'"
    escaped = json.dumps(text, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", escaped)


def document(node: Mapping[str, object], header: Sequence[str] = ()) -> str:
    """A whole file: comment lines, then the map."""
    return "\n".join([*(f"# {line}".rstrip() for line in header), *_map(node, "")]) + "\n"


def _map(node: Mapping[str, object], indent: str) -> Iterator[str]:
    for key, value in node.items():
        if isinstance(value, Above):
            yield ""
            value = value.value  # noqa: PLW2901
        yield from _entry(f"{indent}{_key(key)}:", value, indent)


def _key(key: str) -> str:
    """A key. GitHub's `on` stands plain, as everybody writes it, though YAML 1.1 has a boolean of that name."""
    return key if key == "on" else scalar(key)


def _entry(head: str, value: object, indent: str) -> Iterator[str]:
    """A value behind `key:` or `-`, on the same line where it fits there."""
    match value:
        case Commented(inner, comment):
            yield f"{head} {scalar(inner)} # {comment}"
        case Flow(items):
            yield f"{head} [{', '.join(scalar(item) for item in items)}]"
        case str() if _is_block(value):
            yield from _block(head, value, indent)
        case str() | bool() | int():
            yield f"{head} {scalar(value)}"
        case Mapping() if not value:
            yield f"{head} {{}}"
        case Mapping():
            yield head
            yield from _map(value, indent + "  ")
        case Sequence():
            yield head
            yield from _list(value, indent + "  ")
        case _:
            raise TypeError(f"YAML has no form for {type(value).__name__}")


def _list(items: Sequence[object], indent: str) -> Iterator[str]:
    for position, item in enumerate(items):
        spaced = isinstance(item, Above)
        value = item.value if isinstance(item, Above) else item
        if spaced and position:
            yield ""
        if isinstance(value, Mapping):
            lines = list(_map(value, indent + "  "))
            yield f"{indent}- {lines[0].lstrip()}"
            yield from lines[1:]
        else:
            yield from _entry(f"{indent}-", value, indent)


def _is_block(text: str) -> bool:
    """Whether the text can be written as a literal block and come back unchanged."""
    if "\n" not in text or _UNPRINTABLE.search(text) or text.startswith((" ", "\n", "\t")):
        return False
    return not text.endswith("\n\n") and bool(text.strip())


def _block(head: str, text: str, indent: str) -> Iterator[str]:
    yield f"{head} |" if text.endswith("\n") else f"{head} |-"
    for line in text.removesuffix("\n").split("\n"):
        yield f"{indent}  {line}" if line else ""
