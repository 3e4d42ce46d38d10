"""Two runs can deploy at the same time, or one is cut off in the middle.

**Why it matters** Of two deployments side by side the older one may end last, and stays. One that is cancelled half way
leaves behind what nobody planned.
**How to fix** Give the job a `concurrency` group of its own without `cancel-in-progress`: runs then wait in line.
**Example** `deploy:` gets `concurrency: {group: deploy-production, cancel-in-progress: false}`.
"""

import re
from collections.abc import Iterator

from cicd_defs.facts.findings import Edit, Family, Fix, Severity
from cicd_defs.facts.workflow import WrittenJob, WrittenWorkflow
from cicd_defs.facts.yaml_nodes import Mapping, Scalar, nothing_in
from cicd_defs.judge.edits import insert_pair, with_all
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found, replacing
from cicd_defs.judge.workflows.deployments import deploys

ABOUT = About(Family.FLOW, Severity.MEDIUM)

_BEFORE_MERGE = frozenset({"pull_request", "pull_request_target"})


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Deploying jobs without a group, and groups that cancel a deployment."""
    deploying = [job for job in workflow.jobs if deploys(job)]
    if not deploying:
        return
    whole = workflow.root.get("concurrency")
    bare = [job for job in deploying if nothing_in(job.node.get("concurrency"))]
    if nothing_in(whole) and not workflow.is_called:
        for job in bare:
            if job.key is not None and job.uses is None:
                edits = with_all(_grouped(job))
                fix = Fix("Let deployments wait in line", edits) if edits else None
                message = f"two runs of `{job.id}` can deploy at the same time"
                yield Found(workflow.source, job.key.start, job.key.end, message, fix)
    elif bare:
        yield from _cancelling(workflow, whole, bare[0])
    for job in deploying:
        yield from _cancelling(workflow, job.node.get("concurrency"), job)


def _grouped(job: WrittenJob) -> Edit | None:
    place = (
        re.sub(r"[^\w.-]+", "-", job.environment or "") if "${{" not in (job.environment or "${{") else job.id
    )
    name = place if place.startswith("deploy") else f"deploy-{place}"
    line = f"{{group: {name}, cancel-in-progress: false}}"
    if job.node.flow:
        return insert_pair(job.file.source, job.node, [f"concurrency: {line}"])
    return insert_pair(
        job.file.source,
        job.node,
        ["concurrency:", f"  group: {name}", "  cancel-in-progress: false"],
        before="steps",
    )


def _cancelling(workflow: WrittenWorkflow, node: object, job: WrittenJob) -> Iterator[Found]:
    scalar = node.scalar("cancel-in-progress") if isinstance(node, Mapping) else None
    if scalar is None or not isinstance(scalar, Scalar):
        return
    if not re.fullmatch(r"\s*(?:true|\$\{\{\s*true\s*}})\s*", scalar.text, re.IGNORECASE):
        return
    before_merge = _BEFORE_MERGE & set(workflow.events)
    kept = "${{ github.event_name == 'pull_request' }}" if "pull_request" in before_merge else "false"
    at_whole = node is workflow.root.get("concurrency")
    text = kept if at_whole and before_merge else "false"
    if isinstance(node, Mapping) and node.flow and "$" in text:
        text = f'"{text}"'
    edits = None if scalar.aliased else (replacing(workflow.source, scalar.start, scalar.end, text),)
    yield Found(
        workflow.source,
        scalar.start,
        scalar.end,
        f"a newer run cancels `{job.id}` in the middle of its deployment",
        Fix("Let a deployment end", edits) if edits else None,
    )
