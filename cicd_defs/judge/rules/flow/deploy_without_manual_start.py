"""A workflow that deploys cannot be started by hand.

**Why it matters** To deploy again, after an outage or with another secret, somebody has to push something.
**How to fix** Add `workflow_dispatch` to its events.
**Example** `on: push` becomes `on: [push, workflow_dispatch]`.
"""

from collections.abc import Iterator

from cicd_defs.facts.findings import Edit, Family, Fix, Severity
from cicd_defs.facts.workflow import WrittenWorkflow
from cicd_defs.facts.yaml_nodes import Mapping, Scalar, Sequence
from cicd_defs.judge.edits import end_of, insert_pair, with_all
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found
from cicd_defs.judge.workflows.deployments import deploys

ABOUT = About(Family.FLOW, Severity.LOW, strict=True)

_BY_HAND = frozenset(
    {"workflow_dispatch", "workflow_call", "repository_dispatch", "workflow_run", "issue_comment"}
)
_ALONE = frozenset({"push", "release", "schedule", "create", "deployment"})


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Workflows with a deploying job that only events start."""
    key = workflow.root.key("on")
    events = set(workflow.events)
    if key is None or events & _BY_HAND or not events & _ALONE or not any(map(deploys, workflow.jobs)):
        return
    edits = with_all(_by_hand(workflow))
    fix = Fix("Let people start it", edits) if edits else None
    yield Found(
        workflow.source, key.start, key.end, "this workflow deploys and cannot be started by hand", fix
    )


def _by_hand(workflow: WrittenWorkflow) -> Edit | None:
    source, node = workflow.source, workflow.root.get("on")
    if isinstance(node, Scalar) and not node.aliased:
        return Edit(source.path, node.start, node.end, f"[{node.text}, workflow_dispatch]")
    if isinstance(node, Sequence) and node.items and not node.aliased:
        last = node.items[-1]
        if node.flow:
            return Edit(source.path, last.end, last.end, ", workflow_dispatch")
        begin = source.line_start(last.start)
        dash = source.text[begin : last.start]
        at = end_of(source, last)
        return (
            Edit(source.path, at, at, f"{dash}workflow_dispatch{source.newline}")
            if dash.strip() == "-"
            else None
        )
    if isinstance(node, Mapping) and node.pairs:
        return insert_pair(
            source,
            node,
            ["workflow_dispatch: {}" if node.flow else "workflow_dispatch:"],
            after=node.pairs[-1][0].text,
        )
    return None
