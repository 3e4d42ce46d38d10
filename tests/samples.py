"""The sample declarations with their repositories, and components and projects to plan with.

Each call of `component`, `project` and `plan` says only what differs from an ordinary one.
"""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cicd_defs.adapters.git import local_tree
from cicd_defs.facts.detect import detect
from cicd_defs.facts.stacks import Claim, Command, CommandKind, Component, StackName, Stacks
from cicd_defs.facts.tree import Tree
from cicd_defs.facts.written import Written, written_files
from cicd_defs.plan.compile import compile_pipeline
from cicd_defs.plan.files import looked_at
from cicd_defs.plan.pipeline import Pipeline, Workflow
from cicd_defs.spec.model import Project
from cicd_defs.spec.read import read_project

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Sample:
    """A declaration of projects/samples/, and the repository in examples/ that it declares."""

    name: str

    @property
    def path(self) -> Path:
        return ROOT / "projects" / "samples" / f"{self.name}.yaml"

    @property
    def repository(self) -> Path:
        return ROOT / "examples" / self.name

    @cached_property
    def text(self) -> str:
        return self.path.read_text()

    @cached_property
    def project(self) -> Project:
        return read_project(self.text, f"projects/samples/{self.name}.yaml")

    @cached_property
    def files(self) -> dict[str, str]:
        """The repository: path to text."""
        tree = local_tree(self.repository)
        return {path: (tree.read(path) or b"").decode() for path in tree.paths}

    @cached_property
    def pipeline(self) -> Pipeline:
        tree = Tree.of(self.files)
        return compile_pipeline(self.project, detect(tree), written_files(tree, looked_at(self.project)))


SAMPLES = {
    name: Sample(name)
    for name in (
        "library",
        "service",
        "web",
        "monorepo",
        "go",
        "rust",
        "java",
        "kubernetes",
        "compose",
        "custom",
    )
}
"""Every sample by its name, in the order in which people read them."""

MANIFESTS: dict[StackName, str] = {
    "python": "pyproject.toml",
    "node": "package.json",
    "go": "go.mod",
    "rust": "Cargo.toml",
    "java": "pom.xml",
}
MANAGERS: dict[StackName, str] = {
    "python": "pip",
    "node": "npm",
    "go": "go-mod",
    "rust": "cargo",
    "java": "maven",
}


def claims(*names: str) -> tuple[Claim, ...]:
    return tuple(Claim(name=name, evidence=(f"{name}:1",)) for name in names)


def commands(**runs: str) -> tuple[Command, ...]:
    kinds: dict[str, CommandKind] = {kind: kind for kind in runs}  # type: ignore[misc]
    return tuple(Command(kind=kinds[kind], run=run, evidence=("Makefile:1",)) for kind, run in runs.items())


def component(stack: StackName = "python", path: str = ".", **changes: object) -> Component:
    """A component that lints and tests."""
    values: dict[str, object] = {
        "name": stack if path == "." else path.rpartition("/")[2],
        "path": path,
        "stack": stack,
        "manifest": MANIFESTS[stack] if path == "." else f"{path}/{MANIFESTS[stack]}",
        "package_managers": claims(MANAGERS[stack]),
        "commands": commands(install="make deps", lint="make lint", test="make test"),
    }
    return Component.model_validate(values | changes)


def project(branch: str = "main", **pipeline: object) -> Project:
    """A project whose `pipeline:` has these keys, read as from a file."""
    declared = {"name": "shop", "repository": "acme/shop", "branch": branch, "pipeline": pipeline}
    return Project.model_validate_json(json.dumps(declared))


def plan(
    *components: Component, written: Written | None = None, images: tuple[str, ...] = (), **pipeline: object
) -> Pipeline:
    """The pipeline of a repository with these components."""
    stacks = Stacks(components=components, dockerfiles=claims(*images))
    return compile_pipeline(project(**pipeline), stacks, written or Written())


def ci(pipeline: Pipeline) -> Workflow:
    found = pipeline.workflow(".github/workflows/ci.yml")
    assert found is not None
    return found
