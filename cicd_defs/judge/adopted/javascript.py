"""How JavaScript reads a place of a script: in which string, template or comment, or as code.

Strings, templates, comments and regular expressions are told apart, and nothing else: ECMAScript 2026, section 12,
https://tc39.es/ecma262/#sec-ecmascript-language-lexical-grammar. Where a slash may begin a regular expression or be a
division, nothing is said of the whole script.
"""

import re
from enum import StrEnum
from typing import NamedTuple

from cicd_defs.facts.patterns import regex


class Around(StrEnum):
    """What is around a place."""

    CODE = "code"
    STRING = "string"
    TEMPLATE = "template"
    COMMENT = "comment"
    PATTERN = "regular expression"


class Part(NamedTuple):
    """A part of a script, from `start` to `end`, its quotes among it. `first` is where its template begins."""

    around: Around
    start: int
    end: int
    first: int


_COMMENT = regex(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_STRING = regex(r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"", re.DOTALL)
_OF_TEMPLATE = regex(r"(?:[^`\\$]|\\.|\$(?!\{))*", re.DOTALL)
_PATTERN = regex(r"/(?:[^/\\\[\n]|\\[^\n]|\[(?:[^\]\\\n]|\\[^\n])*\])+/\w*")
_WORD = r"\b(?:return|typeof|case|in|of|delete|void|throw|new|else|do|await|yield)"
_BEFORE_PATTERN = regex(rf"(?:^|[(,=:\[!&|?{{;+*%~^<>-]|{_WORD})\s*\Z")
_VALUE = regex(r"[\w$\])]\s*\Z")
_TAG = regex(rf"(?<![\w$])(?!{_WORD}\s*\Z)[\w$]+\s*\Z|[\])]\s*\Z")


class _Unsure(Exception):
    """The script cannot be told apart."""


def parts(text: str) -> list[Part] | None:
    """All of a script that is not code, in order; None where it cannot be told."""
    reader = _Reader(text)
    try:
        reader.read()
    except _Unsure:
        return None
    return reader.parts


def part_at(told: list[Part], start: int, end: int) -> Part:
    """What a place lies in."""
    found = next((part for part in told if part.start <= start and end <= part.end), None)
    return found or Part(Around.CODE, start, end, start)


def is_tagged(text: str, part: Part) -> bool:
    """Whether a template is handed to a function piece by piece."""
    return _TAG.search(text[max(0, part.first - 60) : part.first]) is not None


class _Reader:
    """Reads a script once.

    `code` is the end of what was read without comments, `x` for each string. `open` has, for each `${` that is open,
    how many braces are open in it, and where its template begins.
    """

    def __init__(self, text: str) -> None:
        self.text, self.at, self.code = text, 0, ""
        self.parts, self.open = list[Part](), list[tuple[int, int]]()

    def read(self) -> None:
        """All of the text, into `parts`."""
        while self.at < len(self.text):
            self._step(self.text[self.at])
        if self.open:
            raise _Unsure

    def _step(self, mark: str) -> None:
        if mark == "/":
            self._slash()
        elif mark in "'\"":
            self._take(_STRING, Around.STRING)
        elif mark == "`":
            self._template(self.at)
        elif mark in "{}" and self.open:
            self._brace(mark)
        else:
            self._pass(mark)

    def _pass(self, mark: str) -> None:
        self.code = self.code.rstrip() + " " if mark.isspace() else (self.code + mark)[-20:]
        self.at += 1

    def _take(self, pattern: re.Pattern[str], around: Around) -> None:
        found = pattern.match(self.text, self.at)
        if found is None:
            raise _Unsure
        self.parts.append(Part(around, found.start(), found.end(), found.start()))
        self.at = found.end()
        if around is not Around.COMMENT:
            self.code = "x"

    def _slash(self) -> None:
        if self.text.startswith(("//", "/*"), self.at):
            self._take(_COMMENT, Around.COMMENT)
        elif _BEFORE_PATTERN.search(self.code):
            self._take(_PATTERN, Around.PATTERN)
        else:
            if not _VALUE.search(self.code) or (self.code.rstrip().endswith(")") and self._has_other()):
                raise _Unsure
            self._pass("/")

    def _has_other(self) -> bool:
        """Whether another slash stands on the line: `(a) / b / c`, or `if (a) /b/.test(c)`."""
        end = self.text.find("\n", self.at)
        return self.text.find("/", self.at + 1, end if end >= 0 else len(self.text)) >= 0

    def _template(self, first: int) -> None:
        """The text of a template up to its end, or to the next `${`."""
        found = _OF_TEMPLATE.match(self.text, self.at + 1)
        end = found.end() if found else len(self.text)
        if end >= len(self.text):
            raise _Unsure
        inner = self.text[end] == "$"
        behind = end + (2 if inner else 1)
        self.parts.append(Part(Around.TEMPLATE, self.at, behind, first))
        self.at, self.code = behind, "(" if inner else "x"
        if inner:
            self.open.append((0, first))

    def _brace(self, mark: str) -> None:
        depth, first = self.open.pop()
        if mark == "}" and not depth:
            self._template(first)  # goes on behind the brace as behind a backtick
            return
        self.open.append((depth + (1 if mark == "{" else -1), first))
        self._pass(mark)
