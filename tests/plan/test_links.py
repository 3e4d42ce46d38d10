"""Who builds on whom, declared or detected, and what that means for the changed areas."""

import pytest

from cicd_defs.facts.stacks import Claim
from cicd_defs.plan.areas import areas_of
from cicd_defs.plan.links import built_on, linked
from cicd_defs.plan.units import units_of
from tests.samples import component, project


def claim(*names):
    return tuple(Claim(name=name, evidence=("x:1",)) for name in names)


def part(name, *builds_on, shared=()):
    return component("python", f"parts/{name}", depends_on=claim(*builds_on), shared_files=claim(*shared))


def units(*components, **pipeline):
    from cicd_defs.facts.stacks import Stacks

    stacks = Stacks(components=components)
    found, _ = units_of(project(**pipeline), stacks)
    return {unit.name: unit for unit in linked(found, stacks)}


def includes(found):
    return {area.id: set(area.include) for area in areas_of(tuple(found.values()))}


def test_what_is_detected_is_taken_over():
    found = units(part("core"), part("api", "core", shared=["ruff.toml"]), part("web", "api"))
    assert [unit.depends_on for unit in found.values()] == [(), ("core",), ("api",)]
    assert includes(found) == {
        "core": {"parts/core"},
        "api": {"parts/api", "parts/core", "ruff.toml"},
        "web": {"parts/web", "parts/api", "parts/core", "ruff.toml"},
    }


def test_what_is_declared_adds_to_it_under_its_own_names():
    declared = [
        {"path": "parts/core", "name": "kernel"},
        {"path": "parts/ui", "name": "ui"},
        {"path": "parts/api", "name": "server", "depends_on": ["ui"]},
    ]
    found = units(part("core"), part("ui"), part("api", "core"), components=declared)
    assert found["server"].depends_on == ("ui", "kernel")


def test_what_is_built_on_and_not_declared_still_concerns_it():
    detected = (
        part("core", shared=["ruff.toml"]),
        part("middle", "core", "base"),
        part("base"),
        part("api", "middle"),
    )
    declared = [{"path": "parts/api", "name": "api"}, {"path": "parts/base", "name": "base"}]
    found = units(*detected, components=declared)
    assert found["api"].depends_on == ("base",)
    assert includes(found)["api"] == {"parts/api", "parts/middle", "parts/core", "parts/base", "ruff.toml"}


@pytest.mark.parametrize("path", [".", "parts"])
def test_what_lies_in_its_own_folder_concerns_it_anyway(path):
    """A folder that only looks like a component of its own is no further path."""
    whole = component("python", path, name="whole", depends_on=claim("core"))
    found = units(whole, part("core"), components=[{"path": path, "name": "whole"}])
    assert includes(found)["whole"] == {path}


@pytest.mark.parametrize("missing", [(), ("a",)])
def test_a_circle_is_one_area_for_all_in_it(missing):
    parts = {"a": part("a", "b"), "b": part("b", "c"), "c": part("c", "a", "c")}
    declared = [{"path": f"parts/{name}", "name": name} for name in parts if name not in missing]
    found = units(*parts.values(), components=declared)
    assert all(set(include) == {"parts/a", "parts/b", "parts/c"} for include in includes(found).values())
    assert all(name not in unit.depends_on for name, unit in found.items())
    assert all(unit not in built_on(unit, tuple(found.values())) for unit in found.values())


def test_a_lock_file_above_concerns_a_component():
    api = component("node", "api", lock_file="package-lock.json")
    assert includes(units(api))["api"] == {"api", "package-lock.json"}
