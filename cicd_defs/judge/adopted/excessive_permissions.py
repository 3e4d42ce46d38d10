"""A job's token may do more than its steps need.

**Why it matters** Whatever runs in the job has the token: a test, a package's install script, an action. What the token
may not do, none of them can.
**How to fix** `permissions: {contents: read}` for the workflow, and what a job needs beyond that in the job itself.
Rights that stand above all jobs move into the jobs. What an action needs is taken from its documentation; where a job
runs an action that we do not know, the fix is marked as one to look at.
**Example** `permissions: {contents: write}` above all jobs moves into the job `release`, and the others read.
"""

from collections.abc import Iterator
from collections.abc import Mapping as Mapped
from typing import NamedTuple

from cicd_defs.facts.findings import Edit, Fix
from cicd_defs.facts.source import Source
from cicd_defs.facts.workflow import WrittenJob
from cicd_defs.facts.yaml_nodes import Mapping, Node, Scalar
from cicd_defs.judge.adopted.place import Place
from cicd_defs.judge.adopted.rights import Needed, Rights, needed_by
from cicd_defs.judge.adopted.undocumented_permissions import REASONS
from cicd_defs.judge.edits import comment_gap, insert_pair, with_all

READ: Rights = {"contents": "read"}
_NONE: "Mapped[str, _Said]" = {}


def fix(place: Place) -> Fix | None:
    """The rights that are needed, in the jobs that need them."""
    if place.workflow.kind != "workflow":
        return None
    held = place.workflow.root.get("permissions")
    if held is None:
        return _first(place)
    if isinstance(held, Scalar):
        return _named(place, held)
    return (
        _moved(place, held)
        if isinstance(held, Mapping) and place.reported.route[:1] == ("permissions",)
        else None
    )


def _open_jobs(place: Place) -> list[tuple[WrittenJob, Needed]]:
    """The jobs that have what stands above all jobs, and what they need."""
    return [
        (job, needed_by(job, place.text, place.read))
        for job in place.workflow.jobs
        if "permissions" not in job.node.by_key
    ]


def _first(place: Place) -> Fix | None:
    """Where nothing bounds the token: reading for all, and more for the jobs of which it is known."""
    jobs = _open_jobs(place)
    if any(needed.handed for _, needed in jobs):
        return _by_job(place, jobs)
    above = _above(place, READ)
    edits = with_all(above, *_of_jobs(jobs)) if above else None
    return (
        Fix("Let the token read, and write where it is known to", edits, all(one.is_safe for _, one in jobs))
        if edits
        else None
    )


def _by_job(place: Place, jobs: list[tuple[WrittenJob, Needed]]) -> Fix | None:
    """Where some job is handed the token and does not say what for, only the job itself is bounded, if it is known."""
    job = place.job
    needed = next((needed for other, needed in jobs if job is not None and other is job), None)
    if job is None or needed is None or not needed.sure:
        return None
    edit = _permissions_of(job, {**READ, **needed.rights} if needed.rights else READ)
    return (
        Fix(f"Let the token of `{job.id}` do what its steps need", (edit,), safe=needed.is_safe)
        if edit
        else None
    )


def _of_jobs(jobs: list[tuple[WrittenJob, Needed]]) -> Iterator[Edit | None]:
    for job, needed in jobs:
        if needed.rights and needed.rights != READ:
            yield _permissions_of(job, {**READ, **needed.rights})


def _named(place: Place, held: Scalar) -> Fix | None:
    """`read-all` and `write-all` for what is needed."""
    jobs = _open_jobs(place)
    if held.aliased or any(needed.handed for _, needed in jobs) or held.text not in {"read-all", "write-all"}:
        return None
    newline = place.source.newline
    key = place.workflow.root.key("permissions")
    assert key is not None
    lines = "".join(f"{newline}  {scope}: {access}" for scope, access in READ.items())
    above = Edit(place.source.path, key.end, held.end, f":{lines}")
    edits = with_all(above, *_of_jobs(jobs))
    return (
        Fix("Let the token do what the jobs need", edits, all(one.is_safe for _, one in jobs))
        if edits
        else None
    )


