"""What is planned and written for a repository held in memory."""

from collections.abc import Mapping

from cicd_defs.facts.detect import detect
from cicd_defs.facts.tree import Tree
from cicd_defs.facts.written import written_files
from cicd_defs.plan.compile import compile_pipeline
from cicd_defs.plan.containers import Dockerfile, Stage
from cicd_defs.plan.files import looked_at
from cicd_defs.plan.pipeline import Pipeline
from cicd_defs.render.files import render_files
from cicd_defs.spec.read import read_project

CONTAINER_KINDS = ("dockerfile", "dockerignore", "compose")


def planned(files: Mapping[str, str | bytes], declaration: str = "docker: {}\n") -> Pipeline:
    """The pipeline of a repository of these files; the declaration is what follows `repository:`."""
    tree = Tree.of(files)
    project = read_project(f"repository: acme/thing\n{declaration}", "projects/thing.yaml")
    return compile_pipeline(project, detect(tree), written_files(tree, looked_at(project)))


def container_files(pipeline: Pipeline) -> dict[str, str]:
    """The container files that the plan applies: path to text."""
    return {file.path: file.text for file in render_files(pipeline) if file.kind in CONTAINER_KINDS}


def only(pipeline: Pipeline) -> Dockerfile:
    (dockerfile,) = pipeline.containers.dockerfiles
    return dockerfile


def stage(dockerfile: Dockerfile, name: str) -> Stage:
    return next(one for one in dockerfile.stages if one.name == name)


def notes(pipeline: Pipeline, where: str) -> str:
    return " ".join(note.message for note in pipeline.notes if note.where == where)
