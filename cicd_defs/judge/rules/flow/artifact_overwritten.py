"""Several uploads of one run have the same artifact name.

**Why it matters** From the fourth version on an artifact cannot be changed: the second upload fails with a conflict, in
the leg of the matrix that comes last, at random.
**How to fix** Give each its own name, and take them down together by `pattern` with `merge-multiple`.
**Example** In a matrix of systems `name: dist` becomes `name: dist-${{ matrix.os }}`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import itemgetter

from cicd_defs.facts.findings import Edit, Family, Fix, Severity
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.remembered import remembered
from cicd_defs.facts.workflow import WrittenJob, WrittenStep, WrittenWorkflow
from cicd_defs.facts.yaml_nodes import Mapping, Scalar, Sequence
from cicd_defs.judge.edits import insert_pair, replace_scalar, set_input, with_all
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found
from cicd_defs.judge.workflows.artifacts import DEFAULT_NAME, DOWNLOAD, UPLOAD, Artifact, named_alike, uploads
from cicd_defs.judge.workflows.placed import edit_in

ABOUT = About(Family.FLOW, Severity.HIGH)

MOST_DOWNLOADS = 100
"""Downloads of one name that a fix follows: thousands of uploads must not be mended in thousands of places each."""

_ANY = 0
_EXPRESSION = regex(r"\$\{\{(.*?)}}", re.DOTALL)

_OF_A_LEG = regex(
    r"matrix|strategy|runner|steps|\bjob\b|hashFiles|github\.job\b|github\.action|\benv\.", re.IGNORECASE
)


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Uploads in legs of a matrix, and pairs of uploads, under one name."""
    if UPLOAD not in workflow.source.text or workflow.kind == "action":
        return
    made = [one for one in uploads(workflow) if _keeps(one.step)]
    told: set[int] = set()
    for one in made:
        if _one_leg(one.step):
            continue
        several = _legs(one.step.job) or _called_in_legs(workflow, one, repository)
        if (several and not _OF_A_LEG.search(_worked_out(one))) or named_alike(one):
            told.add(id(one.step))
            yield _in_matrix(workflow, one)
    sure = _Sure()
    for one in made:
        before = sure.before(one)
        if before is not None and id(one.step) not in told:
            told.add(id(one.step))
            yield _twice(workflow, before, one)
        sure.add(one)


@dataclass(frozen=True)
class _Sure:
    """Uploads that surely happen where their jobs run, the first of each name in each job.

    The first of a name in any job that surely runs stands under `_ANY`.
    """

    firsts: dict[tuple[str, int], tuple[int, Artifact]] = field(default_factory=dict)

    def add(self, one: Artifact) -> None:
        """Keep an upload, where it may collide with a later one."""
        job = one.step.job
        if one.step.condition is None and not _OF_A_LEG.search(_worked_out(one)):
            place = len(self.firsts)
            self.firsts.setdefault((_name(one).lower(), id(job)), (place, one))
            if job.condition is None:
                self.firsts.setdefault((_name(one).lower(), _ANY), (place, one))

    def before(self, one: Artifact) -> Artifact | None:
        """The first upload that surely happens in the same run, under the same name."""
        if one.step.condition is not None:
            return None
        job = one.step.job
        jobs = (id(job), _ANY) if job.condition is None else (id(job),)
        held = [self.firsts[key] for which in jobs if (key := (_name(one).lower(), which)) in self.firsts]
        return min(held, key=itemgetter(0))[1] if held else None


def _name(one: Artifact) -> str:
    return one.scalar.text.strip() if one.scalar else DEFAULT_NAME


def _keeps(step: WrittenStep) -> bool:
    """Whether an upload fails where the name is taken."""
    if step.given("overwrite").lower() not in {"", "false"} or "archive" in step.inputs:
        return False
    version = step.version
    if re.fullmatch(r"[0-9a-f]{40}", version) and step.uses:
        comment = re.match(r"[ \t]*#[^\r\n]*?\bv?(\d+)", step.source.text[step.uses.end : step.uses.end + 80])
        return comment is None or int(comment[1]) >= 4
    major = re.match(r"v?(\d+)", version)
    return major is None or int(major[1]) >= 4


def _worked_out(one: Artifact) -> str:
    return " ".join(_EXPRESSION.findall(one.scalar.text)) if one.scalar else ""


def _legs(job: WrittenJob) -> bool:
    """Whether a job's matrix has several combinations."""
    strategy = job.node.mapping("strategy")
    if job.matrix is None:
        return strategy is not None and strategy.scalar("matrix") is not None
    if any(len(axis.items) > 1 for axis in job.axes.values()):
        return True
    if any(isinstance(node, Scalar) and "${{" in node.text for _, node in job.matrix.pairs):
        return True
    included = job.matrix.sequence("include")
    return not job.axes and included is not None and len(included.items) > 1


