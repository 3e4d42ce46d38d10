"""Every file of a pipeline as text: what stands where, ready to be written."""

from collections.abc import Callable

from cicd_defs.facts.value import Value
from cicd_defs.facts.written import MARK
from cicd_defs.plan.pipeline import FileKind, Pipeline, PlannedFile
from cicd_defs.render.codeowners import render_codeowners
from cicd_defs.render.compose import render_compose
from cicd_defs.render.contributing import render_contributing
from cicd_defs.render.coverage import render_coverage
from cicd_defs.render.dependabot import render_dependabot
from cicd_defs.render.dockerfile import render_dockerfile, render_dockerignore
from cicd_defs.render.github import render_workflow
from cicd_defs.render.makefile import render_makefile
from cicd_defs.render.precommit import render_precommit
from cicd_defs.render.ruleset import render_ruleset
from cicd_defs.render.taskfile import render_taskfile

Header = tuple[str, ...]


class GeneratedFile(Value):
    """One file: where it stands in the repository, what it is, and its text."""

    path: str
    kind: FileKind
    text: str


def render_files(pipeline: Pipeline) -> tuple[GeneratedFile, ...]:
    """All files that the pipeline applies, in the plan's order."""
    return tuple(render_file(pipeline, planned) for planned in pipeline.applied)


def render_file(pipeline: Pipeline, planned: PlannedFile) -> GeneratedFile:
    """One file of the pipeline."""
    return GeneratedFile(path=planned.path, kind=planned.kind, text=_text(pipeline, planned))


def _text(pipeline: Pipeline, planned: PlannedFile) -> str:
    return _WRITERS[planned.kind](pipeline, planned, header_of(pipeline.project))


def header_of(project: str) -> tuple[str, ...]:
    """The comment on top of every generated file: who wrote it, from what, and what to do instead of editing."""
    return (
        f"{MARK} from projects/{project}.yaml: change there what it declares.",
        "What is changed here by hand is kept when this is generated again.",
    )


def _workflow(pipeline: Pipeline, planned: PlannedFile, header: Header) -> str:
    workflow = pipeline.workflow(planned.path)
    if workflow is None:
        raise ValueError(f"the plan applies {planned.path} but holds no workflow for it")
    return render_workflow(workflow, header)


def _compose(pipeline: Pipeline, planned: PlannedFile, header: Header) -> str:
    if pipeline.containers.compose is None:
        raise ValueError(f"the plan applies {planned.path} but holds no compose file")
    return render_compose(pipeline.containers.compose, header)


def _ruleset(pipeline: Pipeline, planned: PlannedFile, header: Header) -> str:  # noqa: ARG001
    """JSON has no comments, so the lock file alone tells whose it is."""
    if pipeline.hygiene.ruleset is None:
        raise ValueError(f"the plan applies {planned.path} but holds no ruleset")
    return render_ruleset(pipeline.hygiene.ruleset)


_WRITERS: dict[FileKind, Callable[[Pipeline, PlannedFile, Header], str]] = {
    "workflow": _workflow,
    "makefile": lambda pipeline, _, header: render_makefile(pipeline.local, header),
    "taskfile": lambda pipeline, _, header: render_taskfile(pipeline.local, header),
    "precommit": lambda pipeline, _, header: render_precommit(pipeline.hooks, header, pipeline.yaml_excludes),
    "dockerfile": lambda pipeline, planned, header: render_dockerfile(
        pipeline.containers.dockerfile(planned.path), header
    ),
    "dockerignore": lambda pipeline, planned, header: render_dockerignore(
        pipeline.containers.ignore(planned.path), header
    ),
    "compose": _compose,
    "dependabot": lambda pipeline, _, header: render_dependabot(pipeline.hygiene.updates, header),
    "codeowners": lambda pipeline, _, header: render_codeowners(pipeline.hygiene.owned, header),
    "ruleset": _ruleset,
    "coverage": lambda pipeline, planned, header: render_coverage(
        pipeline.hygiene.coverage_at(planned.path), header
    ),
    "contributing": lambda pipeline, _, header: render_contributing(pipeline, header),
}
"""How a file of each kind is written."""
