"""The parts of a repository that get jobs of their own: what was declared, over what was detected."""

from collections.abc import Mapping
from posixpath import join, normpath
from typing import Literal

from cicd_defs.facts.stacks import CommandKind, Component, StackName, Stacks
from cicd_defs.facts.value import Value
from cicd_defs.plan.pipeline import Note
from cicd_defs.plan.services import RECIPES, kind_of
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
    "hatch": "hatch env create",
    "pixi": "pixi install",
    "npm": "npm install",
    "pnpm": "pnpm install",
    "yarn": "yarn install",
    "bun": "bun install",
}
"""How a package manager installs a project that was declared without a command and not detected."""


class Unit(Value):
    """One component as it will be built: where it is, what it is made of, what is run for it and who said so.

    `detected` is the name that it was detected by. `stack` is None where nobody told; such a component gets its
    commands and no set-up. `versions` are the legs of its tests. `manifest` and `lock_file` are paths from the
    repository's root. `paths` are further folders or files whose change concerns it, `shared_files` those that nobody
    had to declare; `depends_on` names what it builds on. `artifacts` is what its build makes and keeps, from the root;
    `handed` names the components of which its jobs get that, `handed_to` those whose jobs get its own. `own_install`
    and `own_test`: the command was declared, so we cannot know what it downloads, or reports.
    """

    name: str
    path: str
    detected: str | None = None
    stack: StackName | None
    manager: str
    manifest: str | None = None
    lock_file: str | None = None
    versions: tuple[str, ...] = ()
    commands: dict[CommandKind, str] = {}
    tools: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    env: dict[str, str] = {}
    shared_env: dict[str, str] = {}
    runs_on: tuple[str, ...] = ()
    timeout_minutes: int
    coverage: Literal["codecov", "coveralls"] | None = None
    coverage_tools: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    shared_files: tuple[str, ...] = ()
    artifacts: tuple[str, ...] = ()
    handed: tuple[str, ...] = ()
    handed_to: tuple[str, ...] = ()
    own_install: bool = False
    own_test: bool = False
    classic_yarn: bool = False
    source_paths: tuple[str, ...] = ()

    @property
    def newest(self) -> str | None:
        """The version that all but the tests run on: the highest, or the last one where words are among them."""
        if not self.versions:
            return None
        numbers = [version.split(".") for version in self.versions]
        if not all(part.isdecimal() for number in numbers for part in number):
            return self.versions[-1]
        return max(self.versions, key=lambda version: [int(part) for part in version.split(".")])

    @property
    def declared_env(self) -> dict[str, str]:
        """Every variable that was declared for it: the pipeline's, then its own."""
        return {**self.shared_env, **self.env}


def units_of(project: Project, stacks: Stacks) -> tuple[tuple[Unit, ...], tuple[Note, ...]]:
    """The components to build, and what to know of them. Declared ones where there are any, else the detected ones."""
    declared = project.pipeline.components
    found: list[tuple[Declared | None, Component | None]]
    if declared:
        found = [(item, _match(item, stacks)) for item in declared]
    else:
        found = [(None, component) for component in stacks.components]
    units = tuple(_unit(project, item, component) for item, component in found)
    messages = [
        (unit.name, message)
        for unit, (item, component) in zip(units, found, strict=True)
        for message in (*_missing(unit, item or Declared()), *_left_out(unit, item or Declared(), component))
    ]
    return units, tuple(Note(where=name, message=message) for name, message in messages)


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
    versions = item.versions or (component.versions if component else ())
    commands = _commands(item, component, manager)
    return Unit(
        name=name,
        path=component.path if component else item.path,
        detected=component.name if component else None,
        stack=stack,
        manager=manager,
        manifest=component.manifest if component else None,
        lock_file=component.lock_file if component and not _is_other_manager(item, component) else None,
        versions=versions[-1:] if manager in _CHOOSES_ITS_RUNTIME else versions,
        commands=commands,
        tools=tuple(claim.name for claim in (*component.linters, *component.test_runners))
        if component
        else (),
        services=_services(item, component),
        env=item.env_vars,
        shared_env=project.pipeline.env_vars,
        runs_on=item.runs_on or (project.pipeline.runs_on,),
        timeout_minutes=item.timeout_minutes or project.pipeline.timeout_minutes,
        coverage=None if item.coverage_tool == "none" else item.coverage_tool,
        coverage_tools=tuple(claim.name for claim in component.coverage_tools) if component else (),
        paths=item.paths,
        depends_on=item.depends_on,
        own_install=item.install_cmd is not None,
        own_test=item.test_cmd is not None,
        classic_yarn=component.classic_yarn if component else False,
        source_paths=component.source_paths if component else (),
        shared_files=_outside(component),
        artifacts=_artifacts(item, component.path if component else item.path, commands),
    )


