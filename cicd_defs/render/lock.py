"""The lock file: what was generated last, as digests, so that a hand edit and a bot's bump are seen for what they are.

`.github/cicd-defs.lock` is JSON. For each file it has one line for each element that has parts, and in it the parts in
their order: the digest of what was generated, the blank lines above where there are any, and the pins, which are left
out of the digest. It always tells of what was generated, never of what people made of it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cicd_defs.facts.written import LOCK_PATH
from cicd_defs.render.blocks import Block, digest, element, is_blank, lines_of, names_of, plain
from cicd_defs.render.blocks_pins import Pin, masked, pins_of

VERSION = 1
_NOTE = (
    "Written by cicd-defs: what it generated last, to tell edits by hand. Commit it, and leave it as it is."
)


class BrokenLock(ValueError):
    """The lock file cannot be used: where, what, and what to do next."""

    def __init__(self, path: str, problem: str, hint: str) -> None:
        super().__init__(f"{path}: {problem}. {hint}")


@dataclass(frozen=True)
class Locked:
    """One element as it was generated. `lead` counts the blank lines above it, or is a digest of the lines there."""

    digest: str
    lead: int | str = 0
    pins: tuple[Pin, ...] = ()
    children: Mapping[str, "Locked"] = field(default_factory=dict)


@dataclass(frozen=True)
class LockedFile:
    """One file as it was generated."""

    kind: str
    root: Locked


def locked(block: Block) -> Locked:
    """What the lock remembers of a block that was generated."""
    return Locked(
        digest=digest_of(block),
        lead=lead_of(block.lead, block.column),
        pins=pins_of(block.head),
        children={child.name or child.stem: locked(child) for child in block.children},
    )


def locked_file(kind: str, root: Block) -> LockedFile:
    """What the lock remembers of a file that was generated. What stands around its elements is not of ours."""
    return LockedFile(kind, Locked("", children=locked(root).children))


def digest_of(block: Block) -> str:
    """The digest of a block's own lines, pins left out."""
    return digest(masked(plain(block.head, block.column)))


def lead_of(text: str, column: int) -> int | str:
    """What stands above an element: how many blank lines, or a digest where there is more than that."""
    lines = lines_of(text)
    return len(lines) if all(map(is_blank, lines)) else digest(plain(text, column))


def write_lock(files: Mapping[str, LockedFile]) -> str:
    """The text of the lock file."""
    told = ",\n".join(f"    {_json(path)}: {_file(file)}" for path, file in files.items())
    return f'{{\n  "version": {VERSION},\n  "note": {_json(_NOTE)},\n  "files": {{\n{told}\n  }}\n}}\n'


def _file(file: LockedFile) -> str:
    rows = [
        f"        {_json(element(names))}: {_json({name: _entry(child) for name, child in node.children.items()})}"
        for names, node in _inner(file.root, ())
    ]
    parts = ",\n".join(rows)
    return f'{{\n      "kind": {_json(file.kind)},\n      "elements": {{\n{parts}\n      }}\n    }}'


def _inner(node: Locked, names: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Locked]]:
    """Every node with parts, in the order of the file."""
    if node.children or not names:
        yield names, node
    for name, child in node.children.items():
        yield from _inner(child, (*names, name))


def _entry(node: Locked) -> object:
    if not node.lead and not node.pins:
        return node.digest
    lead = {"lead": node.lead} if node.lead else {}
    pins = {"pins": [str(pin) for pin in node.pins]} if node.pins else {}
    return {"digest": node.digest, **lead, **pins}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def read_lock(text: str, path: str = LOCK_PATH) -> dict[str, LockedFile]:
    """What the lock file's text says. Raises `BrokenLock`."""
    data = _parsed(text, path)
    version = data.get("version")
    if isinstance(version, int) and version > VERSION:
        raise BrokenLock(
            path,
            f"it is of version {version}, and this cicd-defs reads up to {VERSION}",
            "Use the cicd-defs that wrote it, or a later one.",
        )
    try:
        if version != VERSION:
            raise ValueError(f"its version is {version!r}")
        # The lock does not tell of itself, whatever it says: it is written, and never compared.
        return {name: _read_file(file) for name, file in data["files"].items() if name != path}
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise _broken(path, f"it is not a lock of ours ({error})") from None


def _parsed(text: str, path: str) -> dict[str, Any]:
    if "\n<<<<<<< " in text or text.startswith("<<<<<<< "):
        raise _broken(path, "git left a merge conflict in it")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _broken(path, f"it is not JSON ({error})") from None
    if not isinstance(data, dict):
        raise _broken(path, "it is not a lock of ours")
    try:
        _json(data).encode()
    except (UnicodeEncodeError, RecursionError):
        raise _broken(path, "it is nested deep, or has halves of characters in it") from None
    return data


def _broken(path: str, problem: str) -> BrokenLock:
    return BrokenLock(
        path,
        problem,
        "Take the version of the last commit (of either branch, in a merge) and generate again; without any lock, "
        "what differs from what is generated is asked about once.",
    )


def _read_file(data: Any) -> LockedFile:
    rows = {names_of(told): parts for told, parts in data["elements"].items()}
    return LockedFile(kind=str(data["kind"]), root=Locked("", children=_read_parts(rows, ())))


def _read_parts(
    rows: Mapping[tuple[str, ...], Mapping[str, Any]], names: tuple[str, ...]
) -> dict[str, Locked]:
    return {
        name: _read_entry(told, _read_parts(rows, (*names, name)))
        for name, told in rows.get(names, {}).items()
    }


def _read_entry(told: Any, children: Mapping[str, Locked]) -> Locked:
    if isinstance(told, str):
        return Locked(told, children=children)
    return Locked(told["digest"], told.get("lead", 0), _read_pins(told.get("pins", [])), children)


def _read_pins(told: Sequence[str]) -> tuple[Pin, ...]:
    return tuple(Pin(*words.split(" ", 1)) for words in told)
