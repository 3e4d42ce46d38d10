"""A step takes down an artifact that nothing in the same run puts up.

**Why it matters** The step fails with "Artifact not found", most often in the job that deploys, after all others have
passed.
**How to fix** Use the name under which it is put up; for the artifact of another run give `run-id` and `github-token`.
**Example** `name: build` beside an upload as `dist` becomes `name: dist`.
"""

from collections.abc import Iterator

from cicd_defs.facts.findings import Family, Fix, Severity
from cicd_defs.facts.workflow import WrittenStep, WrittenWorkflow
from cicd_defs.judge.closest import closest
from cicd_defs.judge.edits import replace_scalar, with_all
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found
from cicd_defs.judge.workflows.artifacts import (
    BUILD_RECORD,
    DOWNLOAD,
    can_be_same,
    names_of,
    put_up_in_run,
    uploads,
)

ABOUT = About(Family.FLOW, Severity.HIGH)


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Names and patterns of downloads that no upload of the run can have."""
    if workflow.kind == "action" or DOWNLOAD not in workflow.source.text:
        return
    there: list[str] | None = None
    known = False
    for step in workflow.steps:
        if step.action != DOWNLOAD or _elsewhere(step):
            continue
        scalar = step.inputs.get("name") or step.inputs.get("pattern")
        if scalar is None or not scalar.text.strip():
            continue
        wanted = names_of(step, scalar.text)
        if not known:
            there, known = put_up_in_run(workflow, repository), True
        if there is None:
            return
        before = _before(workflow, step, there)
        lost = next((one for one in wanted if not any(_meets(one, other) for other in before)), None)
        if lost is not None:
            yield _found(workflow, step, lost)


def _before(workflow: WrittenWorkflow, step: WrittenStep, there: list[str]) -> list[str]:
    """What is put up in a run without what this workflow puts up only after a step."""
    left = list(there)
    for one in uploads(workflow):
        own = one.step.job is step.job
        if one.step.index > step.index if own else step.job.id in workflow.waits_for(one.step.job):
            for pattern in one.patterns:
                left.remove(pattern)
    return left


def _meets(wanted: str, there: str) -> bool:
    """Whether a name is one that is put up. Records of an image's build are taken by nobody who does not name them."""
    if there.endswith(BUILD_RECORD) and BUILD_RECORD not in wanted and wanted != "*":
        return False
    return can_be_same(wanted, there)


def _elsewhere(step: WrittenStep) -> bool:
    """Whether it is taken from another run, or by its number."""
    return any(name in step.inputs for name in ("run-id", "repository", "artifact-ids", "github-token"))


def _found(workflow: WrittenWorkflow, step: WrittenStep, lost: str) -> Found:
    scalar = step.inputs.get("name") or step.inputs["pattern"]
    names = {one.scalar.text.strip() for one in uploads(workflow) if one.scalar is not None}
    near = closest(scalar.text.strip(), names, 0.5)
    if near is None and len(names) == 1:
        near = next(iter(names))
    if near == scalar.text.strip():  # it is put up too late
        near = None
    edit = None
    if near and "matrix." not in near:
        edit = replace_scalar(step.source, scalar, near)
    edits = with_all(edit)
    hint = f"; did you mean `{near}`?" if near else ""
    return Found(
        step.source,
        scalar.start,
        scalar.end,
        f"nothing in this run puts up an artifact `{lost}` before{hint}",
        Fix(f"Take down `{near}`", edits) if edits else None,
    )
