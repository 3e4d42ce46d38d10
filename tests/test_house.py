"""The rules of the house that no linter knows."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import LONGEST_FIRST, TESTS

ROOT = Path(__file__).parents[1]
ROOMS = ("spec", "facts", "plan", "judge", "render")
OURS = ("cicd_defs", "assets", "resources", "sensors", "templates")
FILES = sorted(path for package in OURS for path in (ROOT / package).rglob("*.py"))
TRACKED = subprocess.run(
    ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
).stdout.split("\0")


def modules(room: str) -> list[str]:
    return [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in sorted((ROOT / "cicd_defs" / room).rglob("*.py"))
        if path.stem != "__init__"
    ]


def test_importing_the_rooms_loads_neither_dagster_nor_httpx():
    every = ", ".join(name for room in ROOMS for name in modules(room))
    program = f"import sys, {every}; print(sorted({{'dagster', 'httpx', 'subprocess', 'click'}} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_the_files_that_begin_first_are_there():
    assert [file for file in LONGEST_FIRST if not (TESTS / file).is_file()] == []


def test_the_map_imports_nothing():
    tree = ast.parse((ROOT / "cicd_defs" / "__init__.py").read_text())
    assert [type(node) for node in tree.body] == [ast.Expr]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_with_dagster_decorators_read_annotations_at_run_time(path):
    text = path.read_text()
    if re.search(r"@dg\.", text):
        assert "from __future__ import annotations" not in text


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_rooms_open_no_files_and_read_no_clock_or_environment(path):
    if not set(path.relative_to(ROOT).parts[1:-1]) & set(ROOMS):
        return
    names = {node.id for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Name)}
    assert not names & {"open", "input", "environ", "getenv"}
    assert not re.search(
        r"^(?:import|from) (?:os|pathlib|time|subprocess|socket)\b(?!.*PurePosixPath)",
        path.read_text(),
        re.MULTILINE,
    )


def test_no_file_names_a_registry_or_a_path_of_this_machine():
    host = re.compile(
        r"https?://(?:[a-z.]*pypi\.org|files\.pythonhosted|registry\.npmjs|deb\.debian)|--(?:extra-)?index-url"
    )
    here = str(ROOT) + "/"
    for name in filter(None, TRACKED):
        path = ROOT / name
        if path.suffix in {".png", ".ico"} or not path.is_file() or path == Path(__file__):
            continue
        text = path.read_text("utf-8", "replace")
        assert here not in text, name
        assert not host.search(text), name
