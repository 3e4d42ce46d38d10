"""When a pull request gets its next commit, the run for the one before goes on to its end.

**Why it matters** Nobody waits for what it says any more, while it holds runners that the next run needs.
**How to fix** Put the runs of one branch into a concurrency group of which a new run cancels the one before. Runs for
pushes to the main branch are better left to finish.
**Example** `concurrency: {group: "${{ github.workflow }}-${{ github.ref }}", cancel-in-progress: true}`.
"""

from collections.abc import Iterator

from cicd_defs.facts.findings import Confidence, Edit, Family, Fix, Severity
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.remembered import remembered
from cicd_defs.facts.workflow import WrittenJob, WrittenStep, WrittenWorkflow, bare_condition
from cicd_defs.facts.yaml_nodes import Mapping, Node, Scalar
from cicd_defs.judge.commands.purposes import CHECKS, job_kinds
from cicd_defs.judge.edits import insert_pair
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found
from cicd_defs.judge.workflows.expressions import Begins, Known, can_be_true
from cicd_defs.judge.workflows.grammar import Exactly, insides
from cicd_defs.judge.workflows.minutes import SUPERSEDED, of_job
from cicd_defs.judge.workflows.together import can_run, starts_for_itself_only, starts_on_updates
from cicd_defs.plan.kinds import StepKind

ABOUT = About(Family.WORK_TWICE, Severity.MEDIUM)

_WORK = CHECKS | {StepKind.BUILD, StepKind.INSTALL}
_RUNNERS = frozenset(
    {"docker", "podman", "bash", "sh", "node", "python", "python3", "ruby", "php", "java", "perl"}
)
_OF_ONE_RUN = regex(r"github\.(?:sha|run_id|run_number|run_attempt)\b")
_OF_A_BRANCH = regex(r"github\.(?:head_ref|ref|ref_name|event\.number|event\.pull_request\.\w+)\b|GITHUB_REF")
_PULL_REQUEST: dict[str, Known] = {
    "github.event_name": Exactly("pull_request"),
    "github.ref": Begins("refs/pull/"),
}
_LITTLE = 0.5
"""Minutes in a run. What costs less is told of, and can wait."""
_GROUP = "${{ github.workflow }}-${{ github.ref }}"
_ALONE = "${{ github.workflow }}-${{ github.event.pull_request.number || github.run_id }}"
_ONLY_PULL_REQUESTS = "${{ github.event_name == 'pull_request' }}"


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Files that check or build each commit of a pull request, and cancel nothing."""
    asked = starts_on_updates(workflow)
    if asked is None or starts_for_itself_only(workflow):
        return
    working = [job for job in workflow.jobs if _works(job)]
    if not working:
        return
    minutes = SUPERSEDED * sum(map(of_job, working))
    node = workflow.root.get("concurrency")
    if node is not None and not _says_nothing(node):
        yield from _of_a_group(workflow, node, minutes)
    elif not all(_is_cancelled(workflow, job) for job in working):
        edit = _with_group(workflow)
        yield Found(
            workflow.source,
            asked.start,
            asked.end,
            f"`{asked.text}` starts a run for each commit, and the run for the commit before goes on",
            Fix("Cancel the run that is overtaken", (edit,)) if edit else None,
            minutes=minutes,
            severity=None if minutes > _LITTLE else Severity.LOW,
        )


@remembered
def _works(job: WrittenJob) -> bool:
    """Whether a job checks or builds something for a pull request, or sets a language up to do so."""
    if not can_run(job, "pull_request"):
        return False
    kinds = job_kinds(job)
    if job.uses is not None or kinds & _WORK:
        return True
    return StepKind.CHECKOUT in kinds and (StepKind.SETUP in kinds or any(map(_runs_a_program, job.steps)))


def _runs_a_program(step: WrittenStep) -> bool:
    """Whether a step runs something that is not known by its name: a container, a script of the repository."""
    return any(
        command.name in _RUNNERS
        or (command.words and command.words[0].startswith(("./", ".ci/", ".github/")))
        for command in step.commands
    )


def _says_nothing(node: Node) -> bool:
    return isinstance(node, Scalar) and not node.text.strip()


def _is_cancelled(workflow: WrittenWorkflow, job: WrittenJob) -> bool:
    """Whether a new run cancels a job of the run before, or one that it waits for."""
    before = (workflow.by_id[name] for name in workflow.waits_for(job) if name in workflow.by_id)
    return any(_cancels(one.node.get("concurrency")) for one in (job, *before))


def _cancels(node: Node | None) -> bool:
    """Whether a concurrency group cancels the run before, for a pull request."""
    if not isinstance(node, Mapping):
        return False
    scalar = node.scalar("cancel-in-progress")
    text = bare_condition(scalar)
    return text is not None and text not in {"", "false"} and can_be_true(text, _PULL_REQUEST)


def _of_a_group(workflow: WrittenWorkflow, node: Node, minutes: float) -> Iterator[Found]:
    """A group that cancels nothing, or in which each run is alone."""
    source = workflow.source
    written = (
        node.scalar("group") if isinstance(node, Mapping) else node if isinstance(node, Scalar) else None
    )
    if written is None:
        return
    if _is_of_one_run(written.text):
        only = set(workflow.events) == {"pull_request"}
        edit = (
            None
            if written.aliased
            else Edit(source.path, written.start, written.end, _GROUP if only else _ALONE)
        )
        yield Found(
            source,
            written.start,
            written.end,
            f"each run is alone in its group `{written.text.strip()}`, so that none is ever cancelled",
            Fix("Put the runs of one branch into one group", (edit,)) if edit else None,
            minutes=minutes,
        )
    elif not _cancels(node) and _OF_A_BRANCH.search(written.text) and not _is_meant(workflow, node):
        yield _without_cancelling(workflow, node, written, minutes)


def _is_meant(workflow: WrittenWorkflow, node: Node) -> bool:
    """Whether somebody wrote that nothing is cancelled, in a file that other events start, too."""
    said = node.text("cancel-in-progress") if isinstance(node, Mapping) else None
    return said is not None and set(workflow.events) != {"pull_request"}


def _is_of_one_run(group: str) -> bool:
    """Whether something in a group's name is another in each run of a pull request."""
    parts = [part for part in insides(group) if "&&" not in part]
    return any(_OF_ONE_RUN.search(part.partition("||")[0]) for part in parts)