def _moved(place: Place, held: Mapping) -> Fix | None:
    """What stands above all jobs, in each job that may need it; a job of which all is known gets what it needs."""
    source, root = place.source, place.workflow.root
    if held.flow or held.aliased or not held.pairs or root.flow:
        return None
    granted = {key.text: node.text for key, node in held.pairs if isinstance(node, Scalar)}
    if len(granted) < len(held.pairs):
        return None
    edits: list[Edit | None] = []
    safe = True
    for job, needed in _open_jobs(place):
        rights = {scope: access for scope, access in granted.items() if access != "none"}
        if needed.sure and job.uses is None:
            rights = {
                scope: "read"
                if needed.rights.get(scope, "read") == "read" and scope == "contents"
                else access
                for scope, access in rights.items()
                if scope in needed.rights
                or scope == "contents"
                or (scope == "id-token" and _has_commands(job))
            }
            safe = safe and rights == granted
        kept = {
            key.text: _said_of(source, key, node)
            for key, node in held.pairs
            if rights.get(key.text) == granted[key.text]
        }
        edits.append(_permissions_of(job, rights, kept))
    key = root.key("permissions")
    assert key is not None
    end = source.line_end(max(held.end - 1, key.end))
    edits.append(Edit(source.path, key.start, end, "permissions: {}"))
    made = with_all(*edits)
    return Fix("Give each job the rights that it needs", made, safe) if made else None


def _has_commands(job: WrittenJob) -> bool:
    """Whether a program may sign in by the run's identity, which needs no token in sight."""
    return any(step.run is not None for step in job.steps)


def _above(place: Place, rights: Rights) -> Edit | None:
    """A block above all jobs, and above a comment that belongs to them."""
    source, root = place.source, place.workflow.root
    jobs = root.key("jobs")
    if jobs is None or root.flow:
        return None
    begin = source.line_start(jobs.start)
    while begin and source.text[source.line_start(begin - 1) : begin].lstrip().startswith("#"):
        begin = source.line_start(begin - 1)
    lines = ["permissions:", *_lines(rights), ""]
    return Edit(source.path, begin, begin, "".join(line + source.newline for line in lines))


class _Said(NamedTuple):
    """The comments on a permission: the lines above it, and what stands behind it."""

    above: tuple[str, ...]
    behind: str


def _said_of(source: Source, key: Scalar, node: Node) -> _Said:
    above: list[str] = []
    begin = source.line_start(key.start)
    while begin:
        line = source.text[source.line_start(begin - 1) : begin].strip()
        if not line.startswith("#"):
            break
        above.insert(0, line)
        begin = source.line_start(begin - 1)
    return _Said(tuple(above), source.text[node.end : source.line_end(node.end)].rstrip())


def _permissions_of(job: WrittenJob, rights: Rights, comments: Mapped[str, _Said] = _NONE) -> Edit | None:
    """A block in a job, behind `runs-on`, or before `uses` where it calls a workflow."""
    if not rights:
        lines = ["permissions: {}"]
    elif job.node.flow:
        lines = ["permissions: {" + ", ".join(f"{scope}: {access}" for scope, access in rights.items()) + "}"]
    else:
        lines = ["permissions:", *_lines(rights, comments, comment_gap(job.file.source))]
    after = "runs-on" if "runs-on" in job.node.by_key else None
    before = "uses" if after is None and "uses" in job.node.by_key else None
    return insert_pair(job.file.source, job.node, lines, after=after, before=before)


def _lines(rights: Rights, comments: Mapped[str, _Said] = _NONE, gap: str = " ") -> Iterator[str]:
    for scope, access in rights.items():
        reason = REASONS.get((scope, access)) if (scope, access) != ("contents", "read") else None
        said = comments.get(scope, _Said((), ""))
        yield from (f"  {line}" for line in said.above)
        behind = said.behind or (f"{gap}# {reason}" if reason and not said.above else "")
        yield f"  {scope}: {access}{behind}"