def _outside(component: Component | None) -> tuple[str, ...]:
    """What was detected to concern a component and lies outside its folder, a lock file or manifest too."""
    if component is None:
        return ()
    files = (component.manifest, component.lock_file or component.manifest)
    above = (file for file in files if component.path != "." and not file.startswith(f"{component.path}/"))
    return tuple(dict.fromkeys((*above, *(claim.name for claim in component.shared_files))))


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


_CHOOSES_ITS_RUNTIME = {"pixi"}
"""Package managers that bring the runtime along, so that a matrix over its versions would test one thing twice."""


def _is_other_manager(item: Declared, component: Component) -> bool:
    """Whether another package manager was declared than the one that was detected, and with it its commands."""
    detected = {claim.name.removesuffix("-mod") for claim in component.package_managers}
    return item.package_manager is not None and item.package_manager not in detected


def _commands(item: Declared, component: Component | None, manager: str) -> dict[CommandKind, str]:
    """A command for each kind: the declared one, else the detected one. An empty one was declared away."""
    declared: dict[CommandKind, str | None] = {
        "install": item.install_cmd,
        "lint": item.lint_cmd,
        "format": item.format_cmd,
        "typecheck": item.typecheck_cmd,
        "test": item.test_cmd,
        "integration": item.integration_cmd,
        "e2e": item.e2e_cmd,
        "build": item.build_cmd,
    }
    found = None if component is None or _is_other_manager(item, component) else component
    detected = {kind: found.command(kind) if found else None for kind in declared}
    if found is None and INSTALLS.get(manager):
        detected["install"] = INSTALLS[manager]
    chosen = {kind: detected[kind] if given is None else given for kind, given in declared.items()}
    return {kind: run for kind, run in chosen.items() if run and kind not in item.skip}


def _artifacts(item: Declared, path: str, commands: Mapping[CommandKind, str]) -> tuple[str, ...]:
    """What its build makes, from the repository's root; nothing where there is no build."""
    return tuple(normpath(join(path, made)) for made in item.artifacts) if "build" in commands else ()


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


def _missing(unit: Unit, item: Declared) -> list[str]:
    """The checks that nobody told us how to run, and a component that nothing can be set up for."""
    kinds: tuple[CommandKind, ...] = (
        ("lint", "typecheck", "test") if unit.stack in _TYPED_APART else ("lint", "test")
    )
    present = {*unit.commands, *item.skip}
    messages = [f"no {kind} command is known: add `{kind}_cmd:`" for kind in kinds if kind not in present]
    if unit.stack is None and item.stack != "custom":
        messages.append("no stack was detected, so nothing is set up: add `stack:`")
    if unit.stack is None and item.versions:
        messages.append("a custom stack has no runtime that we know, so `versions` has no effect")
    return messages


def _left_out(unit: Unit, item: Declared, component: Component | None) -> list[str]:
    """What was detected or declared and still does not run as one might expect."""
    messages = []
    if component and _is_other_manager(item, component):
        detected = component.package_managers[0].name if component.package_managers else "nothing"
        messages.append(
            f"`{unit.manager}` was declared and {detected} detected: the commands of {detected} are left out"
        )
    versions = item.versions or (component.versions if component else ())
    if unit.manager in _CHOOSES_ITS_RUNTIME and len(versions) > 1:
        messages.append(f"{unit.manager} chooses the version itself, so its tests run once")
    unknown = (
        [claim.name for claim in component.services if claim.name not in SERVICE_IMAGES] if component else []
    )
    if item.services is None and unknown:
        messages.append(
            f"no digest of an image is known for {', '.join(unknown)}: name the image under `services:` to start it"
        )
    unreached = [image for image in unit.services if kind_of(image) not in RECIPES]
    if unreached:
        messages.append(f"no port is known for {', '.join(unreached)}: its tests cannot reach it")
    if unit.services and any(not label.startswith("ubuntu") for label in unit.runs_on):
        messages.append("GitHub starts services on Linux runners only")
    if item.artifacts and not unit.artifacts:
        messages.append("`artifacts` has no effect without a build: add `build_cmd:`")
    if unit.coverage and not reports_coverage(unit):
        messages.append(f"nothing writes a coverage report, so nothing is uploaded to {unit.coverage}")
    return messages


def reports_coverage(unit: Unit) -> bool:
    """Whether the tests leave a coverage report behind, as far as we can know."""
    return unit.own_test or unit.stack == "go" or bool(unit.coverage_tools)
