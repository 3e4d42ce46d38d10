"""Expressions of a workflow with the place of each, so that a word within one can be pointed at and changed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cicd_defs.facts.findings import Edit
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.scalar_map import places_in
from cicd_defs.facts.source import Source
from cicd_defs.facts.workflow import WrittenJob, WrittenStep, WrittenWorkflow
from cicd_defs.facts.yaml_nodes import Mapping, Node, Scalar, Sequence

_EXPRESSION = regex(r"\$\{\{((?:[^'}]|'[^']*'|}(?!}))*)}}", re.DOTALL)
_NOTE = "placed expressions"


@dataclass(frozen=True, slots=True)
class Placed:
    """One expression: its text without `${{ }}`, where that begins in the scalar's text, and whose it is.

    `job` and `step` are None where it stands outside of them. `key` is the key nearest above it.
    """

    source: Source
    scalar: Scalar
    text: str
    shift: int
    key: str
    job: WrittenJob | None = None
    step: WrittenStep | None = None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where a part of the expression stands in the file; the whole scalar where that cannot be told."""
        return span_in(self.source, self.scalar, self.shift + start, self.shift + end)

    def edit(self, start: int, end: int, text: str) -> Edit | None:
        """Another text in place of a part; None where it has no place of its own."""
        return edit_in(self.source, self.scalar, self.shift + start, self.shift + end, text)


def span_in(source: Source, scalar: Scalar, start: int, end: int) -> tuple[int, int]:
    """Where a part of a scalar's text stands in the file; the whole scalar where that cannot be told."""
    places = places_in(source, scalar)
    if places is None or end >= len(places) or end <= start:
        return scalar.start, scalar.end
    return places[start], places[end - 1] + 1


def edit_in(source: Source, scalar: Scalar, start: int, end: int, text: str) -> Edit | None:
    """Another text in place of a part of a scalar's; None where it cannot stand there, or others see the scalar."""
    places = places_in(source, scalar)
    if places is None or end >= len(places) or scalar.aliased or "\n" in text:
        return None
    if (scalar.style == "'" and "'" in text) or (scalar.style == '"' and re.search(r'[\\"]', text)):
        return None
    last = places[end - 1] + 1 if end > start else places[start]
    return Edit(source.path, places[start], last, text)


def expressions(workflow: WrittenWorkflow) -> tuple[Placed, ...]:
    """All expressions of a file, each once. An `if` is one also without `${{ }}`."""
    notes = workflow.source.notes
    held = notes.get(_NOTE)
    if isinstance(held, tuple) and held and held[0] is workflow:
        known: tuple[Placed, ...] = held[1]
        return known
    found = tuple(_expressions(workflow))
    notes[_NOTE] = (workflow, found)
    return found


def _expressions(workflow: WrittenWorkflow) -> Iterator[Placed]:
    source = workflow.source
    if "${{" not in source.text and "if" not in source.text:
        return
    seen: set[int] = set()
    for job in workflow.jobs or ():
        for step in job.steps:
            yield from _below(source, step.node, seen, job, step)
        yield from _below(source, job.node, seen, job, None)
    if workflow.kind == "action":
        for step in workflow.steps:
            yield from _below(source, step.node, seen, step.job, step)
    yield from _below(source, workflow.root, seen, None, None)


def _below(
    source: Source, root: Node, seen: set[int], job: WrittenJob | None, step: WrittenStep | None
) -> Iterator[Placed]:
    stack: list[tuple[str, Node]] = [("", root)]
    while stack:
        key, node = stack.pop()
        if isinstance(node, Scalar) and key != "if" and "${{" not in node.text:
            continue  # most of them are so
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Mapping):
            stack += [(name.text, below) for name, below in reversed(node.pairs)]
        elif isinstance(node, Sequence):
            stack += [("", below) for below in reversed(node.items)]
        else:
            yield from _in_scalar(source, node, key, job, step)


def _in_scalar(
    source: Source, scalar: Scalar, key: str, job: WrittenJob | None, step: WrittenStep | None
) -> Iterator[Placed]:
    text = scalar.text
    if "${{" in text:
        for found in _EXPRESSION.finditer(text):
            yield Placed(source, scalar, found[1], found.start(1), key, job, step)
        if key != "if" or text.lstrip().startswith("${{"):
            return
    if key == "if" and text.strip():
        yield Placed(source, scalar, text, 0, key, job, step)
