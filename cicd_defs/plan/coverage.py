"""How coverage is measured, where a repository asks for it and has not said so itself."""

from collections.abc import Sequence

from cicd_defs.facts.stacks import Stacks
from cicd_defs.plan.files import COVERAGE_PATH, at, coverage_paths
from cicd_defs.plan.hygiene import Coverage
from cicd_defs.plan.units import Unit
from cicd_defs.spec.model import Project


def coverage_of(project: Project, units: Sequence[Unit], stacks: Stacks) -> tuple[Coverage, ...]:
    """A file for each folder that may have one; with the reason where it is not written."""
    if not project.files.coverage:
        return (Coverage(path=COVERAGE_PATH, otherwise="`files.coverage` is false"),)
    by_path = {at(unit.path, COVERAGE_PATH): unit for unit in reversed(units) if unit.stack == "python"}
    return tuple(_of(path, by_path.get(path), stacks) for path in coverage_paths(project))


def _of(path: str, unit: Unit | None, stacks: Stacks) -> Coverage:
    if unit is None:
        return Coverage(path=path, otherwise="there is no Python component in its folder")
    if not unit.coverage_tools:
        return Coverage(path=path, otherwise=f"no tests of {unit.name} measure coverage")
    if configured := _configured(unit, stacks):
        return Coverage(path=path, otherwise=f"`{configured}` configures coverage")
    return Coverage(path=path, sources=_sources(unit))


def _configured(unit: Unit, stacks: Stacks) -> str | None:
    same = [each for each in stacks.components if (each.path, each.stack) == (unit.path, unit.stack)]
    return same[0].coverage_config if same else None


def _sources(unit: Unit) -> tuple[str, ...]:
    """The folders to measure. Single files are none that coverage.py takes, so with some everything is measured."""
    return () if any(path.endswith(".py") for path in unit.source_paths) else unit.source_paths
