"""A job deploys, or publishes a package, without waiting for the tests of the same workflow.

**Why it matters** Jobs without `needs` run side by side: what the tests would have stopped is out before they have
ended, or although they failed.
**How to fix** Let the job need the one that tests.
**Example** `deploy:` beside `test:` gets `needs: test`.
"""

from collections.abc import Iterator

from cicd_defs.facts.findings import Family, Fix, Severity
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.workflow import WrittenJob, WrittenWorkflow
from cicd_defs.judge.edits import with_all
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found
from cicd_defs.judge.workflows.deployments import deploys, events_of, publishes, tested_before, tests
from cicd_defs.judge.workflows.needs import add_needs
from cicd_defs.judge.workflows.placed import edit_in, span_in
from cicd_defs.judge.workflows.together import run_together

ABOUT = About(Family.FLOW, Severity.HIGH)

_BEFORE_MERGE = frozenset({"pull_request", "pull_request_target"})
_HOWEVER = regex(r"always\(\s*\)|!\s*cancelled\(\s*\)")
_LOOKS = regex(r"needs\.[\w*-]+\.result|success\(|needs\[|!\s*failure\(")


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Jobs that deploy beside tests which they do not wait for, or whatever these say."""
    for job in workflow.jobs:
        if job.key is None or not (deploys(job) or publishes(job)):
            continue
        events = events_of(job) - _BEFORE_MERGE
        testing = [
            other
            for other in workflow.jobs
            if other is not job
            and tests(other, repository)
            and run_together(job, other, sorted(events_of(other) & events))
            and job.id not in workflow.waits_for(other)
        ]
        if not testing:
            continue
        if not tested_before(job, repository):
            yield _unbound(job, testing)
        elif any(other.id in workflow.waits_for(job) for other in testing):
            yield from _whatever_they_say(job)


def _unbound(job: WrittenJob, testing: list[WrittenJob]) -> Found:
    assert job.key is not None
    whole = [other for other in testing if other.condition is None and not deploys(other)] or testing
    names = [other.id for other in whole]
    edits = with_all(add_needs(job, names))
    shown = ", ".join(f"`{name}`" for name in names)
    fix = Fix(f"Wait for {shown}", edits) if edits else None
    does = "deploys" if deploys(job) else "publishes"
    message = f"`{job.id}` {does} without waiting for {shown}"
    return Found(job.file.source, job.key.start, job.key.end, message, fix)


def _whatever_they_say(job: WrittenJob) -> Iterator[Found]:
    condition = job.condition
    found = _HOWEVER.search(condition.text) if condition else None
    if condition is None or found is None or _LOOKS.search(condition.text):
        return
    source = job.file.source
    edits = with_all(edit_in(source, condition, found.start(), found.end(), "success()"))
    yield Found(
        source,
        *span_in(source, condition, found.start(), found.end()),
        f"`{found[0]}` lets `{job.id}` deploy although the tests failed",
        Fix("Deploy only after success", edits) if edits else None,
    )
