"""What a fresh machine is set up from: complete, locked by hash, and free of addresses and paths."""

import json
import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from assets.projects import PROJECT_TAG
from sensors.nightly import KIND_TAG

ROOT = Path(__file__).parents[1]
LOCK = (ROOT / "requirements.lock").read_text()
ENTRIES = re.findall(
    r"^([a-zA-Z0-9._-]+)==(\S+)[^\n]*?\\\n((?:    --hash=\S+(?: \\)?\n?)+)", LOCK, re.MULTILINE
)
LOCKED = {canonicalize_name(name): version for name, version, _ in ENTRIES}


def declared() -> list[Requirement]:
    """Every dependency that pyproject.toml names, with those of the dev extra and of the build."""
    data = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project = data["project"]
    names = [
        *project["dependencies"],
        *project["optional-dependencies"]["dev"],
        *data["build-system"]["requires"],
    ]
    return [Requirement(name) for name in names]


@pytest.mark.parametrize("requirement", declared(), ids=str)
def test_what_is_declared_is_locked_at_a_version_that_fits(requirement):
    assert requirement.specifier.contains(LOCKED[canonicalize_name(requirement.name)])


def test_every_line_of_the_lock_is_a_version_or_a_hash():
    lines = [line for line in LOCK.splitlines() if not line.startswith("#")]
    pinned = re.compile(r"[a-zA-Z0-9._-]+==\S+( ; [^\\]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?")
    assert [line for line in lines if not pinned.fullmatch(line)] == []
    assert len(ENTRIES) == sum(1 for line in lines if not line.startswith(" "))


def test_the_checkers_of_node_are_locked_by_hash_and_without_addresses():
    packages = json.loads((ROOT / "tests" / "checkers" / "package-lock.json").read_text())["packages"]
    locked = {name: entry for name, entry in packages.items() if name}
    assert [name for name, entry in locked.items() if "resolved" in entry or "integrity" not in entry] == []


def test_the_instance_tells_nobody_and_forgets_in_time():
    instance = yaml.safe_load((ROOT / "dagster.yaml").read_text())
    assert instance["telemetry"] == {"enabled": False}
    assert set(instance["retention"]) == {"schedule", "sensor", "auto_materialize"}
    assert "storage" not in instance  # under DAGSTER_HOME, wherever that is


def test_the_night_and_one_project_leave_room_for_other_runs():
    runs = yaml.safe_load((ROOT / "dagster.yaml").read_text())["concurrency"]["runs"]
    limits = {limit["key"]: limit for limit in runs["tag_concurrency_limits"]}
    [(key, value)] = KIND_TAG.items()
    assert limits[key]["value"] == value
    assert limits[PROJECT_TAG]["value"] == {"applyLimitPerUniqueValue": True}
    assert {limit["limit"] for limit in limits.values()} == {2}
    assert runs["max_concurrent_runs"] == 8


def commands_of(*targets: str) -> set[str]:
    """What make would run for some targets, without the calls of itself."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = ["make", "--dry-run", "--no-print-directory", *targets]
    done = subprocess.run(
        command, cwd=ROOT, env=clean, capture_output=True, text=True, timeout=300, check=True
    )
    return {line.strip() for line in done.stdout.splitlines() if "-f ci.mk" not in line}


def test_ci_runs_what_make_ci_runs():
    script = (ROOT / ".ci" / "run").read_text()
    targets = re.findall(r"^make ([\w-]+)$", script, re.MULTILINE)
    commands = commands_of(*targets)
    assert commands == commands_of("ci")
    for program in ("ruff check", "ruff format --check", "mypy", "lint-imports", "dg check defs", "pytest"):
        assert any(program in command for command in commands), program
