"""YAML as nodes that know from where to where they stand. Nothing is resolved: `3.10` stays those four characters.

Anchors, repeated keys, comments and every way of quoting survive, because the text is kept beside the nodes. An alias
is its anchor's node, seen again: what refers to itself a million times costs no more than it is long.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import yaml

from cicd_defs.facts.source import Source

DEEPEST = 100
MOST_NODES = 200_000

_BLOCKS = frozenset("|>")


class UnreadableYaml(ValueError):
    """Text that is not the YAML we read. `offset` is where."""

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(reason)
        self.offset = offset


@dataclass(eq=False, slots=True)
class Scalar:
    """A word or a text. `style` is its first mark: nothing, `'`, `"`, `|` or `>`. `start` and `end` hold the quotes."""

    start: int
    end: int
    text: str
    style: str = ""
    tag: str | None = None
    aliased: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether nothing quotes it, so that YAML may read it as a number, a truth or nothing."""
        return not self.style


@dataclass(eq=False)
class Sequence:
    """A list. `flow` says that it is written in brackets."""

    start: int
    end: int
    flow: bool
    items: "list[Node]" = field(default_factory=list)
    aliased: bool = False


@dataclass(eq=False)
class Mapping:
    """Keys and their nodes, in order, repeated keys too. Keys that are no plain text are left out of `pairs`."""

    start: int
    end: int
    flow: bool
    pairs: "list[tuple[Scalar, Node]]" = field(default_factory=list)
    aliased: bool = False

    @cached_property
    def by_key(self) -> "dict[str, tuple[Scalar, Node]]":
        """Each key's first pair: GitHub refuses a second one."""
        return {key.text: (key, node) for key, node in reversed(self.pairs)}

    def get(self, key: str) -> "Node | None":
        """What stands under a key; None where it is not there."""
        pair = self.by_key.get(key)
        return pair[1] if pair else None

    def key(self, key: str) -> Scalar | None:
        """The key itself, for its place."""
        pair = self.by_key.get(key)
        return pair[0] if pair else None

    def scalar(self, key: str) -> Scalar | None:
        """The word or text under a key; None where there is none."""
        node = self.get(key)
        return node if isinstance(node, Scalar) else None

    def text(self, key: str) -> str | None:
        """The text under a key; None where there is none."""
        node = self.get(key)
        return node.text if isinstance(node, Scalar) else None

    def mapping(self, key: str) -> "Mapping | None":
        """The map under a key; None where there is none."""
        node = self.get(key)
        return node if isinstance(node, Mapping) else None

    def sequence(self, key: str) -> Sequence | None:
        """The list under a key; None where there is none."""
        node = self.get(key)
        return node if isinstance(node, Sequence) else None


Node = Scalar | Sequence | Mapping


def read_yaml(source: Source) -> Node | None:
    """The root of a file's first document; None where it is empty. Raises `UnreadableYaml`."""
    return _Builder(source.text).build()


def walk(node: Node | None) -> Iterator[Node]:
    """A node and all below it, each once, however often it is referred to."""
    stack: list[Node] = [node] if node is not None else []
    seen: set[int] = set()
    while stack:
        here = stack.pop()
        if id(here) in seen:
            continue
        seen.add(id(here))
        yield here
        if isinstance(here, Mapping):
            stack.extend(below for _, below in reversed(here.pairs))
        elif isinstance(here, Sequence):
            stack.extend(reversed(here.items))


def scalars(node: Node | None) -> Iterator[Scalar]:
    """Every word and text below a node, but for keys."""
    return (here for here in walk(node) if isinstance(here, Scalar))


def texts_of(node: Node | None) -> list[Scalar]:
    """The words of a node that is one word or a list of words."""
    if isinstance(node, Scalar):
        return [node]
    return [item for item in node.items if isinstance(item, Scalar)] if isinstance(node, Sequence) else []


def nothing_in(node: Node | None) -> bool:
    """Whether there is no node, or it says nothing: `key:`, `~`, `null`."""
    return node is None or (isinstance(node, Scalar) and node.is_plain and node.text in {"", "~", "null"})


