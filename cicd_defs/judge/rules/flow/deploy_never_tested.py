"""A workflow deploys on a push or a release, and no test is in sight.

**Why it matters** What is deployed was at best tested elsewhere, in a run that this one does not wait for.
**How to fix** Test in a job that the deployment needs, call the workflow that tests, or start
by `workflow_run` after it.
**Example** `on: push` of `deploy.yml` becomes a job `deploy` of `ci.yml` with `needs: test`.
"""

from collections.abc import Iterator

from cicd_defs.facts.findings import Confidence, Family, Severity
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.workflow import WrittenWorkflow
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found
from cicd_defs.judge.workflows.deployments import deploys, events_of, tests

ABOUT = About(Family.FLOW, Severity.LOW, Confidence.LOW, strict=True)

_WAITS = regex(
    r"wait-(?:on|for)-check|gh run watch|gh pr checks|wait-for-status|check-runs|/statuses|workflow_run"
)


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Deploying jobs of workflows without any test, which wait for nothing."""
    if not {"push", "release"} & set(workflow.events) or _WAITS.search(workflow.source.text):
        return
    deploying = [job for job in workflow.jobs if deploys(job) and {"push", "release"} & events_of(job)]
    if not deploying or any(tests(job, repository) or job.uses for job in workflow.jobs):
        return
    first = deploying[0]
    if first.key is not None:
        message = f"`{first.id}` deploys, and nothing in this workflow tests or waits for tests"
        yield Found(workflow.source, first.key.start, first.key.end, message)
