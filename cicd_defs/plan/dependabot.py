"""What Dependabot is asked to keep up to date: the actions, the images, and what each component depends on.

Ecosystems: https://docs.github.com/code-security/reference/supply-chain-security/dependabot-options-reference
"""

from collections.abc import Iterator, Sequence
from posixpath import dirname

from cicd_defs.facts.stacks import Stacks
from cicd_defs.plan.containers import Containers
from cicd_defs.plan.hygiene import Update
from cicd_defs.plan.pipeline import Note
from cicd_defs.plan.units import Unit
from cicd_defs.spec.model import Project

ECOSYSTEMS = {
    "pip": "pip",
    "poetry": "pip",
    "pipenv": "pip",
    "hatch": "pip",
    "uv": "uv",
    "conda": "conda",
    "npm": "npm",
    "pnpm": "npm",
    "yarn": "npm",
    "bun": "bun",
    "go": "gomod",
    "go-mod": "gomod",
    "cargo": "cargo",
    "maven": "maven",
    "gradle": "gradle",
    "sbt": "sbt",
}
"""A package manager to the ecosystem that reads its files. Dependabot has none for the others, such as pdm and pixi."""

DEFAULT_BRANCHES = ("main", "master")
"""Branches that need no naming: naming one takes these settings away from security updates."""


def updates_of(
    project: Project,
    units: Sequence[Unit],
    stacks: Stacks,
    containers: Containers,
    *,
    actions: bool,
    hooks: bool,
) -> tuple[Update, ...]:
    """One entry for each ecosystem, with every folder in which it has something to keep up to date.

    `actions` and `hooks`: the repository has workflows, and a pre-commit configuration.
    """
    branch = None if project.branch in DEFAULT_BRANCHES else project.branch
    files = {claim.name for claim in stacks.dockerfiles} | {made.path for made in containers.dockerfiles}
    composes = {claim.name for claim in stacks.compose_files}
    composes |= {containers.compose.path} if containers.compose else set()
    folders: dict[str, list[str]] = {
        "github-actions": ["."] if actions else [],
        "pre-commit": ["."] if hooks else [],
        "docker": sorted(map(dirname, files)),
        "docker-compose": sorted(map(dirname, composes)),
    }
    for ecosystem, folder in _of_components(units):
        folders.setdefault(ecosystem, []).append(folder)
    return tuple(
        Update(
            ecosystem=ecosystem,
            directories=tuple(dict.fromkeys(_directory(folder) for folder in found)),
            prefix="ci" if ecosystem in {"github-actions", "pre-commit"} else "build",
            branch=branch,
        )
        for ecosystem, found in folders.items()
        if found
    )


def not_updated(units: Sequence[Unit]) -> tuple[Note, ...]:
    """The components whose dependencies Dependabot cannot keep up to date."""
    return tuple(
        Note(
            where=unit.name,
            message=f"Dependabot does not know {unit.manager}: nobody keeps its dependencies up to date",
        )
        for unit in units
        if unit.manager and unit.manager not in ECOSYSTEMS
    )


def _of_components(units: Sequence[Unit]) -> Iterator[tuple[str, str]]:
    for unit in units:
        if ecosystem := ECOSYSTEMS.get(unit.manager):
            yield ecosystem, unit.path


def _directory(folder: str) -> str:
    return "/" if folder in {"", "."} else f"/{folder}"
