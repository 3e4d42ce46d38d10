"""The same image is built twice in a run.

**Why it matters** The second build makes again what is there already, most often without a cache, and what is tested
is not what goes out.
**How to fix** Build it once: tag what was built, or hand it on; where two jobs need it, let the second read the
first one's cache (`cache-from: type=gha`).
**Example** `docker build -t app:test .` and then `docker build -t app:1.0 .` becomes `docker tag app:test app:1.0`.
"""

from collections.abc import Iterator

from cicd_defs.facts.findings import Confidence, Edit, Family, Fix, Severity
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.workflow import WrittenJob, WrittenStep, WrittenWorkflow
from cicd_defs.judge.commands.command_edits import remove_command
from cicd_defs.judge.commands.purposes import CHECKS, kind_of_action, kinds_of
from cicd_defs.judge.edits import edit_script, set_input
from cicd_defs.judge.images.image_builds import ImageBuild, builds_in
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found
from cicd_defs.judge.workflows.minutes import IMAGE_BUILD
from cicd_defs.judge.workflows.together import OF_A_CHANGE, conditions_of, run_together
from cicd_defs.plan.kinds import StepKind

ABOUT = About(Family.WORK_TWICE, Severity.MEDIUM)

_USES_IT = regex(
    r"docker(?:-compose| compose| run| exec| scout| save)|podman run|trivy|grype|dockle|kind load"
    r"|dive|goss|structure-test"
)
_CHANGES_FILES = regex(
    r"\b(?:git (?:checkout|switch|reset|apply)|sed -i|cp|mv|rm|patch|tee|docker system prune)\b|[^0-9&]>"
)
_ON_FAILURE = regex(r"failure\(|steps\.[\w-]+\.(?:outcome|conclusion)")


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Builds of what was built before, in this job or in another one of the file."""
    seen: dict[tuple[str, ...], list[ImageBuild]] = {}
    for step in workflow.steps:
        for build in builds_in(step):
            before = seen.setdefault(build.what, [])
            first = next((one for one in before if _is_repeated(one, build)), None)
            if first is not None:
                yield _found(first, build)
            else:
                before.append(build)


def _is_repeated(first: ImageBuild, build: ImageBuild) -> bool:
    one, other = first.step, build.step
    if "${{ matrix." in " ".join(build.what) or any(
        _ON_FAILURE.search(text) for text in conditions_of(other)
    ):
        return False
    if not run_together(one, other, _usual_events(one.job.file)):
        return False
    if one.job is not other.job:
        return (
            not build.cached
            and _machine(one.job) == _machine(other.job)
            and not _is_handed_on(one.job, other.job)
        )
    if (
        build.command is not None
        and first.command is not None
        and build.command.statement == first.command.statement
    ):
        return one is not other  # the second of a list is tried where the first fails
    if build.command is None and build.cached:
        return False  # the layers of the first are read back
    return not _changed_between(first, build) and not (
        build.pushes and not first.pushes and _is_used(first, build)
    )


def _usual_events(workflow: WrittenWorkflow) -> tuple[str, ...]:
    """The events that come with each change; all of a file that has none of them."""
    return tuple(name for name in (*OF_A_CHANGE, "workflow_call") if name in workflow.events) or tuple(
        workflow.events
    )


def _machine(job: WrittenJob) -> tuple[str, ...]:
    return tuple(label.text for label in job.labels)


def _is_handed_on(first: WrittenJob, job: WrittenJob) -> bool:
    """Whether the jobs are legs of one matrix with folders of their own, or check out different commits."""
    refs = [
        {
            (step.given("ref"), step.given("repository"))
            for step in one.steps
            if kind_of_action(step) is StepKind.CHECKOUT
        }
        for one in (first, job)
    ]
    return refs[0] != refs[1]


def _between(first: ImageBuild, build: ImageBuild) -> Iterator[tuple[WrittenStep, str]]:
    """What runs between two builds of a job: the steps, of the builds' own steps the part that counts."""
    if first.step is build.step:
        if first.command and build.command and first.step.run:
            yield first.step, first.step.run.text[first.command.end : build.command.start]
        return
    for step in first.step.job.steps[first.step.index : build.step.index + 1]:
        text = (
            step.run.text
            if step.run
            else " ".join((step.action, *(node.text for node in step.inputs.values())))
        )
        if step is first.step:
            text = text[first.command.end :] if first.command else ""
        elif step is build.step:
            text = text[: build.command.start] if build.command else ""
        yield step, text


def _changed_between(first: ImageBuild, build: ImageBuild) -> bool:
    steps = [(step, text) for step, text in _between(first, build) if text]
    fetched = {StepKind.CHECKOUT, StepKind.DOWNLOAD}
    return any(
        kind_of_action(step) in fetched or bool(step.run and _CHANGES_FILES.search(text))
        for step, text in steps
    )


def _is_used(first: ImageBuild, build: ImageBuild) -> bool:
    """Whether the first build is there to be tried before the second one goes out."""
    for step, text in _between(first, build):
        if _USES_IT.search(text) or (
            step not in {first.step, build.step} and kinds_of(step) & (CHECKS - {StepKind.BUILD})
        ):
            return True
    return False


def _found(first: ImageBuild, build: ImageBuild) -> Found:
    source = build.step.source
    line = first.step.source.position(first.start).line
    where = "this job" if first.step.job is build.step.job else f"the job `{first.step.job.id}`"
    edits, title = _fixed(first, build)
    return Found(
        source,
        build.start,
        build.end,
        f"the image of `{build.dockerfile}` is built again: already in {where}, on line {line}",
        Fix(title, edits) if edits else None,
        minutes=IMAGE_BUILD,
        confidence=None if build.command is None else Confidence.MEDIUM,
    )


def _fixed(first: ImageBuild, build: ImageBuild) -> tuple[tuple[Edit, ...] | None, str]:
    if first.step.job is not build.step.job:
        return _through_the_cache(first, build), "Read the layers of the first build from the cache"
    if build.pushes and not first.pushes:
        return remove_command(first.step, first.command), "Build the image once, where it is pushed"
    if first.command and build.command and first.tags and build.tags and not build.pushes:
        tagged = " && ".join(f"docker tag {first.tags[0]} {tag}" for tag in build.tags)
        edit = edit_script(build.step, build.command.start, build.command.end, tagged)
        if edit and set(build.tags) - set(first.tags):
            return (edit,), "Tag the image that was built"
    if first.pushes and build.pushes and set(build.tags) - set(first.tags):
        return None, ""
    return remove_command(build.step, build.command), "Build the image once"


def _through_the_cache(first: ImageBuild, build: ImageBuild) -> tuple[Edit, ...] | None:
    """The second build reads what the first wrote. Not where it goes out with a release: caches can be poisoned."""
    if first.command or build.command or not (_has_buildx(first.step.job) and _has_buildx(build.step.job)):
        return None
    if {"release"} & set(build.step.job.file.events) or "tags" in _filters_of_push(build.step.job):
        return None
    edits: list[Edit] = []
    if not first.step.given("cache-to"):
        edit = set_input(first.step, "cache-to", "type=gha,mode=max")
        if edit is None:
            return None
        edits.append(edit)
    edit = set_input(build.step, "cache-from", "type=gha")
    return (*edits, edit) if edit else None


def _has_buildx(job: WrittenJob) -> bool:
    return any(step.action == "docker/setup-buildx-action" for step in job.steps)


def _filters_of_push(job: WrittenJob) -> frozenset[str]:
    filters = job.file.event("push")
    return frozenset(filters.by_key) if filters else frozenset()