def _without_cancelling(workflow: WrittenWorkflow, node: Node, group: Scalar, minutes: float) -> Found:
    source = workflow.source
    key = workflow.root.key("concurrency")
    place: Scalar = key or group
    edit: Edit | None = None
    if isinstance(node, Mapping):
        said = node.scalar("cancel-in-progress")
        if said is not None:
            place = said
            edit = None if said.aliased else Edit(source.path, said.start, said.end, _cancelling(workflow))
        else:
            edit = insert_pair(source, node, [f"cancel-in-progress: {_cancelling(workflow)}"], after="group")
    elif isinstance(node, Scalar) and not node.aliased and key and node.style not in {"|", ">"}:
        newline = source.newline
        text = source.text[node.start : node.end]
        lines = ("", f"  group: {text}", f"  cancel-in-progress: {_cancelling(workflow)}")
        edit = Edit(source.path, source.text.index(":", key.end) + 1, node.end, newline.join(lines))
    return Found(
        source,
        place.start,
        place.end,
        "a new run of this group waits for the one before, which nobody needs any more, and does not cancel it",
        Fix("Cancel the run that is overtaken", (edit,)) if edit else None,
        minutes=minutes,
        confidence=Confidence.MEDIUM,
    )


def _cancelling(workflow: WrittenWorkflow) -> str:
    return "true" if set(workflow.events) == {"pull_request"} else _ONLY_PULL_REQUESTS


def _with_group(workflow: WrittenWorkflow) -> Edit | None:
    """The group, behind what starts the file, set apart as the file sets its parts apart.

    None where others call the file: `github.workflow` is the caller's there, and several calls would be in one group.
    """
    root, source = workflow.root, workflow.source
    if "concurrency" in root.by_key or "workflow_call" in workflow.events:
        return None
    pair = root.by_key.get("on")
    if pair is None:
        return None
    lines = ["concurrency:", f"  group: {_GROUP}", f"  cancel-in-progress: {_cancelling(workflow)}"]
    behind = [key.start for key, _ in root.pairs if key.start > pair[0].start]
    apart = not behind or not source.text[: source.line_start(min(behind))].rstrip(" \t").endswith(
        tuple(f"{char}{newline}" for newline in ("\n", "\r\n") for char in ":]}'\"abcdefghijklmnopqrstuvwxyz")
    )
    return insert_pair(source, root, ["", *lines] if apart else lines, after="on")
