"""What every command reads: project files, repositories, and what follows from both. Mistakes are told in words."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from cicd_defs.facts.stacks import Stacks
    from cicd_defs.facts.tree import Tree
    from cicd_defs.plan.pipeline import Pipeline
    from cicd_defs.render.files import GeneratedFile
    from cicd_defs.spec.model import Project

PROJECTS = Path("projects")

PLACE = click.Path(path_type=Path)
"""A file or a folder that a person names. Whether it is there, the command says in its own words."""

repo_option = click.option(
    "--repo", type=PLACE, help="The repository's folder. Default: the declared one, where it is a path."
)
spec_argument = click.argument("spec", type=PLACE, help="A project file, such as projects/shop.yaml.")


class UsageProblem(Exception):
    """Something that a person can put right: where, what, and what to do next. `code` is the exit code."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


def bytes_of(file: Path) -> bytes:
    """The content of a project file."""
    try:
        return file.read_bytes()
    except FileNotFoundError:
        raise UsageProblem(f"{file}: there is no such file. `cicd init PATH` writes one.") from None
    except OSError as error:
        raise UsageProblem(f"{file}: it cannot be read: {error.strerror}.") from None


def project_of(file: Path) -> "Project":
    """The declaration in a project file."""
    from cicd_defs.spec.read import SpecError, read_project

    try:
        return read_project(bytes_of(file), str(file))
    except SpecError as error:
        raise UsageProblem(str(error)) from None


def repository_of(project: "Project", spec: Path, given: Path | None) -> Path:
    """The repository's folder: the one given, else the declared one, relative to the project file."""
    from resources.repositories import local_path

    place = given or local_path(project.repository, spec.parent)
    if place is not None and (given or place.is_dir()):
        return place
    raise UsageProblem(
        f"{spec}: `{project.repository}` is no folder here. Say where the repository is with --repo PATH."
    )


def tree_of(path: Path) -> "Tree":
    """The files of the repository in a folder."""
    from cicd_defs.adapters.git import GitError, local_tree

    if not path.is_dir():
        raise UsageProblem(f"{path}: there is no such folder.")
    try:
        return local_tree(path)
    except GitError as error:
        raise UsageProblem(str(error)) from None


def folder_tree(path: Path) -> "Tree":
    """The files of any folder, also of one that is not there yet."""
    from cicd_defs.facts.tree import Tree

    return tree_of(path) if path.is_dir() else Tree.of({})


def branch_in(path: Path) -> str | None:
    """The branch that a folder is on; None where it is no git repository of its own."""
    from cicd_defs.adapters.git import GitError, branch_of

    try:
        return branch_of(path)
    except GitError as error:
        raise UsageProblem(str(error)) from None


def stacks_of(tree: "Tree") -> "Stacks":
    """What is detected in a repository."""
    from cicd_defs.facts.detect import detect as detected

    return detected(tree)


def compiled(spec: Path, project: "Project", tree: "Tree") -> "tuple[Pipeline, tuple[GeneratedFile, ...]]":
    """The pipeline of a project on a repository, with the pins beside its file, and its files as they are generated."""
    from cicd_defs.facts.written import written_files
    from cicd_defs.plan.compile import compile_pipeline
    from cicd_defs.plan.files import looked_at
    from cicd_defs.plan.pinned import BadPins
    from cicd_defs.plan.repin import repinned
    from cicd_defs.render.files import render_files
    from resources.pins import pins_beside

    planned = compile_pipeline(project, stacks_of(tree), written_files(tree, looked_at(project)))
    try:
        pipeline = repinned(planned, pins_beside(spec.parent))
    except BadPins as error:
        raise UsageProblem(str(error)) from None
    return pipeline, render_files(pipeline)
