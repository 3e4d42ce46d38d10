"""A version without quotes is read as a number and loses its last zero.

**Why it matters** YAML reads `3.10` as the number 3.1 and `3.0` as 3, so another version is installed than the one
that is written, or none is found. A matrix then tests the wrong one, in green.
**How to fix** Put the version in quotes.
**Example** `python-version: [3.9, 3.10]` becomes `python-version: [3.9, "3.10"]`.
"""

import re
from collections.abc import Iterator

from cicd_defs.facts.findings import Family, Fix, Severity
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.source import Source
from cicd_defs.facts.workflow import WrittenWorkflow
from cicd_defs.facts.yaml_nodes import Mapping, Node, Scalar, Sequence, walk
from cicd_defs.judge.edits import with_all
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found, replacing
from cicd_defs.judge.workflows.placed import edit_in, span_in

ABOUT = About(Family.PLAIN_BUGS, Severity.HIGH)

_HINT = regex(r"\.\d*0(?=[\s,\]}#]|$)")
_SHORTENED = regex(r"\d+\.\d*0")
_IN_JSON = regex(r"(?<=[\[,:])\s*(\d+\.\d*0)\s*(?=[\],}])")
_MEASURE = regex(
    r"time|second|minute|ratio|factor|rate|threshold|under|percent|weight|memory|cpu|score|limit|size|tolerance|scale"
    r"|coverage|delay|wait|interval|number|count|price|cost|minimum|maximum|green|level|quota|budget|confidence|duration",
    re.IGNORECASE,
)
_OF_VERSIONS = regex(
    r"ver(?:sion)?s?\b|version|(?:^|[-_])v$|python|pypy|(?:^|[-_])py(?:$|[-_])|node|golang|(?:^|[-_])go(?:$|[-_])|ruby"
    r"|java|jdk|php|dotnet|rust|msrv|toolchain|release|(?:^|[-_])tag|deno|perl|elixir|otp|erlang|scala|kotlin|swift"
    r"|xcode|django|rails|postgres|mysql|redis|gradle|maven|terraform|kubernetes|k8s|helm|image",
    re.IGNORECASE,
)


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Plain numbers that end with a zero where a version is meant: inputs, a matrix, variables, defaults."""
    source = workflow.source
    if not _HINT.search(source.text):
        return
    for scalar in _versions(workflow):
        if scalar.is_plain and not scalar.tag and _SHORTENED.fullmatch(scalar.text):
            yield _found(source, scalar)
        elif "fromJSON" in scalar.text:
            yield from _in_json(source, scalar)


def _versions(workflow: WrittenWorkflow) -> Iterator[Scalar]:
    seen: set[int] = set()
    for scalar in _places(workflow):
        if id(scalar) not in seen:
            seen.add(id(scalar))
            yield scalar


def _places(workflow: WrittenWorkflow) -> Iterator[Scalar]:
    root = workflow.root
    yield from _named(root.get("env"), _OF_VERSIONS)
    for name in ("workflow_dispatch", "workflow_call"):
        event = workflow.event(name)
        yield from _of_inputs(event.mapping("inputs") if event else None)
    yield from _of_inputs(root.mapping("inputs") if workflow.kind == "action" else None)
    for job in workflow.jobs:
        yield from _named(job.node.get("env"), _OF_VERSIONS)
        yield from _unmeasured(job.node.get("with"))
        yield from _unmeasured(job.matrix)
        strategy = job.node.mapping("strategy")
        whole = strategy.scalar("matrix") if strategy else None
        if whole is not None:
            yield whole
    for step in workflow.steps:
        yield from _unmeasured(step.node.get("with"))
        yield from _named(step.node.get("env"), _OF_VERSIONS)


def _named(node: Node | None, names: re.Pattern[str]) -> Iterator[Scalar]:
    """The words below keys that speak of versions."""
    for key, below in node.pairs if isinstance(node, Mapping) else ():
        if names.search(key.text) and not _MEASURE.search(key.text) and isinstance(below, Scalar):
            yield below


def _unmeasured(node: Node | None) -> Iterator[Scalar]:
    """All words below a map, but for those of keys that speak of a measure."""
    if isinstance(node, Scalar):
        yield node
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _unmeasured(item)
    elif isinstance(node, Mapping):
        for key, below in node.pairs:
            if not _MEASURE.search(key.text) or _OF_VERSIONS.search(key.text):
                yield from _unmeasured(below)


def _of_inputs(inputs: Mapping | None) -> Iterator[Scalar]:
    """Defaults and choices of inputs, but for those that are numbers."""
    for key, node in inputs.pairs if inputs else ():
        if not isinstance(node, Mapping) or node.text("type") == "number" or _MEASURE.search(key.text):
            continue
        for name in ("default", "options"):
            yield from (below for below in walk(node.get(name)) if isinstance(below, Scalar))


def _found(source: Source, scalar: Scalar) -> Found:
    read = f"{float(scalar.text):g}"
    quote = "'" if source.text.count("'") > source.text.count('"') else '"'
    edit = replacing(source, scalar.start, scalar.end, f"{quote}{scalar.text}{quote}")
    return Found(
        source,
        scalar.start,
        scalar.end,
        f"`{scalar.text}` is read as the number {read}",
        Fix(f"Quote `{scalar.text}`", (edit,)),
    )


def _in_json(source: Source, scalar: Scalar) -> Iterator[Found]:
    for found in _IN_JSON.finditer(scalar.text):
        edits = with_all(edit_in(source, scalar, found.start(1), found.end(1), f'"{found[1]}"'))
        yield Found(
            source,
            *span_in(source, scalar, found.start(1), found.end(1)),
            f"`{found[1]}` is read as the number {float(found[1]):g}",
            Fix(f"Quote `{found[1]}`", edits) if edits else None,
        )
