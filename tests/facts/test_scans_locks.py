"""Which lock files are looked at, by whom, and what they pin."""

import json

import pytest

from cicd_defs.facts.scans_code import Config, config_of, judged_files
from cicd_defs.facts.scans_images import dockerfiles_of
from cicd_defs.facts.scans_locks import (
    MOST_LOCKS,
    Pins,
    ignored_advisories,
    locks_of,
    python_pins,
    unlocked,
    unread_locks,
)
from cicd_defs.facts.scans_secrets import read_baseline
from cicd_defs.facts.tree import Tree


def test_each_lock_file_has_its_tool():
    paths = {
        "requirements.txt": "pip-audit",
        "requirements/dev.txt": "pip-audit",
        "uv.lock": "pip-audit",
        "api/Pipfile.lock": "pip-audit",
        "package-lock.json": "npm audit",
        "crates/Cargo.lock": "cargo audit",
        "go.mod": "govulncheck",
    }
    others = (
        "README.txt",
        "requirements.in",
        "examples/uv.lock",
        "node_modules/a/package-lock.json",
        "yarn.lock",
    )
    tree = Tree.of(dict.fromkeys((*paths, *others), ""))
    assert {lock.path: lock.tool for lock in locks_of(tree)} == paths
    assert unread_locks(tree) == ("yarn.lock",)


def test_npm_reads_a_shrinkwrap_in_place_of_the_lock_file_beside_it():
    for folder in ("", "web/"):
        tree = Tree.of(dict.fromkeys((f"{folder}package-lock.json", f"{folder}npm-shrinkwrap.json"), ""))
        assert [lock.path for lock in locks_of(tree)] == [f"{folder}npm-shrinkwrap.json"]


def test_very_many_lock_files_are_cut_and_told():
    tree = Tree.of({f"p{number:03}/uv.lock": "" for number in range(MOST_LOCKS + 2)})
    assert len(locks_of(tree)) == MOST_LOCKS
    assert unread_locks(tree) == (f"p{MOST_LOCKS:03}/uv.lock", f"p{MOST_LOCKS + 1:03}/uv.lock")


REQUIREMENTS = """\
# made by a tool
--find-links https://packages.example.com/simple
-r other.txt
-e .
./local
Flask[async]==2.0.1 ; python_version >= "3.8"  # via us
thin_tray==1.0 \\
    --hash=sha256:0000
loose>=1
bare
wild==1.*
at @ https://example.com/at.whl
$(touch /evil)==1
"""


def test_requirements():
    pins = python_pins("requirements.txt", REQUIREMENTS)
    assert pins == Pins((("flask", "2.0.1"), ("thin-tray", "1.0")), ("loose", "bare", "wild", "at"))


def test_tables_of_uv_and_poetry():
    text = (
        'version = 1\n\n[[package]]\nname = "ours"\nversion = "0.1"\nsource = { editable = "." }\n\n'
        '[[package]]\nname = "flask"\nversion = "2.0.1"\nsource = { registry = "x" }\n'
        'dependencies = [\n    { name = "thin-tray" },\n]\n\n'
        '[[package]]\nname = "evil\\n--find-links"\nversion = "1"\n\n'
        '[[package]]\nname = "thin.tray"\nversion = "1.0"\n\n[package.dependencies]\nname = "x"\n'
    )
    for name in ("uv.lock", "api/poetry.lock", "pdm.lock"):
        assert python_pins(name, text).pins == (("flask", "2.0.1"), ("thin-tray", "1.0"))


def test_pipfile_lock():
    data = {
        "default": {"flask": {"version": "==2.0.1"}, "local": {"path": "."}, "odd": "*"},
        "develop": {"thin-tray": {"version": "==1.0"}},
    }
    assert python_pins("Pipfile.lock", json.dumps(data)).pins == (("flask", "2.0.1"), ("thin-tray", "1.0"))


