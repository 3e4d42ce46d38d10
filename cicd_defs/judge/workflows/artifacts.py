"""The artifacts that a workflow's jobs put up and take down, by name.

Names are compared as patterns: a part that is worked out when the workflow runs stands for any text, but for a matrix'
values, which are known where the matrix is written out.
https://docs.github.com/actions/how-tos/writing-workflows/choosing-what-your-workflow-does/storing-and-sharing-data-from-a-workflow
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from cicd_defs.facts.patterns import regex
from cicd_defs.facts.workflow import WrittenJob, WrittenStep, WrittenWorkflow
from cicd_defs.facts.yaml_nodes import Mapping, Node, Scalar, Sequence
from cicd_defs.judge.images.pushed_images import literal
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.workflows.written_outputs import called_workflow

UPLOAD, DOWNLOAD = "actions/upload-artifact", "actions/download-artifact"
DEFAULT_NAME = "artifact"
BUILD_RECORD = ".dockerbuild"

_ANY = "*"
_EXPRESSION = regex(r"\$\{\{\s*(.*?)\s*}}", re.DOTALL)
_MATRIX = regex(r"matrix\.([\w-]+)", re.IGNORECASE)
_OF_OTHERS: dict[str, tuple[str, ...]] = {
    "actions/upload-pages-artifact": ("github-pages",),
    "hynek/build-and-inspect-python-package": ("Packages*",),
    "docker/build-push-action": (f"*{BUILD_RECORD}",),
    "docker/bake-action": (f"*{BUILD_RECORD}",),
    "anchore/sbom-action": (_ANY,),
    "actions/jekyll-build-pages": (),
    "dorny/test-reporter": (),
    "enricomi/publish-unit-test-result-action": (),
    "github/codeql-action/upload-sarif": (),
    "js-devtools/npm-publish": (),
    "mikepenz/action-junit-report": (),
    "ossf/scorecard-action": (),
    "pypa/cibuildwheel": (),
    "pypa/gh-action-pypi-publish": (),
}
_PERHAPS = regex(r"upload|artifact|publish-unit-test|report|inspect|package|wheel|sbom|scorecard|slsa|attest")
_MOST = 256
_OF_MATRIX = regex(r"matrix((?:\.[\w-]+)+)", re.IGNORECASE)
_OF_RUNNER = regex(r"runner\.os", re.IGNORECASE)
_CHANGES = regex(
    r"matrix|strategy|runner|steps|\bjob\b|hashFiles|github\.job\b|github\.action|\benv\.", re.IGNORECASE
)
"""What may be another text in each leg of a matrix."""

Leg = dict[str, Node]


@dataclass(frozen=True, slots=True)
class Artifact:
    """One artifact as it is named: `patterns` are the names that it can have, with `*` for any text."""

    step: WrittenStep
    scalar: Scalar | None
    patterns: tuple[str, ...]


def uploads(workflow: WrittenWorkflow) -> Iterator[Artifact]:
    """What a workflow's own steps put up."""
    for step in workflow.steps:
        if step.action == UPLOAD:
            scalar = step.inputs.get("name")
            if step.given("archive").lower() not in {"", "true"}:  # a file under its own name
                yield Artifact(step, scalar, (_ANY,))
                continue
            yield Artifact(step, scalar, names_of(step, scalar.text if scalar else DEFAULT_NAME))


def names_of(step: WrittenStep, text: str) -> tuple[str, ...]:
    """Each name that a text can become in a step."""
    text = literal(step.job, step, text).strip()
    if "${{" not in text:
        return (text,)
    combinations = _combinations(step.job, set(_MATRIX.findall(text)))
    return tuple(dict.fromkeys(_filled(text, values) for values in combinations))


