"""What always holds of detection, whatever the repository."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cicd_defs.facts.detect import detect
from cicd_defs.facts.stacks import Claim, Command, Stacks
from cicd_defs.facts.tree import Tree
from cicd_defs.facts.union import corpus_columns
from tests.facts.trees import (
    GO,
    GRADLE,
    MAVEN,
    NODE,
    PYTHON,
    RUST,
    columns,
    component,
    hooks,
    stacks,
    workflow,
)

MANIFESTS = (
    "pyproject.toml", "setup.cfg", "setup.py", "requirements.txt", "Pipfile", "tox.ini", "noxfile.py", "package.json",
    "pnpm-workspace.yaml", "lerna.json", "go.mod", "Cargo.toml", "rust-toolchain.toml", "pom.xml", "build.gradle",
    "settings.gradle.kts", ".pre-commit-config.yaml", ".github/workflows/ci.yml", "Makefile", "Dockerfile",
    "compose.yaml", "Chart.yaml", "k8s/a.yaml", "tsconfig.json", ".nvmrc", "environment.yml", "a.csproj", "hatch.toml",
)  # fmt: skip
SOURCES = {"a.py": "", "a.js": "", "a.ts": "", "a.go": "", "src/lib.rs": "", "A.java": "", "a.cs": ""}
KEYS = [
    "[project]",
    "[tool.uv]",
    '"scripts": {',
    '"test"',
    "dependencies = [",
    "workspaces",
    "- id: ruff",
    "run: |",
]
SIGNS = [
    "[",
    "{",
    "}",
    "\n",
    "  ",
    ":",
    "&a",
    "*a",
    "FROM x",
    "cargo test",
    "pytest",
    "\ud800",
    "\x00",
    "../..",
    "'",
]
WORDS = st.sampled_from([*KEYS, *SIGNS])
CONTENTS = st.one_of(
    st.binary(max_size=200),
    st.lists(WORDS, max_size=30).map(lambda ws: "".join(ws).encode("utf-8", "replace")),
)
PATHS = st.text(st.characters(), min_size=1, max_size=30)


def claims_of(found: Stacks) -> list[Claim | Command]:
    """Everything that cites evidence."""
    values = [
        value
        for one in (found, *found.components)
        for value in one.__dict__.values()
        if isinstance(value, tuple)
    ]
    return [item for value in values for item in value if isinstance(item, Claim | Command)]


def check_always(found: Stacks, files: dict[str, bytes]) -> None:
    names = [one.name for one in found.components]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z][a-z0-9-]*", name) for name in names)
    for claim in claims_of(found):
        assert claim.evidence
        for place in claim.evidence:
            path, _, line = place.rpartition(":")
            assert path in files
            assert 1 <= int(line) <= files[path].count(b"\n") + 1
    assert Stacks.model_validate_json(found.model_dump_json()) == found
    corpus_columns(found)


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(st.sampled_from(MANIFESTS), CONTENTS, max_size=8),
    st.sampled_from(["", "web/", "packages/a/"]),
)
def test_hostile_manifests_never_raise(manifests, folder):
    files = {path: text.encode() for path, text in SOURCES.items()}
    files |= {folder + path: content for path, content in manifests.items()}
    check_always(detect(Tree.of(files)), files)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(PATHS, max_size=5), st.sampled_from(["package.json", "go.mod", "Dockerfile", "pyproject.toml"])
)
def test_hostile_paths_never_raise(folders, name):
    files = {f"{folder}/{name}": b'{"scripts": {"test": "jest"}}\nFROM a\n[project]\n' for folder in folders}
    files |= {f"{folder}/{source}": b"" for folder in folders for source in ("a.py", "a.go", "a.js")}
    check_always(detect(Tree.of(files)), files)


def test_files_that_cannot_be_read_are_still_there():
    found = detect(Tree(("go.mod", "main.go", "package-lock.json", "package.json"), lambda path: None))
    assert corpus_columns(found)["package_managers"] == "go-mod"


def test_an_empty_repository_has_nothing():
    assert columns({}) == {
        "languages": "none", "package_managers": "none", "test_runners": "none", "linters": "none",
        "type_checkers": "none", "docker": "no", "k8s": "no",
    }  # fmt: skip


EVERYTHING = {
    **PYTHON, **hooks("astral-sh/ruff-pre-commit", "v0.9.2", "ruff"),
    **{f"web/{path}": text for path, text in NODE.items()},
    **{f"services/api/{path}": text for path, text in GO.items()},
    **{f"services/web/{path}": text for path, text in NODE.items()},
    **{f"core/{path}": text for path, text in RUST.items()},
    **{f"backend/{path}": text for path, text in {**MAVEN, **GRADLE}.items()},
    **workflow("mypy shop", "pytest"), "requirements-dev.txt": "\n# tools\npytest\nblack\n",
    "web/.eslintrc.json": "{}", "web/package.json": '{\n  "devDependencies": {\n    "vitest": "1"\n  }\n}\n',
}  # fmt: skip


def test_names_are_unique_and_say_where():
    found = {one.path: one.name for one in stacks(EVERYTHING).components}
    assert found == {
        ".": "python", "backend": "backend", "core": "core", "services/api": "api", "services/web": "web",
        "web": "web-node",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "name", "places"),
    [
        ("test_runners", "pytest", ("requirements-dev.txt:3", ".github/workflows/ci.yml:9")),
        ("formatters", "black", ("requirements-dev.txt:4",)),
        ("linters", "ruff", (".pre-commit-config.yaml:5",)),
        ("type_checkers", "mypy", (".github/workflows/ci.yml:7",)),
    ],
)
def test_the_cited_lines_hold_what_they_show(kind, name, places):
    claim = next(one for one in getattr(component(EVERYTHING), kind) if one.name == name)
    assert set(claim.evidence) == set(places)
    for place in places:
        path, _, line = place.rpartition(":")
        assert name in EVERYTHING[path].splitlines()[int(line) - 1]


def test_a_workflow_step_speaks_of_the_folder_it_runs_in():
    files = {
        **{f"a/{path}": text for path, text in PYTHON.items()},
        **{f"b/{p}": t for p, t in PYTHON.items()},
    }
    found = stacks(files, workflow("mypy .", folder="b")).components
    assert {one.path: [claim.name for claim in one.type_checkers] for one in found} == {
        "a": [],
        "b": ["mypy"],
    }


def test_a_few_untested_files_inside_another_component_are_that_ones_matter():
    many = {f"pkg/f{number}.go": "package pkg\n" for number in range(200)}
    inner = {"pkg/js/package.json": '{"dependencies": {"a": "1"}}', "pkg/js/a.js": ""}
    assert [one.path for one in stacks(GO, many, inner).components] == ["."]
    assert [one.path for one in stacks(GO, inner).components] == [".", "pkg/js"]


def test_isort_beside_black_is_one_formatter():
    both = {"requirements-dev.txt": "black\nisort\n"}
    assert columns(PYTHON, both)["linters"] == "black"
    assert [one.name for one in component(PYTHON, both).formatters] == ["black", "isort"]
    assert columns(PYTHON, {"requirements-dev.txt": "isort\n"})["linters"] == "isort"


def test_twenty_thousand_files_read_few():
    read: list[str] = []
    files = [f"pkg/d{number // 50}/f{number}.go" for number in range(20_000)]

    def reader(path: str) -> bytes:
        read.append(path)
        return b"module a\n\ngo 1.24\n" if path == "go.mod" else b"package a\n"

    found = detect(Tree(tuple(sorted([*files, "go.mod"])), reader))
    assert [one.stack for one in found.components] == ["go"]
    assert len(read) < 100
