"""Components and projects to plan with: each call says only what differs from an ordinary one."""

import json

from cicd_defs.facts.stacks import Claim, Command, CommandKind, Component, StackName, Stacks
from cicd_defs.facts.written import Written
from cicd_defs.plan.compile import compile_pipeline
from cicd_defs.plan.pipeline import Pipeline, Workflow
from cicd_defs.spec.model import Project

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