@pytest.mark.parametrize(
    "text", ["", "[", "[]", '{"default": 1}', "[[package]]", "=" * 100_000, "a " * 100_000]
)
@pytest.mark.parametrize("name", ["uv.lock", "Pipfile.lock", "requirements.txt"])
def test_what_is_no_lock_file_pins_nothing(name, text):
    assert python_pins(name, text).pins == ()


def test_several_versions_of_a_package_are_asked_about_in_rounds():
    pins = Pins((("a", "1"), ("b", "1"), ("a", "2"), ("a", "3")))
    assert pins.rounds == ((("a", "1"), ("b", "1")), (("a", "2"),), (("a", "3"),))


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"pyproject.toml": '[project]\ndependencies = ["a"]\n'}, {"pyproject.toml"}),
        ({"pyproject.toml": '[project]\ndependencies = ["a"]\n', "uv.lock": ""}, set()),
        ({"api/pyproject.toml": '[project]\ndependencies = ["a"]\n', "uv.lock": ""}, set()),
        ({"pyproject.toml": '[project]\ndependencies = ["a"]\n', "api/uv.lock": ""}, {"pyproject.toml"}),
        ({"pyproject.toml": "[project]\nname = 'x'\n"}, set()),
        ({"pyproject.toml": '[tool.poetry.dependencies]\npython = "^3"\n'}, set()),
        ({"pyproject.toml": '[tool.poetry.dependencies]\npython = "^3"\na = "1"\n'}, {"pyproject.toml"}),
        ({"web/package.json": '{"devDependencies": {"a": "1"}}'}, {"web/package.json"}),
        ({"web/package.json": '{"devDependencies": {"a": "1"}}', "pnpm-lock.yaml": ""}, set()),
        ({"Cargo.toml": '[dependencies]\na = "1"\n'}, {"Cargo.toml"}),
    ],
)
def test_a_manifest_without_a_lock_file_is_told(files, expected):
    assert {one.path for one in unlocked(Tree.of(files))} == expected


def test_what_cargo_audit_waves_through():
    text = '[advisories]\nignore = [\n  "RUSTSEC-2026-0001", # why\n  "--db=x",\n]\n[output]\nquiet = true\n'
    assert ignored_advisories(text) == ("RUSTSEC-2026-0001",)


def test_what_a_configuration_of_bandit_leaves_out():
    ini = "[bandit]\nskips = B101, B102\nexclude = ./old,/gen,*/x\noutput = y\n[other]\nskips = B103\n"
    tree = Tree.of({".bandit": ini, "pyproject.toml": "[tool.bandit]\nskips = ['B104']\n"})
    config = config_of(tree)
    assert config == Config(("B101", "B102"), (), ("old", "gen"), ".bandit")
    assert config_of(
        Tree.of({"pyproject.toml": "[tool.bandit]\ntests = ['B104', 7]\nskips = 'B1'\n"})
    ).tests == ("B104",)
    assert config_of(Tree.of({})).note == ""
    paths = (
        "old/a.py",
        "older/a.py",
        "gen/b.py",
        "tests/c.py",
        "pkg/test_d.py",
        "pkg/conftest.py",
        "e.txt",
        "f.py",
    )
    assert judged_files(Tree.of(dict.fromkeys(paths, "")), config) == ("f.py", "older/a.py")


def test_a_project_s_own_dockerfiles():
    paths = (
        "Dockerfile",
        "api/Dockerfile.dev",
        "web.dockerfile",
        "tests/Dockerfile",
        "Dockerfile.j2",
        "a/Containerfile",
    )
    found = dockerfiles_of(Tree.of(dict.fromkeys(paths, "")))
    assert set(found) == {"Dockerfile", "api/Dockerfile.dev", "web.dockerfile", "a/Containerfile"}


@pytest.mark.parametrize("text", ["", "[]", "7", '{"results": 1}', '{"results": {"a": [1]}}', "[" * 100_000])
def test_a_baseline_that_cannot_be_read_knows_nothing_and_is_told(text):
    known = read_baseline(text)
    assert (known.secrets, known.filters) == (frozenset(), ())
    assert known.notes