class _Builder:
    """Puts the parser's events together, without recursion: a file cannot make us run out of stack."""

    def __init__(self, text: str) -> None:
        self.text = text
        # The parser counts from behind a BOM.
        self.shift = int(text.startswith("\ufeff"))
        self.stack: list[tuple[Sequence | Mapping, list[Scalar | None]]] = []
        self.anchors: dict[str, Node] = {}
        self.root: Node | None = None
        self.count = 0

    def build(self) -> Node | None:
        loader = yaml.CBaseLoader(self.text[self.shift :])
        try:
            self._read(loader.get_event)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            reason = ", ".join(filter(None, (error.context, error.problem))) or "it cannot be read"
            raise UnreadableYaml(reason, min(self._at(mark), len(self.text)) if mark else 0) from None
        except yaml.YAMLError as error:
            reason = str(getattr(error, "reason", None) or error)
            position = self.shift + int(getattr(error, "position", 0) or 0)
            raise UnreadableYaml(reason, min(position, len(self.text))) from None
        finally:
            loader.dispose()
        return self.root

    def _read(self, next_event: Callable[[], Any]) -> None:
        """Take the parser's events until the first document ends."""
        scalar, mapping, sequence = yaml.ScalarEvent, yaml.MappingStartEvent, yaml.SequenceStartEvent
        ends = (yaml.MappingEndEvent, yaml.SequenceEndEvent)
        lasts = (yaml.DocumentEndEvent, yaml.StreamEndEvent)
        while True:
            event = next_event()
            kind = type(event)
            if kind is scalar:
                self._scalar(event)
            elif kind is mapping or kind is sequence:
                self._begin(event)
            elif kind in ends:
                self._finish(event)
            elif kind is yaml.AliasEvent:
                self._alias(event)
            elif kind in lasts or event is None:
                return

    def _at(self, mark: Any) -> int:
        return int(mark.index) + self.shift

    def _scalar(self, event: Any) -> None:
        """The kind of event of which there are most: all that is usual is done here and at once."""
        start, end, style = (
            event.start_mark.index + self.shift,
            event.end_mark.index + self.shift,
            event.style,
        )
        if style in _BLOCKS:
            end = start + len(self.text[start:end].rstrip())
        node = Scalar(start, end, event.value, style or "", event.tag)
        if event.anchor or event.tag:
            node.start = self._after_properties(start, end)
        self._place(node, event.anchor)

    def _after_properties(self, start: int, end: int) -> int:
        """Where a node begins behind its anchor and tag."""
        at = start
        while at < end and self.text[at] in "&!":
            while at < end and not self.text[at].isspace():
                at += 1
            while at < end and self.text[at].isspace():
                at += 1
        return at

    def _begin(self, event: Any) -> None:
        if len(self.stack) >= DEEPEST:
            raise UnreadableYaml(f"more than {DEEPEST} levels are not read", self._at(event.start_mark))
        start = self._at(event.start_mark)
        make = Mapping if type(event) is yaml.MappingStartEvent else Sequence
        node: Mapping | Sequence = make(start, start, bool(event.flow_style))
        if event.anchor or event.tag:
            node.start = self._after_properties(start, len(self.text))
        self._place(node, event.anchor)
        self.stack.append((node, []))

    def _finish(self, event: Any) -> None:
        node, _ = self.stack.pop()
        if node.flow:
            node.end = self._at(event.end_mark)
            return
        last: Node | None = None
        if isinstance(node, Sequence):
            last = node.items[-1] if node.items else None
        elif node.pairs:
            last = node.pairs[-1][1]
            if last.aliased:
                last = None
        # A block's own end mark stands at whatever comes next, behind comments that are not its own.
        node.end = max(node.end, last.end) if last is not None and not last.aliased else node.end

    def _alias(self, event: Any) -> None:
        node = self.anchors.get(event.anchor)
        at, end = self._at(event.start_mark), self._at(event.end_mark)
        if node is None:
            raise UnreadableYaml(f"nothing has the anchor `{event.anchor}`", at)
        node.aliased = True
        self._place(node, None, end)

    def _place(self, node: Node, anchor: str | None, end: int = 0) -> None:
        self.count += 1
        if self.count > MOST_NODES:
            raise UnreadableYaml(f"more than {MOST_NODES:,} nodes are not read", node.start)
        if anchor:
            self.anchors[anchor] = node
        if not self.stack:
            self.root = self.root if self.root is not None else node
            return
        parent, waiting = self.stack[-1]
        stop = end or node.end
        parent.end = max(parent.end, stop)
        if isinstance(parent, Sequence):
            parent.items.append(node)
        elif not waiting:
            waiting.append(node if type(node) is Scalar else None)
        else:
            key = waiting.pop()
            if key is not None:
                parent.pairs.append((key, node))
