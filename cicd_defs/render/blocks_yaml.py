"""YAML as blocks: keys and list items at every depth, found by the parser's positions and cut as whole lines.

What does not stand on lines of its own (`{a: 1}`, `? key`, `- - item`) is one block with what it belongs to.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import yaml

from cicd_defs.render.blocks import (
    Block,
    Unsplittable,
    header_block,
    header_length,
    is_blank,
    is_remark,
    join,
    lines_of,
    stem_of,
)
from cicd_defs.render.blocks_pins import masked

SETS = frozenset(
    {
        "branches",
        "branches-ignore",
        "depends_on",
        "needs",
        "paths",
        "paths-ignore",
        "ports",
        "repositories",
        "tags",
        "types",
        "volumes",
    }
)
"""Keys whose lists are sets: their items are told apart by what they say. Another list of words is one block."""
DEEPEST = 100
_DASH = re.compile(r"( *)- *(?:#.*)?\s*$")


@dataclass
class _Node:
    """A value with its place: lines and columns are counted from 0, `end` is its last line."""

    kind: str
    line: int
    column: int
    end: int
    text: str = ""
    items: "list[tuple[_Node, _Node]]" = field(default_factory=list)


def split_yaml(text: str) -> Block:
    """The blocks of one YAML document whose top is a map. Raises `Unsplittable`."""
    lines = lines_of(text)
    root = _document(text)
    header = header_block(lines)
    top = [header] if header else []
    if root is None:
        return Block("", children=tuple(top), tail="".join(lines[header_length(header) :]))
    cutter = _Cutter(lines)
    if not cutter.opens(root, ("",)):
        raise Unsplittable(
            root.line + 1, "the file's top is not a block of keys that stand on lines of their own"
        )
    keys, tail = cutter.children(root, header_length(header), len(lines), ())
    whole = Block("", children=(*top, *keys), tail=tail)
    if join(whole) != text:  # an odd form, such as a `?` without a key: better refused than lost
        raise Unsplittable(root.line + 1, "its keys and items do not all stand on lines of their own")
    return whole


def _document(text: str) -> _Node | None:
    """The root of the only document, or None where it is empty."""
    try:
        events: list[Any] = list(yaml.parse(text, Loader=yaml.CSafeLoader))
    except yaml.MarkedYAMLError as error:
        at = error.problem_mark or error.context_mark
        raise Unsplittable(at.line + 1 if at else 1, f"this is not YAML: {error.problem}") from None
    except (yaml.YAMLError, UnicodeError) as error:
        raise Unsplittable(1, f"this is not YAML: {error}") from None
    starts = [event for event in events if isinstance(event, yaml.DocumentStartEvent)]
    if len(starts) > 1:
        raise Unsplittable(_place(starts[1])[0] + 1, "a second document begins here")
    if not starts:
        return None
    after = iter(events[events.index(starts[0]) + 1 :])
    root = _started(next(after), after)
    if root.kind == "scalar" and not root.text:
        return None
    if root.kind != "map":
        raise Unsplittable(root.line + 1, "the file's top is not a block of keys")
    return root


def _place(event: Any) -> tuple[int, int]:
    return event.start_mark.line, event.start_mark.column


def _end(event: Any) -> tuple[int, int]:
    return event.end_mark.line, event.end_mark.column


def _started(event: Any, events: Iterator[Any], depth: int = 0) -> _Node:
    """The node that begins with this event."""
    (line, column), (end, behind) = _place(event), _end(event)
    if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
        return _collection(event, events, depth + 1)
    if isinstance(event, yaml.ScalarEvent):
        block = event.style in ("|", ">")
        last = end - 1 if block and behind == 0 else end
        return _Node("block" if block else "scalar", line, column, max(line, last), event.value)
    return _Node("alias", line, column, end)


def _collection(event: Any, events: Iterator[Any], depth: int) -> _Node:
    if depth > DEEPEST:
        raise Unsplittable(_place(event)[0] + 1, f"this is nested deeper than {DEEPEST} levels")
    mapping = isinstance(event, yaml.MappingStartEvent)
    kind = "flow" if event.flow_style else "map" if mapping else "list"
    node = _Node(kind, event.start_mark.line, event.start_mark.column, event.start_mark.line)
    while not isinstance(inner := next(events), yaml.CollectionEndEvent):
        key = _started(inner, events, depth)
        value = _started(next(events), events, depth) if mapping else key
        node.items.append((key, value))
        node.end = max(node.end, key.end, value.end)
    if event.flow_style:
        node.end = _end(inner)[0]
    return node


class _Cutter:
    """Cuts the lines of a file at the places of its nodes."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = list(lines)

    def children(
        self, node: _Node, first: int, stop: int, keys: tuple[str, ...]
    ) -> tuple[tuple[Block, ...], str]:
        """The blocks of a map or list that has the lines from `first` up to `stop`, and what is left behind them."""
        places = [self._place(node, position) for position in range(len(node.items))]
        blocks, after = [], first
        for position, (key, value) in enumerate(node.items):
            line, column = places[position]
            following = places[position + 1][0] if position + 1 < len(places) else stop
            end = self._end(key, value)
            limit = end + 1 + self._inside(value, keys, end + 1, following, column)
            block = self._block(node, position, limit, keys)
            blocks.append(replace(block, lead="".join(self.lines[after:line]), column=column, line=line + 1))
            after = limit
        _refuse_twins(node, blocks)
        return tuple(blocks), "".join(self.lines[after:stop])

    def _place(self, node: _Node, position: int) -> tuple[int, int]:
        """The line and column where a key or a list item begins."""
        key = node.items[position][0]
        return (key.line, key.column) if node.kind == "map" else self._dash(key)

    def _dash(self, item: _Node) -> tuple[int, int]:
        before = self.lines[item.line][: item.column].rstrip() if item.line < len(self.lines) else ""
        if before.endswith("-"):
            return item.line, len(before) - 1
        for line in range(item.line - 1, -1, -1):
            if found := _DASH.fullmatch(self.lines[line]):
                return line, len(found[1])
            if not self._is_gap(line):
                break
        return -1, -1

    def _end(self, key: _Node, value: _Node) -> int:
        """The last line that says something. Blank lines at the end of a text block belong to what follows."""
        end = min(max(key.end, value.end), len(self.lines) - 1)
        if _kept_breaks(_last(value), self.lines):
            return end
        while end > max(key.line, value.line) and is_blank(self.lines[end]):
            end -= 1
        return end

    def _inside(self, value: _Node, keys: tuple[str, ...], first: int, stop: int, column: int) -> int:
        """How many of the lines behind a node are still its own: up to its last comment that is indented as it is."""
        if not self.opens(value, keys):
            return 0
        least = max(self._place(value, 0)[1], column + 1)
        own = [
            at for at in range(first, stop) if is_remark(self.lines[at]) and _indent(self.lines[at]) >= least
        ]
        return own[-1] + 1 - first if own else 0

    def _block(self, node: _Node, position: int, limit: int, keys: tuple[str, ...]) -> Block:
        key, value = node.items[position]
        line = self._place(node, position)[0]
        if node.kind == "map":
            return self._keyed(key, value, line, limit, keys)
        return self._item(value, line, limit, (*keys, "-"))

    def _keyed(self, key: _Node, value: _Node, line: int, limit: int, keys: tuple[str, ...]) -> Block:
        below = (*keys, key.text)
        if not self.opens(value, below):
            return Block(stem_of(key.text), head="".join(self.lines[line:limit]))
        children, tail = self.children(value, line + 1, limit, below)
        return Block(stem_of(key.text), head=self.lines[line], children=children, tail=tail)

    def _item(self, value: _Node, line: int, limit: int, keys: tuple[str, ...]) -> Block:
        stem = self._stem(value, line, limit)
        if not self.opens(value, keys):
            return Block(stem, head="".join(self.lines[line:limit]))
        if value.line != line:
            children, tail = self.children(value, line + 1, limit, keys)
            return Block(stem, head=self.lines[line], children=children, tail=tail)
        head = self.lines[line][: value.column]
        self.lines[line] = " " * len(head) + self.lines[line][len(head) :]
        children, tail = self.children(value, line, limit, keys)
        return Block(stem, head=head, children=children, tail=tail)

    def _stem(self, value: _Node, line: int, limit: int) -> str:
        if value.kind == "scalar":
            return stem_of(value.text)
        return _identity(value) or stem_of(masked("".join(self.lines[line:limit])).replace("\0", ""))

    def _is_gap(self, line: int) -> bool:
        return is_blank(self.lines[line]) or is_remark(self.lines[line])

    def opens(self, value: _Node, keys: tuple[str, ...]) -> bool:
        """Whether a value is cut further: its parts stand on lines of their own and can be told apart."""
        if not value.items or value.kind not in ("map", "list"):
            return False
        if value.kind == "list" and not _is_set(value, keys):
            return False
        places = [self._place(value, position) for position in range(len(value.items))]
        lines = [line for line, _ in places]
        if min(lines) < 0 or len({column for _, column in places}) > 1 or lines != sorted(set(lines)):
            return False
        return all(self._stands_free(value, at, places[at]) for at in range(len(places)))

    def _stands_free(self, value: _Node, position: int, place: tuple[int, int]) -> bool:
        """Whether there is nothing but indentation before it, or the dash of the item whose first key it is."""
        before, first = self.lines[place[0]][: place[1]], position == 0
        if value.kind == "map" and value.items[position][0].kind != "scalar":
            return False
        if not first and not all(
            self._is_gap(at) for at in range(self._end(*value.items[position - 1]) + 1, place[0])
        ):
            return False
        if not before.strip(" "):
            return True
        return value.kind == "map" and first and not before.strip(" -") and before.count("-") == 1


