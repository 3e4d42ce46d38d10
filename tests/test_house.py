"""The rules of the house that no linter knows."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import LONGEST_FIRST, TESTS

ROOT = Path(__file__).parents[1]
ROOMS = ("spec", "facts", "plan", "judge", "render", "flows")
"""They take what they need as arguments: no file, process, network, clock or environment."""
OURS = ("cicd_defs", "assets", "resources", "sensors", "templates")
FILES = sorted(path for package in OURS for path in (ROOT / package).rglob("*.py"))
TRACKED = subprocess.run(
    ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
).stdout.split("\0")


def modules(room: str) -> list[str]:
    return [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in sorted((ROOT / "cicd_defs" / room).rglob("*.py"))
        if path.stem != "__init__" and "migrations" not in path.parts  # those are Alembic's to load
    ]


@pytest.mark.parametrize(
    ("rooms", "unwanted"),
    [
        (
            ROOMS,
            {"dagster", "httpx", "sqlalchemy", "fastapi", "uvicorn", "subprocess", "click", "rich"},
        ),
        (("adapters",), {"dagster", "fastapi", "uvicorn", "cicd_defs.flows", "cicd_defs.plan"}),
        (("gateway",), {"dagster", "click", "assets", "resources", "sensors"}),
    ],
    ids=["rooms and flows", "adapters", "gateway"],
)
def test_importing_them_does_not_load(rooms, unwanted):
    every = ", ".join(name for room in rooms for name in modules(room))
    program = f"import sys, {every}; print(sorted({unwanted} & set(sys.modules)))"
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
def test_rooms_and_flows_open_no_files_and_read_no_clock_or_environment(path):
    parts = path.relative_to(ROOT).parts
    if parts[0] == "cicd_defs" and parts[1] in ROOMS:
        assert reaches_out(path.read_text()) == []


OUTSIDE = {
    "os",
    "pathlib",
    "time",
    "subprocess",
    "socket",
    "shutil",
    "tempfile",
    "random",
    "secrets",
    "uuid",
}
ASKED = {"open", "input", "environ", "getenv"}
CLOCKS = {"now", "utcnow", "today"}


def reaches_out(text: str) -> list[str]:
    """What some code has of the world outside: modules, files, environment, clock. Pure paths are only names."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.partition(".")[0] in OUTSIDE]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in OUTSIDE:
            found += [alias.name for alias in node.names if not alias.name.startswith("Pure")]
        elif isinstance(node, ast.Name) and node.id in ASKED:
            found.append(node.id)
        elif isinstance(node, ast.Attribute) and node.attr in CLOCKS and ast.unparse(node.value) in CALENDARS:
            found.append(ast.unparse(node))
    return found


CALENDARS = {"datetime", "date", "datetime.datetime", "datetime.date"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("from pathlib import Path, PurePosixPath", ["Path"]),
        ("import os.path, json", ["os.path"]),
        ("def f():\n    from time import monotonic\n    return open(monotonic())", ["monotonic", "open"]),
        ("moment = datetime.now(UTC)", ["datetime.now"]),
        ("from posixpath import normpath\nmoment = line.now()", []),
    ],
)
def test_what_reaches_out_is_found(text, found):
    assert reaches_out(text) == found


PROCESSES = {
    "cicd_defs/adapters/programs.py",
    "cicd_defs/adapters/agents/processes.py",
    "cicd_defs/adapters/git",
    "cicd_defs/adapters/sandbox/export.py",  # reads git's blobs as a stream, from a process of its own
    "cicd_defs/demo/processes.py",
    # from before there was one runner of programs
    "resources/bounded.py",
    "resources/dockerfile_scanner.py",
    "resources/scanners.py",
}
"""Who starts processes; everybody else asks `adapters/programs.py`, which bounds time, output and environment."""


def test_programs_are_started_in_few_places():
    starting = [
        path
        for path in FILES
        if re.search(r"^\s*(?:import|from) subprocess\b", path.read_text(), re.MULTILINE)
    ]
    names = {path.relative_to(ROOT) for path in starting}
    assert {str(name) for name in names if not {str(name), str(name.parent)} & PROCESSES} == set()


NEW_ROOMS = [
    *(
        "cicd_defs/facts/github",
        "cicd_defs/facts/records",
        "cicd_defs/facts/reports",
        "cicd_defs/facts/changes",
    ),
    *(
        "cicd_defs/plan/work",
        "cicd_defs/judge/merge",
        "cicd_defs/judge/integrity",
        "cicd_defs/render/reports",
    ),
    *(
        "cicd_defs/flows",
        "cicd_defs/adapters",
        "cicd_defs/gateway",
        "cicd_defs/cli/delivery",
        "cicd_defs/demo",
    ),
    *("assets/delivery", "sensors"),
]
WRITTEN_LISTS = {"gates", "rules", "commands", "adopted"}
"""Folders that hold one file for each entry of a list."""
FOLDERS = sorted(
    {path.parent for room in NEW_ROOMS for path in (ROOT / room).rglob("*.py")},
    key=lambda path: path.as_posix(),
)


def test_the_new_rooms_are_there():
    assert [room for room in NEW_ROOMS if not (ROOT / room).is_dir()] == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_folder_can_be_taken_in_at_a_glance(folder):
    """At most 15 modules a folder (30 in a written list), 500 lines a file, 200 a class."""
    files = [path for path in folder.glob("*.py") if path.stem != "__init__"]
    assert len(files) <= (30 if folder.name in WRITTEN_LISTS else 15)
    for path in files:
        text = path.read_text()
        assert text.count("\n") <= 500, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ClassDef):
                assert (node.end_lineno or 0) - node.lineno < 200, f"{path}: {node.name}"


def test_no_file_names_a_registry_or_a_path_of_this_machine():
    host = re.compile(
        r"https?://(?:[a-z.]*pypi\.org|files\.pythonhosted|registry\.npmjs|deb\.debian)|--(?:extra-)?index-url[= ]+\S+://"
    )
    here = str(ROOT) + "/"
    for name in filter(None, TRACKED):
        path = ROOT / name
        if path.suffix in {".png", ".ico"} or not path.is_file() or path == Path(__file__):
            continue
        text = path.read_text("utf-8", "replace")
        assert here not in text, name
        assert not host.search(text), name
