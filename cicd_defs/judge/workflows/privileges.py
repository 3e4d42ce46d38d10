"""Whether each job's token may do what its steps need, and nothing else.

Found are a permission that no step needs, one that a step needs and the job lacks, and a step of which it is not known
what it needs: an action that nobody has looked up, or a command that is handed the token and does not say what for.
"""

from collections.abc import Iterator
from typing import Literal

from cicd_defs.facts.value import Value
from cicd_defs.plan.permissions import UnknownNeeds, needs_of, permissions_for, uses_token
from cicd_defs.plan.pipeline import Access, Job, Pipeline, Scope, Step, Workflow

Granted = Access | Literal["none"]


class WrongPrivilege(Value):
    """One thing about a job's token that is not as its steps need it. `scope` is None where a step is not known."""

    file: str
    job: str
    scope: Scope | None
    granted: Granted
    needed: Granted
    why: str


def wrong_privileges(pipeline: Pipeline) -> tuple[WrongPrivilege, ...]:
    """Every job whose token may do more or less than its steps need, by workflow and job; nothing where all fit."""
    return tuple(
        found
        for workflow in pipeline.workflows
        for job in workflow.jobs
        for found in (*_unknown(workflow, job), *_unfitting(workflow, job))
    )


def _unknown(workflow: Workflow, job: Job) -> Iterator[WrongPrivilege]:
    for value in (*workflow.env.values(), *job.env.values()):
        if uses_token(value):  # then every step has it, and none says what for
            yield _wrong(workflow, job, "the token stands in the variables of every step")
    for step in job.steps:
        if not _is_known(step):
            yield _wrong(workflow, job, f"nobody has written down what the action of step {step.id} needs")
        elif _is_silent(step):
            yield _wrong(workflow, job, f"step {step.id} gets the token and does not say what for")


def _is_known(step: Step) -> bool:
    try:
        needs_of(step)
    except UnknownNeeds:
        return False
    return True


def _is_silent(step: Step) -> bool:
    """Whether a command is handed the token without a word. What an action does with it, its table says."""
    return step.uses is None and not step.token_needs and any(map(uses_token, step.env.values()))


def _unfitting(workflow: Workflow, job: Job) -> Iterator[WrongPrivilege]:
    needed = {need.scope: need for need in permissions_for(step for step in job.steps if _is_known(step))}
    granted = {held.scope: held for held in job.permissions}
    if len(granted) < len(job.permissions):
        yield _wrong(workflow, job, "a scope is granted twice")
    for scope in sorted({*needed, *granted}):
        has: Granted = granted[scope].access if scope in granted else "none"
        wants: Granted = needed[scope].access if scope in needed else "none"
        if has != wants:
            why = f"needed to {needed[scope].reason}" if scope in needed else "no step needs it"
            yield WrongPrivilege(
                file=workflow.file, job=job.id, scope=scope, granted=has, needed=wants, why=why
            )


def _wrong(workflow: Workflow, job: Job, why: str) -> WrongPrivilege:
    return WrongPrivilege(file=workflow.file, job=job.id, scope=None, granted="none", needed="none", why=why)