def _is_set(value: _Node, keys: tuple[str, ...]) -> bool:
    items = [item for item, _ in value.items]
    if all(item.kind == "scalar" for item in items):
        return keys[-1:] != () and (keys[-1] in SETS or "matrix" in keys[-2:-1])
    return any(_identity(item) for item in items)


def _identity(item: _Node) -> str:
    """What a list's item is known by: the first of these keys that it has."""
    if item.kind != "map":
        return ""
    said = {key.text: value.text for key, value in item.items if value.kind == "scalar" and value.text}
    for key in ("id", "name", "repo"):
        if key in said:
            return stem_of(said[key])
    if "package-ecosystem" in said:
        return stem_of(f"{said['package-ecosystem']} {said.get('directory', '')}")
    return ""


def _refuse_twins(node: _Node, blocks: Sequence[Block]) -> None:
    seen: dict[str, int] = {}
    for block in blocks if node.kind == "map" else ():
        if block.stem in seen:
            raise Unsplittable(
                block.line, f"the key `{block.stem}` stands here twice, first in line {seen[block.stem]}"
            )
        seen[block.stem] = block.line


def _last(value: _Node) -> _Node:
    return _last(value.items[-1][1]) if value.items else value


def _kept_breaks(value: _Node, lines: Sequence[str]) -> bool:
    """Whether the blank lines at a text's end belong to it: `|+`."""
    return value.kind == "block" and "+" in lines[value.line][value.column :].split("#")[0]


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
