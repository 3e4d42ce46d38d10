"""A YAML document as a tree of nodes that know their place. Only the plain part of YAML is taken."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from cicd_defs.spec.problem import START, Place, Problem, SpecError, quoted, shown
from cicd_defs.spec.scalar import Trap, read_plain

DEEPEST = 50


@dataclass(slots=True)
class Scalar:
    """One word or text. `broken` says that a problem was told about it already."""

    place: Place
    text: str = ""
    value: object = ""
    broken: bool = False


@dataclass(slots=True)
class Listing:
    """A list of nodes."""

    place: Place
    items: "list[Node]" = field(default_factory=list)


@dataclass(slots=True)
class Table:
    """Keys and their nodes. `keys` has the place of each key."""

    place: Place
    keys: dict[str, Place] = field(default_factory=dict)
    nodes: "dict[str, Node]" = field(default_factory=dict)


Node = Scalar | Listing | Table


def value_of(node: Node) -> Any:
    """The plain value of a node: dictionaries, tuples and scalars."""
    if isinstance(node, Table):
        return {key: value_of(below) for key, below in node.nodes.items()}
    if isinstance(node, Listing):
        return tuple(value_of(below) for below in node.items)
    return node.value


class TreeReader:
    """Reads one document into nodes, and collects what is wrong on the way in `problems`."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.problems: list[Problem] = []

    def read(self, text: str) -> Node:
        """The document's root. What makes the rest unreadable raises `SpecError` with all problems so far."""
        try:
            return self._document(yaml.parse(text, Loader=yaml.CSafeLoader))
        except yaml.MarkedYAMLError as error:
            raise self._stop(_place(error.problem_mark or error.context_mark), *_syntax(error)) from None
        except yaml.YAMLError as error:
            raise self._stop(START, f"the file is not YAML: {shown(error)}", "") from None

    def _document(self, events: Iterator[Any]) -> Node:
        root: Node | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                self._check_document(event, first=root is None)
            elif isinstance(event, yaml.NodeEvent):
                root = self._node(event, events, 1)
        if root is None or (isinstance(root, Scalar) and root.value is None):
            raise self._stop(START, "the file is empty", "Write at least `repository: owner/name`.")
        return root

    def _check_document(self, event: Any, *, first: bool) -> None:
        place = _place(event.start_mark)
        if not first:
            raise self._stop(
                place, "a second document begins here", "Write one project in each file, without `---`."
            )
        if event.version or event.tags:
            self._tell(place, "a YAML directive (`%`) stands before the document", "Leave it out.")

    def _node(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        place = _place(event.start_mark)
        if depth > DEEPEST:
            raise self._stop(place, f"this is nested deeper than {DEEPEST} levels", "Write it flatter.")
        if event.anchor is not None:
            sign = "*" if isinstance(event, yaml.AliasEvent) else "&"
            name = shown(f"{sign}{event.anchor}")
            self._tell(
                place, f"{name} is an anchor or alias, which are not taken here", "Write the value out."
            )
        if isinstance(event, yaml.AliasEvent):
            return Scalar(place, broken=True)
        if event.tag is not None:
            self._tell(place, f"{shown(event.tag)} is a tag, which is not taken here", "Leave it out.")
        if isinstance(event, yaml.MappingStartEvent):
            return self._table(place, events, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._listing(place, events, depth)
        return self._scalar(place, event)

    def _listing(self, place: Place, events: Iterator[Any], depth: int) -> Listing:
        listing = Listing(place)
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            node = self._node(event, events, depth + 1)
            self._check_value(node, node.place, "this entry")
            listing.items.append(node)
        return listing

    def _table(self, place: Place, events: Iterator[Any], depth: int) -> Table:
        table = Table(place)
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            at = _place(event.start_mark)
            key = self._key(event, self._node(event, events, depth + 1))
            node = self._node(next(events), events, depth + 1)
            if key is None:
                continue
            if key in table.keys:
                first = table.keys[key].line
                self._tell(
                    at, f"the key {shown(key)} stands here twice, first in line {first}", "Keep one of them."
                )
                continue
            self._check_value(node, at, shown(key))
            table.keys[key], table.nodes[key] = at, node
        return table

    def _key(self, event: Any, node: Node) -> str | None:
        """The key's text, or None where it was told why it cannot be one."""
        if isinstance(node, Scalar) and node.broken:
            return None
        if isinstance(node, Scalar) and isinstance(node.value, str):
            return node.value
        advice = f"Quote it: {quoted(node.text)}." if isinstance(node, Scalar) else "Write a plain word."
        self._tell(_place(event.start_mark), "this key is not text", advice)
        return None

    def _check_value(self, node: Node, place: Place, what: str) -> None:
        if isinstance(node, Scalar) and node.value is None:
            node.broken, node.value = True, ""
            self._tell(place, f"{what} has no value", "Give it one, or leave it out.")

    def _scalar(self, place: Place, event: Any) -> Scalar:
        if not event.implicit[0]:  # quoted, or a block
            return Scalar(place, event.value, event.value)
        if event.value == "<<":
            self._tell(place, "`<<` is a merge key, which is not taken here", "Write the keys out.")
            return Scalar(place, broken=True)
        value = read_plain(event.value)
        if not isinstance(value, Trap):
            return Scalar(place, event.value, value)
        self._tell(place, value.message, value.hint)
        return Scalar(place, event.value, broken=True)

    def _tell(self, place: Place, message: str, hint: str) -> None:
        self.problems.append(Problem(self.source, *place, message, hint))

    def _stop(self, place: Place, message: str, hint: str) -> SpecError:
        self._tell(place, message, hint)
        return SpecError(self.problems)


def _place(mark: Any) -> Place:
    return Place(mark.line + 1, mark.column + 1) if mark else START


def _syntax(error: yaml.MarkedYAMLError) -> tuple[str, str]:
    """What the parser says, and what most often helps."""
    problem = str(error.problem or "the text cannot be read")
    context = f" ({error.context})" if error.context else ""
    hint = "Look at the indentation, the colons and the quotes of this line and the one before."
    if "\\t" in problem or "tab" in problem or "cannot start any token" in problem:
        hint = "Indent with spaces, and quote text that begins with a special character."
    if "mapping values are not allowed" in problem:
        hint = "Quote text that holds `: `, and look at the indentation."
    return f"this is not YAML: {problem}{context}", hint
