"""A job of checks has `continue-on-error: true`: the run is green whatever becomes of it.

**Why it matters** Jobs that need it go on, and the run's own mark is green. The job looks like a check and is none.
**How to fix** Take the key away, or say on which legs it holds: `${{ matrix.experimental }}`. A comment beside it that
gives the reason is taken for an answer.
**Example** `continue-on-error: true` becomes `continue-on-error: ${{ matrix.experimental == true }}`.
"""

from collections.abc import Iterator

from cicd_defs.facts.findings import Family, Fix, Severity
from cicd_defs.facts.workflow import WrittenWorkflow, bare_condition
from cicd_defs.judge.commands.legitimate import reason_beside
from cicd_defs.judge.commands.purposes import CHECKS, job_kinds
from cicd_defs.judge.edits import remove_pair, replace_scalar
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found
from cicd_defs.judge.workflows.expressions import is_always_true

ABOUT = About(Family.CANNOT_FAIL, Severity.MEDIUM, strict=True)


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Jobs with a check that go on at an error, always."""
    for job in workflow.jobs:
        key = job.node.key("continue-on-error")
        value = job.node.scalar("continue-on-error")
        if key is None or value is None or not is_always_true(bare_condition(value) or ""):
            continue
        if not CHECKS & job_kinds(job) or reason_beside(workflow.source, key, job.node, value):
            continue
        edit = remove_pair(workflow.source, job.node, "continue-on-error") or replace_scalar(
            workflow.source, value, "false"
        )
        yield Found(
            workflow.source,
            key.start,
            value.end,
            f"the checks of job `{job.id}` cannot fail: `continue-on-error: {value.text}` keeps the run green",
            Fix(f"Let job `{job.id}` fail", (edit,)) if edit else None,
        )
