"""A Dockerfile as its instructions, each with its place, and the shell scripts that it runs.

Format: https://docs.docker.com/reference/dockerfile/
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from cicd_defs.facts.patterns import regex
from cicd_defs.facts.script import Script, read_script
from cicd_defs.facts.source import Source

_WORD = regex(r"[ \t]*([A-Za-z]+)(?=\s)")
_FLAGS = regex(r"(?:[ \t]*--[a-z-]+(?:=\S*)?(?:[ \t]|\\[ \t]*\r?\n)+)+")
_HEREDOC = regex(r"<<(-?)([\"']?)([A-Za-z_]\w*)\2")
_ESCAPE = regex(r"^#[ \t]*escape[ \t]*=[ \t]*`", re.IGNORECASE | re.MULTILINE)
_COMMENT = regex(r"(?m)^[ \t]*#.*$")

_NAME = regex(
    r"(?:^|.*/)(?:(?:[Dd]ockerfile|[Cc]ontainerfile)(?:[.-][\w.-]+)?|[\w.-]+\.(?:dockerfile|Dockerfile|containerfile))"
)
_OTHER = regex(
    r".*\.(?:md|rst|txt|sh|py|go|js|ts|rs|java|rb|json|ya?ml|toml|tmpl|j2|jinja2?|in|erb|template|tpl|dockerignore)"
)


def is_dockerfile(path: str) -> bool:
    """Whether a file is a Dockerfile by its name. A template of one is none."""
    return bool(_NAME.fullmatch(path)) and not _OTHER.fullmatch(path)


@dataclass(eq=False)
class Instruction:
    """One instruction: its word in capitals, where it begins and ends, and where what it says begins.

    `start` is at the word; `end` is before the last newline; `body` is behind the word and its flags.
    """

    source: Source
    word: str
    start: int
    body: int
    end: int

    @property
    def text(self) -> str:
        """What it says, without its word and flags, as written."""
        return self.source.text[self.body : self.end]

    @property
    def in_brackets(self) -> bool:
        """Whether it is written as a list, which no shell reads."""
        return self.text.lstrip().startswith("[")

    @cached_property
    def script(self) -> tuple[int, Script] | None:
        """Where the script of a RUN begins, and its commands; None where no shell reads it. Spans are relative."""
        if self.word != "RUN" or self.in_brackets:
            return None
        found = _HEREDOC.match(self.text.lstrip())
        if found:
            begin = self.source.next_line(self.body)
            stop = self.source.line_start(self.end)
            return begin, read_script(self.source.text[begin:stop], errexit=False)
        return self.body, read_script(_without_comments(self.text), errexit=False)


def _without_comments(text: str) -> str:
    """Lines of comments within an instruction go on like its others; nothing changes its place."""
    return _COMMENT.sub(lambda found: " " * (len(found[0]) - 1) + "\\", text) if "#" in text else text


def instructions_of(source: Source) -> Iterator[Instruction]:
    """The instructions of a Dockerfile in order. One with another escape than the backslash has none for us."""
    if _ESCAPE.search(source.text[:500]):
        return
    text, at = source.text, int(source.text.startswith("\ufeff"))
    while at < len(text):
        line = text[at : source.line_end(at)]
        if not line.strip() or line.lstrip().startswith("#"):
            at = source.next_line(at)
            continue
        end = _end(source, at)
        found = _WORD.match(text, at)
        if found:
            word = found[1].upper()
            body = found.end()
            if flags := _FLAGS.match(text, body, end):
                body = flags.end()
            while body < end and text[body] in " \t":
                body += 1
            yield Instruction(source, word, found.start(1), body, end)
        at = source.next_line(end)


def _end(source: Source, at: int) -> int:
    """Where an instruction ends: behind its last line that goes on, and behind the texts that it holds itself."""
    text, begin = source.text, at
    while True:
        end = source.line_end(at)
        line = text[at:end]
        comment = at != begin and line.lstrip().startswith("#")
        goes_on = comment or line.rstrip().endswith("\\") or (at != begin and not line.strip())
        if not goes_on or source.next_line(end) >= len(text):
            break
        at = source.next_line(end)
    if _WORD.match(text, begin) and text[begin:end].lstrip()[:4].upper() in {"RUN ", "COPY", "ADD "}:
        for found in _HEREDOC.finditer(text, begin, end):
            blanks = r"[ \t]*" if found[1] else ""
            closing = re.compile(rf"^{blanks}{found[3]}[ \t]*\r?$", re.MULTILINE)
            if closed := closing.search(text, source.next_line(end)):
                end = source.line_end(closed.start())
    return end