def _called_in_legs(workflow: WrittenWorkflow, one: Artifact, repository: Repository) -> bool:
    """Whether a matrix of the same repository calls the workflow of an upload that takes nothing from its caller."""
    taken = (
        _worked_out(one),
        *(where.text for where in (one.step.condition, one.step.job.condition) if where),
    )
    if "workflow_call" not in workflow.events or any("inputs" in text for text in taken):
        return False
    path = f"./{workflow.path}"
    return any(
        job.uses is not None and job.uses.text.strip() == path and _legs(job)
        for other in repository.callers.get(workflow.path, ())
        for job in other.jobs
    )


def _one_leg(step: WrittenStep) -> bool:
    """Whether a condition may let one leg through only."""
    return any(
        condition is not None and _OF_A_LEG.search(condition.text)
        for condition in (step.condition, step.job.condition)
    )


def _in_matrix(workflow: WrittenWorkflow, one: Artifact) -> Found:
    job, step = one.step.job, one.step
    suffix = _suffix(job, _worked_out(one))
    name = _name(one)
    edits = with_all(_renamed(one, suffix), *_followed(workflow, name))
    place: Scalar | None = one.scalar or step.uses
    assert place is not None
    which = "more than one leg" if _OF_A_LEG.search(_worked_out(one)) else "each leg"
    return Found(
        step.source,
        place.start,
        place.end,
        f"{which} of the matrix puts up `{name}`, and the second one fails",
        Fix("Name the leg in it", edits) if edits else None,
    )


def _suffix(job: WrittenJob, named: str) -> str:
    """What tells the legs apart: values of the matrix that can stand in a name, else the leg's number.

    `named` is what of them the name holds already.
    """
    axes = {
        key: axis
        for key, axis in job.axes.items()
        if len(axis.items) > 1 and not re.search(rf"matrix\.{re.escape(key)}\b", named)
    }
    fit = all(
        isinstance(item, Scalar) and re.fullmatch(r"[\w.+-]+", item.text)
        for axis in axes.values()
        for item in axis.items
    )
    includes = job.matrix is not None and isinstance(job.matrix.get("include"), Sequence | Scalar)
    if not axes or not fit or includes or len(axes) > 2:
        return "-${{ strategy.job-index }}"
    return "".join(f"-${{{{ matrix.{key} }}}}" for key in axes)


def _renamed(one: Artifact, suffix: str) -> Edit | None:
    if one.scalar is None:
        return set_input(one.step, "name", f"{DEFAULT_NAME}{suffix}")
    scalar = one.scalar
    if scalar.style:
        return edit_in(one.step.source, scalar, len(scalar.text), len(scalar.text), suffix)
    return (
        replace_scalar(one.step.source, scalar, f"{scalar.text}{suffix}")
        if "${{" in scalar.text
        else _plain(one, scalar, suffix)
    )


def _plain(one: Artifact, scalar: Scalar, suffix: str) -> Edit | None:
    """A plain name may go on with an expression; in braces it has to be quoted."""
    if scalar.aliased:
        return None
    given = one.step.node.mapping("with")
    quote = '"' if given is not None and given.flow else ""
    text = f"{quote}{scalar.text}{suffix}{quote}"
    return Edit(one.step.source.path, scalar.start, scalar.end, text)


def _followed(workflow: WrittenWorkflow, name: str) -> Iterator[Edit | None]:
    """Downloads of a name that becomes several: they take all of them."""
    following = _downloads(workflow).get(name.lower(), [])
    if len(following) > MOST_DOWNLOADS:
        yield None
        return
    for step, scalar in following:
        given = step.node.mapping("with")
        key = given.key("name") if given else None
        if given is None or key is None or given.flow or key.style:
            yield None
            continue
        yield Edit(step.source.path, key.start, key.end, "pattern")
        yield replace_scalar(step.source, scalar, f"{scalar.text.strip()}-*")
        yield _merged(step, given)


@remembered
def _downloads(workflow: WrittenWorkflow) -> dict[str, list[tuple[WrittenStep, Scalar]]]:
    """The steps that take an artifact down, by its name, and where that stands."""
    named: dict[str, list[tuple[WrittenStep, Scalar]]] = {}
    for step in workflow.steps:
        scalar = step.inputs.get("name") if step.action == DOWNLOAD else None
        if scalar is not None:
            named.setdefault(scalar.text.strip().lower(), []).append((step, scalar))
    return named


def _merged(step: WrittenStep, given: Mapping) -> Edit | None:
    return insert_pair(step.source, given, ["merge-multiple: true"], after=given.pairs[-1][0].text)


def _twice(workflow: WrittenWorkflow, before: Artifact, one: Artifact) -> Found:
    step = one.step
    name = _name(one)
    same_job = before.step.job is step.job
    suffix = f"-{step.index + 1}" if same_job else f"-{step.job.id}"
    edits = with_all(_renamed(one, suffix), *_followed(workflow, name))
    place: Scalar | None = one.scalar or step.uses
    assert place is not None
    where = "an earlier step" if same_job else f"the job `{before.step.job.id}`"
    return Found(
        step.source,
        place.start,
        place.end,
        f"{where} puts up `{name}` too, and the second upload fails",
        Fix("Give it a name of its own", edits) if edits else None,
    )
