"""Every file of a pipeline as text: what stands where, ready to be written."""

from cicd_defs.facts.value import Value
from cicd_defs.facts.written import MARK
from cicd_defs.plan.pipeline import FileKind, Pipeline, PlannedFile
from cicd_defs.render.codeowners import render_codeowners
from cicd_defs.render.dependabot import render_dependabot
from cicd_defs.render.dockerfile import render_dockerfile, render_dockerignore
from cicd_defs.render.github import render_workflow
from cicd_defs.render.makefile import render_makefile
from cicd_defs.render.precommit import render_precommit
from cicd_defs.render.ruleset import render_ruleset


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
    header = header_of(pipeline.project)
    if planned.kind == "makefile":
        return render_makefile(pipeline.local, header)
    if planned.kind == "precommit":
        return render_precommit(pipeline.hooks, header, pipeline.yaml_excludes)
    if planned.kind == "dependabot":
        return render_dependabot(pipeline.hygiene.updates, header)
    if planned.kind == "dockerfile":
        return render_dockerfile(pipeline.containers.dockerfile(planned.path), header)
    if planned.kind == "dockerignore":
        return render_dockerignore(pipeline.containers.ignore(planned.path), header)
    if planned.kind == "codeowners":
        return render_codeowners(pipeline.hygiene.owned, header)
    if planned.kind == "ruleset" and pipeline.hygiene.ruleset:
        return render_ruleset(pipeline.hygiene.ruleset)
    workflow = pipeline.workflow(planned.path)
    if workflow is None:
        raise ValueError(f"the plan applies {planned.path} but holds no workflow for it")
    return render_workflow(workflow, header)


def header_of(project: str) -> tuple[str, ...]:
    """The comment on top of every generated file: who wrote it, from what, and what to do instead of editing."""
    return (
        f"{MARK} from projects/{project}.yaml: change there what it declares.",
        "What is changed here by hand is kept when this is generated again.",
    )
