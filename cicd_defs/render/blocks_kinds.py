"""How a file of each kind is cut into blocks, and what is about a text apart from its elements."""

from collections.abc import Callable
from dataclasses import dataclass

from cicd_defs.render.blocks import Block, lines_of
from cicd_defs.render.blocks_lines import (
    split_dockerfile,
    split_makefile,
    split_patterns,
    split_section,
    split_settings,
    split_whole,
)
from cicd_defs.render.blocks_yaml import split_yaml

SPLITTERS: dict[str, Callable[[str], Block]] = {
    "workflow": split_yaml,
    "precommit": split_yaml,
    "taskfile": split_yaml,
    "compose": split_yaml,
    "dependabot": split_yaml,
    "makefile": split_makefile,
    "dockerfile": split_dockerfile,
    "dockerignore": split_patterns,
    "codeowners": split_patterns,
    "coverage": split_settings,
    "contributing": split_section,
    "ruleset": split_whole,
}
"""How a file of each kind is cut. Another kind is one element."""


def split(kind: str, text: str) -> Block:
    """A file's text as blocks. Raises `Unsplittable`."""
    return SPLITTERS.get(kind, split_whole)(text)


@dataclass(frozen=True)
class Frame:
    """What is about a text apart from its elements: a mark at its beginning, its line breaks, a break at its end."""

    mark: str
    line_break: str
    ends: bool

    @classmethod
    def of(cls, text: str) -> "Frame":
        """What is about this text. Its first line says how all of its lines end."""
        first = next(iter(lines_of(text)), "")
        return cls(
            mark="\ufeff" if text.startswith("\ufeff") else "",
            line_break="\r\n" if first.endswith("\r\n") else "\n",
            ends=text.endswith("\n") or not text,
        )

    def inner(self, text: str) -> str:
        """The text that is cut: without the mark, with a break at its end."""
        return text.removeprefix(self.mark) + ("" if self.ends else self.line_break)

    def outer(self, text: str) -> str:
        """The text as it was framed before."""
        return self.mark + (text if self.ends else text.removesuffix(self.line_break))

    def broken(self, text: str) -> str:
        """A generated text with these line breaks."""
        return text if self.line_break == "\n" else text.replace("\n", self.line_break)
