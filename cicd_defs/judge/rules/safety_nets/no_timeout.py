"""A job has no time limit of its own.

**Why it matters** GitHub stops a job after six hours. Until then one that hangs holds a runner, and whoever waits for
it: a test that waits for a port, a prompt that nobody answers. A limit on steps does not count: what hangs between
them, or in a step without one, has none.
**How to fix** `timeout-minutes` behind `runs-on`, at two to three times what the job takes. A job that calls a
workflow cannot have one: there it stands in the called workflow's jobs.
**Example** `runs-on: ubuntu-24.04` is followed by `timeout-minutes: 15`.
"""

import re
from collections.abc import Iterator

from cicd_defs.facts.findings import Family, Fix, Severity
from cicd_defs.facts.workflow import WrittenJob, WrittenWorkflow
from cicd_defs.facts.yaml_nodes import nothing_in
from cicd_defs.judge.edits import insert_pair, replace_scalar
from cicd_defs.judge.purposes import job_kinds
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found
from cicd_defs.plan.kinds import StepKind

ABOUT = About(Family.SAFETY_NETS, Severity.LOW)

SHORT, USUAL, LONG = 15, 30, 60
"""Minutes for jobs that only look at code, for those that build and test, and for those that do the most."""

_LONG = frozenset({StepKind.INTEGRATION, StepKind.E2E, StepKind.DEPLOY})
_SHORT = frozenset(
    {
        StepKind.CHECKOUT,
        StepKind.SETUP,
        StepKind.INSTALL,
        StepKind.CACHE,
        StepKind.LINT,
        StepKind.FORMAT,
        StepKind.TYPECHECK,
        StepKind.SCAN,
    }
)
_CHECKS = frozenset({StepKind.LINT, StepKind.FORMAT, StepKind.TYPECHECK, StepKind.SCAN})


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Jobs with steps and without `timeout-minutes`."""
    for job in workflow.jobs:
        if job.key is None or job.uses is not None or not nothing_in(job.node.get("timeout-minutes")):
            continue
        if "steps" not in job.node.by_key:
            continue
        yield Found(
            workflow.source,
            job.key.start,
            job.key.end,
            f"the job `{job.id}` has no `timeout-minutes`: where it hangs, it runs for six hours",
            _fix(job),
        )


def _fix(job: WrittenJob) -> Fix | None:
    minutes = str(_minutes(job))
    written = job.node.scalar("timeout-minutes")
    if written is not None:
        edit = replace_scalar(job.file.source, written, minutes) if written.text else None
    else:
        after = "runs-on" if "runs-on" in job.node.by_key else None
        edit = insert_pair(job.file.source, job.node, [f"timeout-minutes: {minutes}"], after=after)
    return Fix(f"Stop the job `{job.id}` after {minutes} minutes", (edit,)) if edit else None


def _minutes(job: WrittenJob) -> int:
    """What is surely enough, by what the job does, and for what its steps may take themselves."""
    kinds = job_kinds(job)
    minutes = LONG if kinds & _LONG else SHORT if kinds & _CHECKS and kinds <= _SHORT else USUAL
    steps = [step.node.text("timeout-minutes") or "" for step in job.steps]
    longest = sum(int(text) for text in steps if re.fullmatch(r"\d{1,3}", text))
    return max(minutes, longest + 10) if longest else minutes
