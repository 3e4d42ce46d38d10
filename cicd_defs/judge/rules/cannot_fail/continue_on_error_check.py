"""A check's step has `continue-on-error: true`, and nobody asks what became of it.

**Why it matters** The step fails, the job is green: the failure is a small red mark that nobody opens.
**How to fix** Take the key away. A check that may fail on some legs says on which: `${{ matrix.experimental }}`. Where
a later step is to tell more, give the step an `id`, and let the later step ask for `steps.ID.outcome` and fail.
**Example** `- run: mypy src` loses its `continue-on-error: true`.
"""

from collections.abc import Iterator

from cicd_defs.facts.findings import Family, Fix, Severity
from cicd_defs.facts.workflow import WrittenStep, WrittenWorkflow, bare_condition
from cicd_defs.judge.commands.legitimate import (
    is_in_an_autofix,
    mends,
    outcome_is_read,
    reason_beside,
    report_is_judged,
)
from cicd_defs.judge.commands.purposes import CHECKS, job_kinds, kind_of_action, purpose_of_text
from cicd_defs.judge.commands.swallowed import command_name, guards_of
from cicd_defs.judge.edits import remove_pair, replace_scalar
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found
from cicd_defs.judge.workflows.expressions import is_always_true
from cicd_defs.plan.kinds import StepKind

ABOUT = About(Family.CANNOT_FAIL, Severity.HIGH)

_ON_DEMAND = {"workflow_dispatch", "schedule"}
_NO_COMMANDS = ("python", "node", "perl", "ruby")


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Steps with a check that go on at an error, always."""
    for step in workflow.steps:
        key = step.node.key("continue-on-error")
        value = step.node.scalar("continue-on-error")
        if key is None or value is None or not is_always_true(bare_condition(value) or ""):
            continue
        name = _check_in(step)
        if (
            name is None
            or outcome_is_read(step)
            or report_is_judged(step)
            or is_in_an_autofix(step)
            or _is_survey(workflow, step)
            or reason_beside(step.source, key, step.node, value)
        ):
            continue
        edit = remove_pair(step.source, step.node, "continue-on-error") or replace_scalar(
            step.source, value, "false"
        )
        yield Found(
            step.source,
            key.start,
            value.end,
            f"`{name}` cannot fail here: `continue-on-error: {value.text}` keeps the job green",
            Fix(f"Let `{name}` fail", (edit,)) if edit else None,
        )


def _is_survey(workflow: WrittenWorkflow, step: WrittenStep) -> bool:
    """Whether a file that no change starts gathers in a later job what all its legs have found."""
    if set(workflow.events) - _ON_DEMAND or StepKind.UPLOAD not in job_kinds(step.job):
        return False
    return any(StepKind.DOWNLOAD in job_kinds(job) for job in workflow.needed_by(step.job))


def _check_in(step: WrittenStep) -> str | None:
    """What a step checks; None where it checks nothing, or mends what it finds."""
    for command, purpose in guards_of(step):
        if purpose.kind is not StepKind.BUILD:
            return None if mends(step, command, purpose) else command_name(command)
    if step.run is not None and step.script is None and not step.shell.startswith(_NO_COMMANDS):
        lines = map(str.strip, step.run.text.splitlines())
        found = next((one for line in lines if (one := purpose_of_text(line)) and one.is_check), None)
        return found.tool if found else None
    return step.action if kind_of_action(step) in CHECKS else None
