"""The repositories of the samples hold what their declarations say: their own checks run, and are green.

Each runs in a copy, with the programs of this machine; one whose language is not here is left out.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cicd_defs.adapters.git import local_tree
from cicd_defs.facts.tree import Tree
from tests.samples import ROOT

PROGRAMS = Path(sys.executable).parent
EXAMPLES = ROOT / "examples"


@dataclass(frozen=True)
class Check:
    """A command in a folder of an example, the program or module that it needs, and variables of its own."""

    folder: str
    command: str
    needs: str = "python"
    env: dict[str, str] = field(default_factory=dict)

    @property
    def is_possible(self) -> bool:
        return bool(shutil.which(self.needs, path=search_path()) or importlib.util.find_spec(self.needs))


def python(folder: str, *, needs: str = "pytest", sources: str = "src", arguments: str = "") -> Check:
    command = (
        f"ruff check --no-cache . && ruff format --no-cache --check . && python -m pytest -q {arguments}"
    )
    return Check(folder, command, needs, {"PYTHONPATH": sources})


CHECKS = (
    python("library"),
    Check("library", "mypy", "mypy"),
    python("service", needs="psycopg", arguments="-m 'not integration'"),
    python("monorepo/libs/pricing"),
    python("monorepo/services/api", sources="src:../../libs/pricing/src"),
    Check("monorepo/web", "node --test", "node"),
    Check("web", "node src/build.js && node --test", "node"),
    Check("go", 'test -z "$(gofmt -l .)" && go vet ./... && go test ./...', "gofmt"),
    Check("kubernetes", 'test -z "$(gofmt -l .)" && go vet ./... && go test ./...', "gofmt"),
    Check("rust", "cargo fmt --check && cargo test --quiet --offline --locked", "cargo"),
    Check("custom", "make lint test integration", "shellcheck"),
    Check("compose", "shellcheck scripts/*.sh", "shellcheck"),
    Check("rust", "shellcheck deploy/run", "shellcheck"),
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: f"{check.folder}: {check.command[:20]}")
def test_an_example_is_green_by_its_own_checks(check, tmp_path):
    if not check.is_possible:
        pytest.skip(f"{check.needs} is not installed")
    example = check.folder.partition("/")[0]
    copied(local_tree(EXAMPLES / example), example, tmp_path)
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", check.command],
        cwd=tmp_path / check.folder,
        env={**os.environ, "PATH": search_path(), "CARGO_TARGET_DIR": str(tmp_path / "target"), **check.env},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def search_path() -> str:
    return os.pathsep.join([str(PROGRAMS), os.environ.get("PATH", os.defpath)])


def copied(tree: Tree, example: str, target: Path) -> None:
    for path in tree.paths:
        (target / example / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(EXAMPLES / example / path, target / example / path)
