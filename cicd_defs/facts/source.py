"""A file's text in which every place is known, so that a finding can point at it and a fix can change just that."""

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

LARGEST = 1_048_576
"""Bytes. Longer files are told of, and not read: GitHub itself refuses workflow files far shorter than this."""

_NEWLINE = re.compile(r"\r\n|\n|\r")


class Position(NamedTuple):
    """A place for people: line and column count from 1, columns in characters."""

    line: int
    column: int


class UnreadableSource(ValueError):
    """A file that is no text that we can read. `line` is where it stops being one."""

    def __init__(self, reason: str, line: int = 1) -> None:
        super().__init__(reason)
        self.line = line


@dataclass(eq=False)
class Source:
    """A text file. Places in it are offsets in characters; `text` keeps every character, a BOM and CRLF too."""

    path: str
    text: str
    notes: dict[str, object] = field(default_factory=dict)

    @classmethod
    def of(cls, path: str, data: bytes) -> "Source":
        """Read a file's bytes as UTF-8. Raises `UnreadableSource` where they are too many or no such text."""
        if len(data) > LARGEST:
            raise UnreadableSource(f"the file has {len(data):,} bytes; more than {LARGEST:,} are not read")
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise UnreadableSource(f"byte {error.start} is not UTF-8", line) from None
        if "\0" in text:
            line = text.count("\n", 0, text.index("\0")) + 1
            raise UnreadableSource("the file holds a NUL character: it is not text", line)
        return cls(path, text)

    @cached_property
    def starts(self) -> list[int]:
        """Where each line begins."""
        if self._has_returns:
            return [0, *(found.end() for found in _NEWLINE.finditer(self.text))]
        lines = self.text.split("\n")
        lines.pop()  # the last one ends without a newline
        return [0, *accumulate(len(line) + 1 for line in lines)]

    @cached_property
    def _has_returns(self) -> bool:
        """Whether lines may end in something else than `\n`, which is quicker to look for."""
        return "\r" in self.text

    @cached_property
    def newline(self) -> str:
        """How the file's first line ends; `\\n` where it has one line."""
        found = _NEWLINE.search(self.text)
        return found[0] if found else "\n"

    def position(self, offset: int) -> Position:
        """Where an offset is, for people."""
        line = bisect_right(self.starts, offset)
        column = offset - self.starts[line - 1] + 1
        return Position(line, column - self.text.startswith("\ufeff") if line == 1 else column)

    def offset(self, line: int, column: int = 1) -> int:
        """The offset of a line and column, both from 1. Places outside the text count as its nearest end."""
        begin = self.starts[min(max(line, 1), len(self.starts)) - 1]
        return min(begin + max(column, 1) - 1, len(self.text))

    def line_start(self, offset: int) -> int:
        """Where the line of an offset begins."""
        return self.starts[bisect_right(self.starts, offset) - 1]

    def line_end(self, offset: int) -> int:
        """Where the line of an offset ends, before its newline."""
        if not self._has_returns:
            at = self.text.find("\n", offset)
            return at if at >= 0 else len(self.text)
        found = _NEWLINE.search(self.text, offset)
        return found.start() if found else len(self.text)

    def next_line(self, offset: int) -> int:
        """Where the line after that of an offset begins; the end of the text where there is none."""
        if not self._has_returns:
            return (self.text.find("\n", offset) + 1) or len(self.text)
        found = _NEWLINE.search(self.text, offset)
        return found.end() if found else len(self.text)

    def line_text(self, line: int) -> str:
        """A line without its newline; counted from 1."""
        begin = self.starts[line - 1] if line <= len(self.starts) else len(self.text)
        return self.text[begin : self.line_end(begin)]
