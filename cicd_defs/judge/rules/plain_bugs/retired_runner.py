"""A job asks for a runner that GitHub has switched off.

**Why it matters** The job never starts: it waits for a machine that does not exist any more, until GitHub cancels it
after a day.
**How to fix** Ask for a runner that is there; the nearest one is offered.
**Example** `runs-on: ubuntu-20.04` becomes `runs-on: ubuntu-22.04`.
"""

import re
from collections.abc import Iterator

from cicd_defs.facts.findings import Family, Fix, Severity
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.workflow import WrittenJob, WrittenWorkflow
from cicd_defs.facts.yaml_nodes import Mapping, Node, Scalar, Sequence, scalars
from cicd_defs.judge.edits import remove_item, with_all
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found
from cicd_defs.judge.workflows.placed import edit_in, span_in
from cicd_defs.judge.workflows.retired import RUNNERS, runner_base

ABOUT = About(Family.PLAIN_BUGS, Severity.HIGH)

_LABEL = regex(r"(?<![\w.-])(?:ubuntu|macos|windows)-\d[\w.-]*", re.IGNORECASE)
_OF_MATRIX = regex(r"matrix\.([\w-]+)|matrix\[\s*'([^']+)'\s*]", re.IGNORECASE)
_OF_INPUT = regex(r"inputs\.([\w-]+)", re.IGNORECASE)
_ASKS = regex(r"runs?[-_]?on|runner|(?:^|[-_])os(?:$|[-_])|platform|image$|machine", re.IGNORECASE)

_TOGETHER = regex(r"((?:ubuntu|macos|windows)-)\$\{\{\s*matrix\.([\w-]+)\s*}}", re.IGNORECASE)

Place = tuple[Scalar, Sequence | None]
"""A word that becomes a label, and the list that it is an item of."""


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Labels of runners that are gone, in `runs-on` and in what it takes its value from."""
    source = workflow.source
    seen: set[int] = set()
    yield from _put_together(workflow)
    for scalar, listed in _labels(workflow):
        if id(scalar) in seen:
            continue
        seen.add(id(scalar))
        for found in _LABEL.finditer(scalar.text):
            base = runner_base(found[0])
            if base is None:
                continue
            gone = RUNNERS[base]
            wanted = gone.instead
            edit = edit_in(source, scalar, found.start(), found.end(), wanted)
            there = listed is not None and wanted in [
                one.text for one in listed.items if isinstance(one, Scalar)
            ]
            if there and listed is not None:
                edit = remove_item(source, listed, scalar)
            edits = with_all(edit)
            title = f"Take it out, `{wanted}` is there" if there else f"Run on `{wanted}`"
            yield Found(
                source,
                *span_in(source, scalar, found.start(), found.end()),
                f"`{found[0]}` was switched off on {gone.since}",
                Fix(title, edits) if edits else None,
            )


def _put_together(workflow: WrittenWorkflow) -> Iterator[Found]:
    """Labels of which a matrix gives the number only: `ubuntu-${{ matrix.version }}`."""
    for job in workflow.jobs:
        for label in job.labels:
            parts = _TOGETHER.fullmatch(label.text.strip())
            for value, _ in _in_matrix(job, parts[2]) if parts else ():
                base = runner_base(f"{parts[1]}{value.text}") if parts else None
                if base is None or parts is None:
                    continue
                gone = RUNNERS[base]
                same = gone.instead.startswith(parts[1].lower())
                number = gone.instead.removeprefix(parts[1].lower())
                edits = (
                    with_all(edit_in(workflow.source, value, 0, len(value.text), number)) if same else None
                )
                fix = Fix(f"Run on `{gone.instead}`", edits) if edits and value.style else None
                message = f"`{parts[1]}{value.text}` was switched off on {gone.since}"
                yield Found(workflow.source, value.start, value.end, message, fix)


def _labels(workflow: WrittenWorkflow) -> Iterator[Place]:
    text = workflow.source.text.lower()
    if not any(base in text for base in RUNNERS):
        return
    for job in workflow.jobs:
        asked = job.node.get("runs-on")
        grouped = isinstance(asked, Mapping) and "group" in asked.by_key
        own = any(label.text.lower() == "self-hosted" for label in job.labels)
        if not grouped and not own:
            yield from ((label, None) for label in job.labels)
            yield from _through_expressions(workflow, job)
        yield from _handed_on(job)


def _through_expressions(workflow: WrittenWorkflow, job: WrittenJob) -> Iterator[Place]:
    for label in job.labels:
        if "${{" not in label.text:
            continue
        for found in _OF_MATRIX.finditer(label.text):
            yield from _in_matrix(job, found[1] or found[2])
        for found in _OF_INPUT.finditer(label.text):
            yield from _of_input(workflow, found[1])


def _in_matrix(job: WrittenJob, name: str) -> Iterator[Place]:
    """What a matrix gives under a name: its own list, and what is included and excluded."""
    if job.matrix is None:
        strategy = job.node.mapping("strategy")
        whole = strategy.scalar("matrix") if strategy else None
        if whole is not None:
            yield whole, None
        return
    yield from _named(job.matrix, name)
    for key in ("include", "exclude"):
        listed = job.matrix.sequence(key)
        for item in listed.items if listed else ():
            if isinstance(item, Mapping):
                yield from _named(item, name)


def _named(mapping: Mapping, name: str) -> Iterator[Place]:
    """What stands under a key, whatever its case: contexts have none."""
    for key, node in mapping.pairs:
        if key.text.lower() == name.lower():
            yield from _words(node)


def _words(node: Node | None) -> Iterator[Place]:
    listed = node if isinstance(node, Sequence) else None
    for scalar in scalars(node):
        yield scalar, listed if listed and scalar in listed.items else None


def _of_input(workflow: WrittenWorkflow, name: str) -> Iterator[Place]:
    for event in ("workflow_call", "workflow_dispatch"):
        node = workflow.event(event)
        inputs = node.mapping("inputs") if node else None
        held = inputs.mapping(name) if inputs else None
        for key in ("default", "options"):
            yield from _words(held.get(key) if held else None)


def _handed_on(job: WrittenJob) -> Iterator[Place]:
    """What a called workflow is told to run on."""
    given = job.node.mapping("with") if job.uses else None
    for key, node in given.pairs if given else ():
        if _ASKS.search(key.text):
            yield from _words(node)
            if isinstance(node, Scalar):
                for found in _OF_MATRIX.finditer(node.text):
                    yield from _in_matrix(job, found[1] or found[2])