def _filled(text: str, values: dict[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        name = re.fullmatch(r"matrix\.([\w-]+)", found[1], re.IGNORECASE)
        return values.get(name[1].lower(), _ANY) if name else _ANY

    return re.sub(r"\*+", _ANY, _EXPRESSION.sub(value, text))


def _combinations(job: WrittenJob, names: set[str]) -> list[dict[str, str]]:
    """The values of these parts of the matrix, each with each, as far as they are written out."""
    held: dict[str, list[str]] = {}
    for name in sorted({name.lower() for name in names}):
        values = _values(job, name)
        held[name] = values or [_ANY]
    made = [dict(zip(held, values, strict=True)) for values in product(*held.values())] if held else [{}]
    return made if len(made) <= _MOST else [{}]


def _values(job: WrittenJob, name: str) -> list[str]:
    if job.matrix is None:
        return []
    axis = next((node for key, node in job.axes.items() if key.lower() == name), None)
    nodes = list(axis.items) if axis else []
    if any(key.text.lower() == name for key, node in job.matrix.pairs if isinstance(node, Scalar)):
        return []
    included = job.matrix.get("include")
    if isinstance(included, Scalar):
        return []
    listed = job.matrix.sequence("include")
    for item in listed.items if listed else ():
        if isinstance(item, Mapping):
            nodes += [node for key, node in item.pairs if key.text.lower() == name]
    texts = [node.text if isinstance(node, Scalar) and "${{" not in node.text else _ANY for node in nodes]
    return list(dict.fromkeys(texts))


def named_alike(one: Artifact) -> bool:
    """Whether two legs of the job's matrix surely put it up under the same name.

    The name is worked out for each leg, as far as it is made of the matrix' own values. False where it is made of
    something else that may differ.
    """
    job = one.step.job
    legs = legs_of(job)
    if one.scalar is None or legs is None or len(legs) < 2:
        return False
    text = literal(job, one.step, one.scalar.text)
    parts = _EXPRESSION.findall(text)
    if not any(map(_CHANGES.search, parts)):
        return False
    names = [_in_leg(job, text, leg) for leg in legs]
    return None not in names and len(set(names)) < len(names)


def _in_leg(job: WrittenJob, text: str, leg: Leg) -> str | None:
    """The name in one leg, in lower case; None where nobody can tell."""
    made, at = "", 0
    for found in _EXPRESSION.finditer(text):
        value: str | None = found[0]
        if _CHANGES.search(found[1]):
            value = _value_in_leg(job, found[1], leg)
        if value is None:
            return None
        made += text[at : found.start()] + value
        at = found.end()
    return (made + text[at:]).strip().lower()


def _value_in_leg(job: WrittenJob, expression: str, leg: Leg) -> str | None:
    if _OF_RUNNER.fullmatch(expression):
        asked = job.node.scalar("runs-on")
        found = _EXPRESSION.fullmatch(asked.text.strip()) if asked else None
        label = _value_in_leg(job, found[1], leg) if found else asked.text if asked else None
        return (
            re.split(r"[-_]", label)[0].lower()
            if label and re.match(r"ubuntu|windows|macos", label)
            else None
        )
    path = _OF_MATRIX.fullmatch(expression)
    if path is None:
        return None
    names = path[1].lower().split(".")[1:]
    node: Node | None = leg.get(names[0])
    for name in names[1:]:
        node = node.get(name) if isinstance(node, Mapping) else None
    if node is None:
        return ""
    return node.text if isinstance(node, Scalar) and "${{" not in node.text else None


def legs_of(job: WrittenJob) -> list[Leg] | None:
    """Each combination of a matrix, as GitHub makes them; None where it is not written out, or is very large."""
    matrix = job.matrix
    if matrix is None or "<<" in matrix.by_key:
        return None
    lists = {key.text.lower(): node for key, node in matrix.pairs}
    included, excluded = lists.pop("include", None), lists.pop("exclude", None)
    axes = {name: node.items for name, node in lists.items() if isinstance(node, Sequence)}
    size = 1
    for items in axes.values():
        size *= len(items)
    written = (
        isinstance(node, Sequence) for node in (*lists.values(), included, excluded) if node is not None
    )
    if not all(written) or size > _MOST:
        return None
    legs = [dict(zip(axes, values, strict=True)) for values in product(*axes.values())] if axes else []
    legs = [leg for leg in legs if not any(_fits(leg, entry) for entry in _entries(excluded))]
    first, own = len(legs), [dict(leg) for leg in legs]
    for entry in _entries(included):
        fitting = [
            at
            for at in range(first)
            if all(_same(own[at][key], entry[key]) for key in entry if key in own[at])
        ]
        for at in fitting:
            legs[at].update(entry)
        if not fitting:
            legs.append(entry)
    return legs


def _entries(node: Node | None) -> list[Leg]:
    items = node.items if isinstance(node, Sequence) else []
    return [
        {key.text.lower(): value for key, value in item.pairs} for item in items if isinstance(item, Mapping)
    ]


def _fits(leg: Leg, entry: Leg) -> bool:
    return all(key in leg and _same(leg[key], value) for key, value in entry.items())


def _same(one: Node, other: Node) -> bool:
    return isinstance(one, Scalar) and isinstance(other, Scalar) and one.text == other.text


def put_up_in_run(workflow: WrittenWorkflow, repository: Repository) -> list[str] | None:
    """The patterns of all names that a run of a workflow puts up; None where nobody can tell."""
    return _put_up(workflow, repository, frozenset(), callers=True)


def _put_up(
    workflow: WrittenWorkflow, repository: Repository, seen: frozenset[str], *, callers: bool
) -> list[str] | None:
    if workflow.path in seen or len(seen) > 8:
        return []
    seen |= {workflow.path}
    patterns = [pattern for artifact in uploads(workflow) for pattern in artifact.patterns]
    for step in workflow.steps:
        others = _by_another_action(step, repository)
        if others is None:
            return None
        patterns += others
    for job in workflow.jobs:
        if job.uses is None:
            continue
        called = called_workflow(job, repository)
        below = None if called is None else _put_up(called, repository, seen, callers=False)
        if below is None:
            return None
        patterns += below
    if callers and "workflow_call" in workflow.events:
        above = _of_callers(workflow, repository, seen)
        return None if above is None else patterns + above
    return patterns


def _of_callers(workflow: WrittenWorkflow, repository: Repository, seen: frozenset[str]) -> list[str] | None:
    """What the runs put up in which a workflow is called. Anybody may call it, but most callers are near."""
    calling = repository.callers.get(workflow.path)
    if not calling:
        return None
    patterns: list[str] = []
    for other in calling:
        above = _put_up(other, repository, seen, callers=True)
        if above is None:
            return None
        patterns += above
    return patterns


def _by_another_action(step: WrittenStep, repository: Repository) -> list[str] | None:
    """What an action puts up that is none of GitHub's own; None where it may be anything."""
    action = step.action
    if not action or action == UPLOAD or action.startswith("docker:"):
        return []
    if action in _OF_OTHERS:
        return list(_OF_OTHERS[action])
    if action.startswith("./"):
        folder = step.uses.text.strip()[2:].strip("/") if step.uses else ""
        own = repository.action_in(folder)
        if own is None:  # of another repository, checked out beside
            return None if _PERHAPS.search(folder) or not repository.whole else []
        return [_ANY if "inputs." in pattern else pattern for one in uploads(own) for pattern in one.patterns]
    return None if _PERHAPS.search(action) and not action.startswith("actions/") else []


@lru_cache(maxsize=8192)
def can_be_same(one: str, other: str) -> bool:
    """Whether two patterns can stand for the same name."""
    if not one or not other:
        return not one.strip(_ANY) and not other.strip(_ANY)
    if one[0] == _ANY:
        return (
            can_be_same(one[1:], other)
            or (other[0] != _ANY and can_be_same(one, other[1:]))
            or (other[0] == _ANY and can_be_same(one, other[1:]))
        )
    if other[0] == _ANY:
        return can_be_same(one, other[1:]) or can_be_same(one[1:], other)
    return one[0].lower() == other[0].lower() and can_be_same(one[1:], other[1:])
