"""The parts of a repository that get jobs of their own: what was declared, over what was detected."""

from typing import Literal

from cicd_defs.facts.stacks import CommandKind, Component, StackName, Stacks
from cicd_defs.facts.value import Value
from cicd_defs.plan.pipeline import Note
from cicd_defs.spec.model import Component as Declared
from cicd_defs.spec.model import Project

MANAGERS: dict[StackName, str] = {
    "python": "pip",
    "node": "npm",
    "go": "go",
    "rust": "cargo",
    "java": "maven",
}
"""The package manager that is taken for a stack where nothing tells."""

INSTALLS: dict[str, str] = {
    "pip": "python -m pip install -e .",
    "uv": "uv sync",
    "poetry": "poetry install",
    "pdm": "pdm install",
    "pipenv": "pipenv install --dev",
    "npm": "npm install",
    "pnpm": "pnpm install",
    "yarn": "yarn install",
    "bun": "bun install",
}
"""How a package manager installs a project that was declared without a command and not detected."""


class Unit(Value):
    """One component as it will be built: where it is, what it is made of, what is run for it and who said so.

    `stack` is None where nobody told; such a component gets its commands and no set-up. `versions` are the legs of
    its tests. `paths` are further folders or files whose change concerns it. `own_install`: the install command was
    declared, so we cannot know what it downloads.
    """

    name: str
    path: str
    stack: StackName | None
    manager: str
    manifest: str | None = None
    lock_file: str | None = None
    versions: tuple[str, ...] = ()
    commands: dict[CommandKind, str] = {}
    tools: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    env: dict[str, str] = {}
    runs_on: tuple[str, ...] = ()
    timeout_minutes: int
    coverage: Literal["codecov", "coveralls"] | None = None
    coverage_tools: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    own_install: bool = False

    @property
    def newest(self) -> str | None:
        """The version that everything but the tests runs on."""
        return self.versions[-1] if self.versions else None


def units_of(project: Project, stacks: Stacks) -> tuple[tuple[Unit, ...], tuple[Note, ...]]:
    """The components to build, and what to know of them. Declared ones where there are any, else the detected ones."""
    declared = project.pipeline.components
    found: list[tuple[Declared | None, Component | None]]
    if declared:
        found = [(item, _match(item, stacks)) for item in declared]
    else:
        found = [(None, component) for component in stacks.components]
    units = tuple(_unit(project, item, component) for item, component in found)
    skips = [item.skip if item else () for item, _ in found]
    return units, tuple(note for unit, skip in zip(units, skips, strict=True) for note in _notes(unit, skip))


def _match(item: Declared, stacks: Stacks) -> Component | None:
    """The detected component that a declared one speaks of: same path and, where told, same stack."""
    here = [component for component in stacks.components if component.path == item.path]
    fitting = [component for component in here if item.stack in {None, component.stack}]
    return fitting[0] if fitting else None


def _unit(project: Project, item: Declared | None, component: Component | None) -> Unit:
    """One component: what was declared of it, completed by what was detected at its path."""
    name = item.known_as if item else component.name if component else project.name
    item = item or Declared()
    stack = _stack(item, component)
    manager = _manager(item, component, stack)
    return Unit(
        name=name,
        path=component.path if component else item.path,
        stack=stack,
        manager=manager,
        manifest=component.manifest if component else None,
        lock_file=component.lock_file if component else None,
        versions=item.versions or (component.versions if component else ()),
        commands=_commands(item, component, manager),
        tools=tuple(claim.name for claim in (*component.linters, *component.test_runners))
        if component
        else (),
        services=_services(item, component),
        env=item.env_vars,
        runs_on=item.runs_on or (project.pipeline.runs_on,),
        timeout_minutes=item.timeout_minutes or project.pipeline.timeout_minutes,
        coverage=None if item.coverage_tool == "none" else item.coverage_tool,
        coverage_tools=tuple(claim.name for claim in component.coverage_tools) if component else (),
        paths=item.paths,
        depends_on=item.depends_on,
        own_install=item.install_cmd is not None,
    )


def _stack(item: Declared, component: Component | None) -> StackName | None:
    if item.stack == "custom":
        return None
    return item.stack or (component.stack if component else None)


def _manager(item: Declared, component: Component | None, stack: StackName | None) -> str:
    if item.package_manager:
        return item.package_manager
    if component and component.package_managers and stack:
        return component.package_managers[0].name
    return MANAGERS[stack] if stack else ""


def _commands(item: Declared, component: Component | None, manager: str) -> dict[CommandKind, str]:
    """A command for each kind: the declared one, else the detected one. An empty one was declared away."""
    declared: dict[CommandKind, str | None] = {
        "install": item.install_cmd,
        "lint": item.lint_cmd,
        "format": item.format_cmd,
        "typecheck": item.typecheck_cmd,
        "test": item.test_cmd,
        "integration": item.integration_cmd,
        "build": item.build_cmd,
    }
    detected = {kind: component.command(kind) if component else None for kind in declared}
    if component is None and INSTALLS.get(manager):
        detected["install"] = INSTALLS[manager]
    chosen = {kind: detected[kind] if given is None else given for kind, given in declared.items()}
    return {kind: run for kind, run in chosen.items() if run and kind not in item.skip}


SERVICE_IMAGES = {
    "postgres": "postgres:17-alpine",
    "redis": "redis:7-alpine",
    "mysql": "mysql:8.4",
}
"""Detected databases and caches to the image that stands in for them: those whose digest is known."""


def _services(item: Declared, component: Component | None) -> tuple[str, ...]:
    if item.services is not None:
        return item.services
    detected = component.services if component else ()
    return tuple(SERVICE_IMAGES[claim.name] for claim in detected if claim.name in SERVICE_IMAGES)


_TYPED_APART = {"python", "node"}
"""Stacks whose types a program of its own checks. Compilers check the others' in passing."""


def _notes(unit: Unit, skipped: tuple[str, ...]) -> list[Note]:
    """What a person should know: a component without a stack, a check that nobody told us how to run."""
    kinds: tuple[CommandKind, ...] = (
        ("lint", "typecheck", "test") if unit.stack in _TYPED_APART else ("lint", "test")
    )
    messages = [
        f"no {kind} command was detected: add `{kind}_cmd:`"
        for kind in kinds
        if kind not in {*unit.commands, *skipped}
    ]
    if unit.stack is None:
        messages.append(
            "no stack was detected or declared, so nothing is set up: add `stack:` or an `install_cmd:`"
        )
    return [Note(where=unit.name, message=message) for message in messages]
