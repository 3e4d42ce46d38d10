"""The whole history is fetched, and nothing in the job looks at it.

**Why it matters** `fetch-depth: 0` fetches every commit of every branch and every tag, in each run; in a repository
of some years that takes longer than the checks do.
**How to fix** Leave it out: one commit is fetched then. Jobs that need tags or a comparison keep it.
**Example** `with: {fetch-depth: 0}` before `ruff check .` goes.
"""

from collections.abc import Iterator

from cicd_defs.facts.findings import Edit, Family, Fix, Severity
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.workflow import WrittenStep, WrittenWorkflow
from cicd_defs.facts.yaml_nodes import Scalar
from cicd_defs.judge.commands.history import looks_at_history
from cicd_defs.judge.edits import remove_pair
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found
from cicd_defs.judge.workflows.minutes import FULL_CLONE

ABOUT = About(Family.WORK_TWICE, Severity.LOW)

_REASON = regex(
    r"(?i)#.*\b(?:history|tags?|full|all|scm|git|version\w*|need\w*|require\w*|commits?|blame|diff|depth)\b"
)


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Checkouts of the whole history in jobs that look at one commit."""
    for job in workflow.jobs:
        for step in job.steps:
            depth = step.inputs.get("fetch-depth") if step.action == "actions/checkout" else None
            if depth is None or depth.text.strip() != "0" or _has_a_reason(step, depth):
                continue
            if step.given("filter") or step.given("repository") or looks_at_history(job, repository):
                continue
            yield _found(step, depth)


def _has_a_reason(step: WrittenStep, depth: Scalar) -> bool:
    """Whether a comment beside it, or on the line above, says what for."""
    line = step.source.position(depth.start).line
    above = step.source.line_text(line - 1).strip() if line > 1 else ""
    return bool(
        _REASON.search(step.source.line_text(line)) or (above.startswith("#") and _REASON.search(above))
    )


def _found(step: WrittenStep, depth: Scalar) -> Found:
    edit = _removed(step)
    given = step.node.mapping("with")
    key = given.key("fetch-depth") if given else None
    return Found(
        step.source,
        key.start if key else depth.start,
        depth.end,
        f"`fetch-depth: 0` fetches the whole history, of which the job `{step.job.id}` needs one commit",
        Fix("Fetch one commit", (edit,)) if edit else None,
        minutes=FULL_CLONE,
    )


def _removed(step: WrittenStep) -> Edit | None:
    given = step.node.mapping("with")
    if given is None:
        return None
    if len(given.pairs) == 1:
        return remove_pair(step.source, step.node, "with")
    if given.flow and not given.aliased:
        at = next(index for index, (key, _) in enumerate(given.pairs) if key.text == "fetch-depth")
        key, node = given.pairs[at]
        if at:
            return Edit(step.source.path, given.pairs[at - 1][1].end, node.end, "")
        return Edit(step.source.path, key.start, given.pairs[1][0].start, "")
    return remove_pair(step.source, given, "fetch-depth")
