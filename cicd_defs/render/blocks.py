"""A file as a tree of blocks of whole lines: what regeneration compares and puts together again.

Nothing is ever serialised anew. `join` of what a splitter gave is the text it was given, byte for byte.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from cicd_defs.facts.written import MARK

_LINE = re.compile(r"[^\n\r\x85\u2028\u2029]*(?:\r\n|[\n\r\x85\u2028\u2029])|[^\n\r\x85\u2028\u2029]+")
_SIMPLE = re.compile(r"[\w/-][\w/ -]*")
_LONGEST_NAME = 60


@dataclass(frozen=True)
class Block:
    """One element of a file.

    `lead` holds the blank and comment lines above it, `head` its own lines (all of them where it has no children),
    `tail` the comment lines behind its last child. `stem` is what it is called, `name` the same made unique among
    its siblings. `column` is where its first line begins, `line` the number of that line, counted from 1.

    A list's item whose first key stands behind the dash has the dash as its head, without a line break; its first
    child holds spaces in the place of the dash, so that children compare alike wherever they stand.
    """

    stem: str
    lead: str = ""
    head: str = ""
    children: tuple["Block", ...] = ()
    tail: str = ""
    column: int = 0
    line: int = 1
    name: str = ""


class Unsplittable(ValueError):
    """A text that has no elements that could be told apart: where, and why."""

    def __init__(self, line: int, problem: str) -> None:
        self.line, self.problem = line, problem
        super().__init__(f"line {line}: {problem}")


def lines_of(text: str) -> list[str]:
    """The lines with their breaks. A line ends where YAML's readers end it."""
    return _LINE.findall(text)


def is_blank(line: str) -> bool:
    """Whether a line holds nothing."""
    return not line.strip()


def is_remark(line: str) -> bool:
    """Whether a line is a comment and nothing else."""
    return line.lstrip().startswith("#")


def join(block: Block) -> str:
    """The text of a block, with what stands above and behind it."""
    return block.lead + body(block) + block.tail


def body(block: Block) -> str:
    """The text of a block without what stands above and behind it."""
    below = "".join(join(child) for child in block.children)
    if not block.children or not block.head or block.head[-1] in "\n\r\x85\u2028\u2029":
        return block.head + below
    return _with_dash(block.head, below)


def _with_dash(head: str, below: str) -> str:
    """The children with the dash put into the first line that is neither blank nor a comment."""
    lines = lines_of(below)
    at = next((at for at, line in enumerate(lines) if not is_blank(line) and not is_remark(line)), 0)
    lines[at] = head + lines[at][len(head) :]
    return "".join(lines)


def plain(text: str, column: int) -> str:
    """The text as it is compared: its indentation taken off, its line breaks made alike."""
    lines = (line.rstrip("\r\n") for line in lines_of(text))
    return "".join(f"{_dedented(line, column)}\n" for line in lines)


def _dedented(line: str, column: int) -> str:
    return line[column:] if not line[:column].strip(" ") else line


def digest(text: str) -> str:
    """Twelve hexadecimal digits that stand for a text."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def shifted(block: Block, by: int) -> Block:
    """The block with all its lines that many columns further to the right, or to the left."""
    if not by:
        return block
    return replace(
        block,
        lead=shifted_text(block.lead, by),
        head=shifted_text(block.head, by),
        children=tuple(shifted(child, by) for child in block.children),
        tail=shifted_text(block.tail, by),
        column=block.column + by,
    )


def shifted_text(text: str, by: int) -> str:
    """Lines that many columns further to the right, or to the left. Blank lines stay."""
    if not by:
        return text
    return "".join(line if is_blank(line) else _shifted_line(line, by) for line in lines_of(text))


def _shifted_line(line: str, by: int) -> str:
    return " " * by + line if by > 0 else _dedented(line, -by)


def stem_of(text: str) -> str:
    """A text as a name: on one line, and short."""
    flat = " ".join(text.split())
    return flat if len(flat) <= _LONGEST_NAME else f"{flat[:40]}~{digest(flat)}"


def element(names: Sequence[str]) -> str:
    """How an element is told of and found in the lock: `jobs.test.steps.lint`, odd names in brackets."""
    return "".join(_part(name) for name in names).removeprefix(".")


def _part(name: str) -> str:
    return f".{name}" if _SIMPLE.fullmatch(name) else f"[{_escaped(name)}]"


def _escaped(name: str) -> str:
    return name.replace("%", "%25").replace("[", "%5B").replace("]", "%5D")


def names_of(told: str) -> tuple[str, ...]:
    """The names that `element` was made of."""
    parts = re.findall(r"\[([^\]]*)\]|\.?([^.\[]+)", told)
    return tuple(simple or _unescaped(bracketed) for bracketed, simple in parts)


def _unescaped(text: str) -> str:
    return text.replace("%5D", "]").replace("%5B", "[").replace("%25", "%")


def header_block(lines: Sequence[str], starts_with: str = "#") -> Block | None:
    """The comment lines on top of a file, each an element. None where there are none."""
    count = next((at for at, line in enumerate(lines) if not line.startswith(starts_with)), len(lines))
    if not count:
        return None
    return Block(
        "header",
        children=tuple(
            Block("mark" if MARK in line else stem_of(line), head=line, line=at + 1)
            for at, line in enumerate(lines[:count])
        ),
    )


def header_length(block: Block | None) -> int:
    """How many lines a header has."""
    return len(block.children) if block else 0


def leaves(block: Block) -> Iterator[Block]:
    """Every block below that has no children, in the order of the file."""
    for child in block.children:
        if child.children:
            yield from leaves(child)
        else:
            yield child
