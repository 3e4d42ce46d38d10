"""A job waits for one that is not there, for itself, or for one that waits for it.

**Why it matters** GitHub refuses the whole file: none of its jobs runs, on no event, and a pull request shows nothing.
**How to fix** Name a job of the same file by its key; take out the one that closes the circle.
**Example** `needs: [tests]` beside a job `test:` becomes `needs: [test]`.
"""

from collections.abc import Iterator

from cicd_defs.facts.findings import Family, Fix, Severity
from cicd_defs.facts.workflow import WrittenJob, WrittenWorkflow
from cicd_defs.facts.yaml_nodes import Scalar, nothing_in
from cicd_defs.judge.closest import closest
from cicd_defs.judge.edits import replace_scalar, with_all
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found
from cicd_defs.judge.workflows.needs import remove_need

ABOUT = About(Family.FLOW, Severity.HIGH)


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Names in `needs` that are no other job of the file, and those that lead in a circle."""
    jobs = workflow.root.mapping("jobs")
    if jobs is None:
        return
    names = {key.text.lower(): key.text for key, _ in jobs.pairs}  # GitHub's names have no case
    order = {name: at for at, name in enumerate(names)}
    for job in workflow.jobs:
        mine = job.id.lower()
        for need in job.needs:
            name = need.text.lower()
            if nothing_in(need) or "${{" in need.text or "<<" in job.node.by_key:
                continue
            if name not in names:
                yield _missing(job, need, names)
            elif name == mine:
                yield _removed(job, need, f"the job `{job.id}` waits for itself")
            elif order[name] > order[mine] and mine in _all_before(workflow, name):
                told = f"`{need.text}` waits for `{job.id}` itself, so neither can begin"
                yield _removed(job, need, told)


def _missing(job: WrittenJob, need: Scalar, names: dict[str, str]) -> Found:
    known = [name for lower, name in names.items() if lower != job.id.lower()]
    there = {one.text.lower() for one in job.needs}
    near = closest(need.text, [name for name in known if name.lower() not in there])
    near = near if near and job.id.lower() not in _all_before(job.file, near.lower()) else None
    source = job.file.source
    edit = replace_scalar(source, need, near) if near else remove_need(job, need)
    edits = with_all(edit)
    title = f"Wait for `{near}`" if near else f"Do not wait for `{need.text}`"
    hint = f"; did you mean `{near}`?" if near else ""
    return Found(
        source,
        need.start,
        need.end,
        f"there is no job `{need.text}`{hint}",
        Fix(title, edits) if edits else None,
    )


def _removed(job: WrittenJob, need: Scalar, message: str) -> Found:
    edits = with_all(remove_need(job, need))
    fix = Fix(f"Do not wait for `{need.text}`", edits) if edits else None
    return Found(job.file.source, need.start, need.end, message, fix)


def _all_before(workflow: WrittenWorkflow, name: str) -> set[str]:
    """The names of all jobs that come before a job, in lower case."""
    needs = {job.id.lower(): [need.text.lower() for need in job.needs] for job in workflow.jobs}
    seen: set[str] = set()
    waiting = list(needs.get(name, ()))
    while waiting:
        here = waiting.pop()
        if here not in seen:
            seen.add(here)
            waiting.extend(needs.get(here, ()))
    return seen
