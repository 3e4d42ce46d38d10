"""What is wrong with a project file, and where."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple


class Place(NamedTuple):
    """A place in a file, counted from 1."""

    line: int
    column: int


START = Place(1, 1)


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong: where, what, and what to do next."""

    source: str
    line: int
    column: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}: {self.message}. {self.hint}".rstrip()


class SpecError(Exception):
    """A project file was refused. `problems` are all of its problems, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)))


def shown(value: object) -> str:
    """A value as an error repeats it: short, in backticks."""
    return f"`{short(str(value))}`"


def quoted(text: str) -> str:
    """A number or word of YAML in quotes, as an error advises it: short."""
    return f'"{short(text)}"'


def short(text: str) -> str:
    """Text cut to 60 characters, on one line, marks that cannot be seen escaped."""
    cut = text if len(text) <= 60 else f"{text[:57]}..."
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in cut)
