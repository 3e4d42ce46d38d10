"""Read a change as git writes it: `git diff --raw --numstat --patch -z --unified=0`.

Paths are taken from the raw list, where git writes them byte for byte. The patch, whose sections follow in the same
order, gives the lines only: nothing in it can name another file.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from cicd_defs.facts.changes.diff import ChangedFile, Diff, Line

MOST_FILES = 3_000
MOST_LINES = 20_000
MOST_TEXT = 4 * 1024 * 1024
"""Characters of all lines that are held together."""

Status = Literal["added", "deleted", "modified", "renamed", "type_changed"]

_STATUSES: dict[str, Status] = {
    "A": "added",
    "D": "deleted",
    "M": "modified",
    "R": "renamed",
    "T": "type_changed",
}
_NO_MODE = "000000"
_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_BINARY = (b"Binary files ", b"GIT binary patch")


@dataclass
class _Entry:
    """One file of the raw list, with what the patch says of it. `held`: its lines are wanted."""

    status: Status
    mode: str
    old_path: str
    path: str
    counts: tuple[int, int] = (0, 0)
    binary: bool = False
    held: bool = False
    seen: bool = False
    added: list[tuple[int, bytes]] = field(default_factory=list)
    removed: list[tuple[int, bytes]] = field(default_factory=list)


def read_diff(data: bytes) -> Diff:
    """Read the bytes of `git diff --raw --numstat --patch -z --unified=0`; the patch may be missing.

    At most `MOST_FILES` files are returned, and `MOST_LINES` lines are held, those of small changes first. Raises
    `ValueError` for anything else.
    """
    fields, patch = _split(data)
    entries = _entries(fields)
    held = entries[:MOST_FILES]
    _choose(held)
    _read_patch(patch, entries)
    _drop_long_texts(held)
    files = sorted(map(_file, held), key=lambda file: file.path)
    return Diff(files=tuple(files), cut=len(entries) > MOST_FILES)


def _choose(entries: list[_Entry]) -> None:
    """Choose whose lines are held. A large change takes nothing from small ones beside it."""
    left = MOST_LINES
    for entry in sorted(entries, key=lambda entry: sum(entry.counts)):
        left -= sum(entry.counts)
        entry.held = left >= 0 and not entry.binary


def _drop_long_texts(entries: list[_Entry]) -> None:
    """Take back the lines that are too long together: a line can have any length."""
    sizes = {id(entry): sum(len(text) for _, text in entry.added + entry.removed) for entry in entries}
    left = MOST_TEXT
    for entry in sorted(entries, key=lambda entry: sizes[id(entry)]):
        left -= sizes[id(entry)]
        entry.held = entry.held and entry.seen and left >= 0


def _split(data: bytes) -> tuple[list[bytes], bytes]:
    """The NUL-separated lists before the patch, and the patch. An empty field separates them."""
    fields: list[bytes] = []
    place = 0
    while place < len(data):
        end = data.find(b"\0", place)
        if end < 0:
            raise ValueError("the list of files does not end")
        if end == place:
            return fields, data[end + 1 :]
        fields.append(data[place:end])
        place = end + 1
    return fields, b""


def _entries(fields: list[bytes]) -> list[_Entry]:
    """The files of the raw list, with the counted lines of the list after it."""
    entries, place = [], 0
    while place < len(fields) and fields[place].startswith(b":"):
        entry, place = _entry(fields, place)
        entries.append(entry)
    for entry in entries:
        place = _count(entry, fields, place)
    if place != len(fields):
        raise ValueError("the list of counted lines has more files than the list of files")
    return entries


def _entry(fields: list[bytes], place: int) -> tuple[_Entry, int]:
    words = fields[place].decode("ascii", "replace").split()
    status = _STATUSES.get(words[-1][:1]) if len(words) == 5 else None
    moved = 1 if status == "renamed" else 0
    if status is None or place + 1 + moved >= len(fields):
        raise ValueError(f"{fields[place][:80]!r} is no entry of a list of files")
    old_path, path = _text(fields[place + 1]), _text(fields[place + 1 + moved])
    mode = words[1] if words[1] != _NO_MODE else words[0][1:]
    return _Entry(status, mode, old_path, path), place + 2 + moved


def _count(entry: _Entry, fields: list[bytes], place: int) -> int:
    """Note how many lines a file gains and loses: `12\\t3\\tpath`, or `12\\t3\\t`, old path, new path."""
    if place >= len(fields):
        raise ValueError(f"the lines of {entry.path!r} are not counted")
    added, removed, path = [*fields[place].split(b"\t", 2), b"", b""][:3]
    if added == b"-":
        entry.binary = True
    elif added.isdigit() and removed.isdigit():
        entry.counts = int(added), int(removed)
    else:
        raise ValueError(f"{fields[place][:80]!r} does not count lines")
    return place + (1 if path else 3)


def _read_patch(patch: bytes, entries: list[_Entry]) -> None:
    """Give each file its lines. A section begins with `diff --git`, outside of the lines that a hunk has announced."""
    # A file that becomes a link is shown as one that is deleted and one that is added.
    waiting = iter([entry for entry in entries for _ in range(2 if entry.status == "type_changed" else 1)])
    lines = _Lines(patch)
    entry: _Entry | None = None
    for line in lines:
        if line.startswith(b"diff --git "):
            entry = next(waiting, None)
            if entry is None:
                raise ValueError("the patch has more files than the list of files")
            entry.seen = True
        elif entry is not None and (hunk := _HUNK.match(line)):
            _read_hunk(hunk, lines, entry)
        elif entry is not None and line.startswith(_BINARY):
            entry.binary = True
    if any(entry.held and entry.seen and not entry.binary and not _complete(entry) for entry in entries):
        raise ValueError("the patch has other lines than were counted")


def _complete(entry: _Entry) -> bool:
    return entry.counts == (len(entry.added), len(entry.removed))


class _Lines:
    """The lines of a patch, one after another, without the newline at their end."""

    def __init__(self, patch: bytes) -> None:
        self._patch, self._place = patch, 0

    def __iter__(self) -> Iterator[bytes]:
        while self._place < len(self._patch):
            yield self.take()

    def take(self) -> bytes:
        """The next line. Raises `ValueError` at the end."""
        if self._place >= len(self._patch):
            raise ValueError("the patch ends within a hunk")
        end = self._patch.find(b"\n", self._place)
        end = len(self._patch) if end < 0 else end
        line = self._patch[self._place : end]
        self._place = end + 1
        return line


def _read_hunk(hunk: re.Match[bytes], lines: _Lines, entry: _Entry) -> None:
    """Take as many lines as a hunk announces, whatever they look like."""
    old, new = int(hunk[1]), int(hunk[3])
    old_left, new_left = (int(hunk[group]) if hunk[group] is not None else 1 for group in (2, 4))
    while old_left or new_left:
        line = lines.take()
        if line.startswith(b"-") and old_left:
            if entry.held:
                entry.removed.append((old, line[1:]))
            old, old_left = old + 1, old_left - 1
        elif line.startswith(b"+") and new_left:
            if entry.held:
                entry.added.append((new, line[1:]))
            new, new_left = new + 1, new_left - 1
        elif not line.startswith(b"\\"):
            raise ValueError(f"{line[:80]!r} is no line of a hunk without context")


def _file(entry: _Entry) -> ChangedFile:
    return ChangedFile(
        path=entry.path,
        old_path=entry.old_path,
        status=entry.status,
        mode=entry.mode,
        binary=entry.binary,
        cut=not entry.held and not entry.binary,
        added_lines=entry.counts[0],
        removed_lines=entry.counts[1],
        added=_lines(entry.added) if entry.held else (),
        removed=_lines(entry.removed) if entry.held else (),
    )


def _lines(lines: list[tuple[int, bytes]]) -> tuple[Line, ...]:
    return tuple(Line(number=number, text=_text(text)) for number, text in lines)


def _text(data: bytes) -> str:
    """Bytes as text that can be stored: bytes that are not UTF-8 are written as escapes, NUL as a mark."""
    return data.decode("utf-8", "backslashreplace").replace("\0", "\ufffd")
