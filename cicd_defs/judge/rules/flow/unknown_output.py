"""An expression takes an output from a job or a step that does not give it.

**Why it matters** It is an empty text, without an error: the version is missing in the name of an image, the condition
is never true, the deployment never starts. A job sees the outputs of those only that its own `needs` names.
**How to fix** Name the output as it is set; declare it under the job's `outputs`; add the job to `needs`; take it from
a step that comes before.
**Example** `${{ needs.build.outputs.tag }}` in a job without `needs: build` is empty: add `needs: build`.
"""

import re
from collections.abc import Iterator

from cicd_defs.facts.findings import Edit, Family, Fix, Severity
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.remembered import remembered
from cicd_defs.facts.workflow import WrittenJob, WrittenStep, WrittenWorkflow
from cicd_defs.facts.yaml_nodes import Mapping, Sequence
from cicd_defs.judge.closest import closest
from cicd_defs.judge.edits import insert_pair, with_all
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found
from cicd_defs.judge.workflows.needs import add_needs
from cicd_defs.judge.workflows.placed import Placed, expressions
from cicd_defs.judge.workflows.written_outputs import outputs_of_job, outputs_of_step

ABOUT = About(Family.FLOW, Severity.HIGH)

MOST_NAMES = 100
"""Steps before an expression of which one may be meant: the nearest of thousands."""

_NAME = r"(?:\.([\w-]+)|\[\s*'([\w-]+)'\s*])"
_NEEDS = regex(
    rf"(?<![\w.-])(needs|jobs){_NAME}(?:\.(outputs|result)|\['(outputs|result)'])(?:{_NAME})?", re.IGNORECASE
)
_STEPS = regex(rf"(?<![\w.-])steps{_NAME}\.(outputs|outcome|conclusion)(?:{_NAME})?", re.IGNORECASE)


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Uses of `needs`, `jobs` and `steps` that speak of nothing."""
    for one in expressions(workflow):
        if "needs" in one.text or "jobs" in one.text:
            for found in _NEEDS.finditer(one.text):
                yield from _of_job(workflow, repository, one, found)
        if "steps" in one.text:
            for found in _STEPS.finditer(one.text):
                yield from _of_step(repository, one, found)


def _of_job(
    workflow: WrittenWorkflow, repository: Repository, one: Placed, found: re.Match[str]
) -> Iterator[Found]:
    name = (found[2] or found[3]).lower()
    group = 2 if found[2] else 3
    known = _jobs(workflow)
    if found[1].lower() == "needs":
        if one.job is None or workflow.kind == "action" or "<<" in one.job.node.by_key:
            return
        if name not in {need.text.lower() for need in one.job.needs}:
            yield _not_needed(one, found, group, known.get(name))
            return
    elif one.job is not None or name not in known:
        if one.job is None and workflow.jobs and "workflow_call" in workflow.events:
            yield _renamed(one, found.span(group), f"there is no job `{name}`", closest(name, known))
        return
    output = found[6] or found[7]
    job = known.get(name)
    if job is None or not output or (found[4] or found[5]).lower() != "outputs":
        return
    given = outputs_of_job(job, repository)
    if given is not None and output.lower() not in given:
        message = f"the job `{job.id}` has no output `{output}`"
        near = closest(output, given)
        declared = _declared(job, output) if near is None else None
        yield _renamed(one, found.span(6 if found[6] else 7), message, near, declared)


@remembered
def _jobs(workflow: WrittenWorkflow) -> dict[str, WrittenJob]:
    return {job.id.lower(): job for job in workflow.jobs}


def _not_needed(one: Placed, found: re.Match[str], group: int, job: WrittenJob | None) -> Found:
    mine = one.job
    assert mine is not None
    name = found[group]
    here = [need.text for need in mine.needs]
    if job is None:
        return _renamed(one, found.span(group), f"`{mine.id}` needs no job `{name}`", closest(name, here))
    circle = mine.id in mine.file.waits_for(job) or job is mine
    edits = None if circle else with_all(add_needs(mine, [job.id]))
    message = f"`{name}` is not among the `needs` of `{mine.id}`, so this is empty"
    return Found(
        one.source,
        *one.span(*found.span(group)),
        message,
        Fix(f"Wait for `{job.id}`", edits) if edits else None,
    )


def _declared(job: WrittenJob, output: str) -> tuple[Edit, ...] | None:
    """The output declared, where a single step of the job sets one of that name."""
    setting = [
        step
        for step in job.steps
        if step.id and step.run and re.search(rf"(?<![\w-]){re.escape(output)}(?:=|<<)", step.run.text)
    ]
    if len(setting) != 1 or "outputs" in job.node.by_key:
        return None
    line = f"  {output}: ${{{{ steps.{setting[0].id}.outputs.{output} }}}}"
    return with_all(insert_pair(job.file.source, job.node, ["outputs:", line], before="steps"))


def _of_step(repository: Repository, one: Placed, found: re.Match[str]) -> Iterator[Found]:
    if one.job is None or "<<" in one.job.node.by_key:
        return
    name = (found[1] or found[2]).lower()
    group = 1 if found[1] else 2
    if name in _grouped(one.job):
        return
    step = _by_id(one.job).get(name)
    if step is None or (one.step is not None and step.index >= one.step.index):
        told = f"no step of this job is called `{name}`"
        if step is not None:
            told = (
                f"the step `{name}` comes later" if step is not one.step else f"the step `{name}` is this one"
            )
        before = one.job.steps if one.step is None else one.job.steps[: one.step.index]
        near = (
            _another(
                [other for other in before if other.id][-MOST_NAMES:],
                found[4] or found[5] or "",
                name,
                repository,
            )
            if step is None
            else None
        )
        yield _renamed(one, found.span(group), told, near)
        return
    output = found[4] or found[5]
    if found[3].lower() != "outputs" or not output:
        return
    given = outputs_of_step(step, repository)
    if given is not None and output.lower() not in given:
        span = found.span(4 if found[4] else 5)
        near = closest(output, given)
        yield _renamed(one, span, f"the step `{step.id}` sets no output `{output}`", near)


def _another(before: list[WrittenStep], output: str, name: str, repository: Repository) -> str | None:
    """The step that was meant: the one of which the name is nearest, or the only one that sets this output."""
    near = closest(name, [step.id or "" for step in before])
    setting = [
        step.id for step in before if output and output.lower() in (outputs_of_step(step, repository) or ())
    ]
    return near or (setting[0] if len(setting) == 1 else None)


@remembered
def _by_id(job: WrittenJob) -> dict[str, WrittenStep]:
    """The steps that have a name, the first of each."""
    return {step.id.lower(): step for step in reversed(job.steps) if step.id}


@remembered
def _grouped(job: WrittenJob) -> frozenset[str]:
    """The ids of steps that stand in a group of others, such as `parallel`."""
    listed = [node for step in job.steps if not step.uses and not step.run for _, node in step.node.pairs]
    items = [item for node in listed if isinstance(node, Sequence) for item in node.items]
    return frozenset((item.text("id") or "").lower() for item in items if isinstance(item, Mapping))


def _renamed(
    one: Placed,
    span: tuple[int, int],
    message: str,
    near: str | None,
    edits: tuple[Edit, ...] | None = None,
) -> Found:
    """What is said of a name, and the fix: the nearest one in its place."""
    hint = f"; did you mean `{near}`?" if near else ""
    edits = with_all(one.edit(*span, near)) if near else edits
    title = f"Write `{near}`" if near else "Declare the output"
    return Found(one.source, *one.span(*span), message + hint, Fix(title, edits) if edits else None)
