"""Who builds on whom among the components, and so who is handed what the build of another makes."""

from collections.abc import Collection, Mapping, Sequence

from cicd_defs.facts.stacks import Component, Stacks
from cicd_defs.plan.pipeline import Note
from cicd_defs.plan.units import Unit


def linked(units: Sequence[Unit], stacks: Stacks) -> tuple[Unit, ...]:
    """The components with all that each builds on, declared or detected, and with what they hand to each other.

    What is built on and is no component of its own here still concerns the one that builds on it, by its path.
    """
    found = tuple(_with_detected(unit, units, stacks) for unit in units)
    handed = {unit.name: _handed(unit, found) for unit in found}
    return tuple(
        unit.model_copy(
            update={
                "handed": handed[unit.name],
                "handed_to": tuple(name for name, sources in handed.items() if unit.name in sources),
            }
        )
        for unit in found
    )


def built_on(unit: Unit, units: Sequence[Unit]) -> list[Unit]:
    """Everything that the component builds on, directly or not, in a stable order."""
    by_name = {other.name: other for other in units}
    found: dict[str, Unit] = {}
    waiting = list(unit.depends_on)
    while waiting:
        name = waiting.pop(0)
        if name not in found and name in by_name and name != unit.name:
            found[name] = by_name[name]
            waiting.extend(by_name[name].depends_on)
    return list(found.values())


def not_handed(units: Sequence[Unit]) -> tuple[Note, ...]:
    """Where a component builds on another and still cannot wait for its build."""
    return tuple(
        Note(
            where=unit.name,
            message=f"it and {other.name} build on each other, so neither is handed what the other makes",
        )
        for unit in units
        for other in built_on(unit, units)
        if other.artifacts and other.name not in unit.handed
    )


def _with_detected(unit: Unit, units: Sequence[Unit], stacks: Stacks) -> Unit:
    components = {component.name: component for component in stacks.components}
    ours = {other.detected for other in units}
    reached = _reached(unit.detected, components, ours)
    names = [other.name for other in units if other.detected in reached and other.name != unit.name]
    paths = [path for name in reached if name not in ours for path in _paths_of(components[name])]
    outside = [path for path in paths if unit.path != "." and not f"{path}/".startswith(f"{unit.path}/")]
    return unit.model_copy(
        update={
            "depends_on": tuple(dict.fromkeys((*unit.depends_on, *names))),
            "shared_files": tuple(dict.fromkeys((*unit.shared_files, *outside))),
        }
    )


def _reached(
    start: str | None, components: Mapping[str, Component], ours: Collection[str | None]
) -> list[str]:
    """The detected components that one builds on: those that are ours, and, through those that are not, the next."""
    found: dict[str, None] = {}
    waiting = [start] if start else []
    while waiting:
        component = components[waiting.pop(0)]
        new = [
            claim.name
            for claim in component.depends_on
            if claim.name in components and claim.name not in found
        ]
        found |= dict.fromkeys(new)
        waiting += [name for name in new if name not in ours]
    return [name for name in found if name != start]


def _paths_of(component: Component) -> tuple[str, ...]:
    return (component.path, *(claim.name for claim in component.shared_files))


def _handed(unit: Unit, units: Sequence[Unit]) -> tuple[str, ...]:
    """The components whose build has to come first. Of two that build on each other neither can."""
    makers = [other for other in built_on(unit, units) if other.artifacts]
    return tuple(other.name for other in makers if unit not in built_on(other, units))
