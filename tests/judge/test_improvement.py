# ruff: noqa: E501 - files as they are
"""A plan's patches, applied by git one after the other, are exactly the state that the plan speaks of."""

import shutil
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cicd_defs.facts.detect import detect
from cicd_defs.facts.findings import Confidence, Family, Severity
from cicd_defs.facts.source import Source
from cicd_defs.facts.tree import Tree
from cicd_defs.facts.written import written_files
from cicd_defs.judge.audit import Settings, audit
from cicd_defs.judge.improvement import Improvement, Named, plan_improvement
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import located
from cicd_defs.plan.compile import compile_pipeline
from cicd_defs.plan.files import looked_at
from cicd_defs.plan.improvement import CHAPTERS
from cicd_defs.render.files import render_files
from cicd_defs.render.patch import file_patch
from cicd_defs.render.series import as_json, as_mail, as_markdown, patch_name
from cicd_defs.spec.model import Project
from tests.checkers import NODE_HOME

CI = """\
name: CI
on: [push, pull_request]
jobs:
  lint:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with: {python-version: 3.10}
      - run: pip install -e .[dev]
      - run: ruff check . || true
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: |
          pip install -e .[dev]
          ruff check .
          pytest -q || true  # größe
"""
POOR = {
    ".github/workflows/ci.yml": CI,
    ".github/workflows/with a blank.yml": CI.replace("name: CI", "name: Windows").replace("\n", "\r\n"),
    ".github/workflows/no-end.yml": CI.replace("name: CI", "name: No end").rstrip("\n"),
    "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\n[project.optional-dependencies]\ndev = ["pytest", "ruff"]\n',
    "src/shop/__init__.py": '"""Sells."""\n\n\ndef price(count: int) -> int:\n    """Two each."""\n    return 2 * count\n',
    "tests/test_price.py": "from shop import price\n\n\ndef test_price():\n    assert price(2) == 4\n",
    "Dockerfile": "FROM python:3.11\nCOPY . /app\nRUN pip install /app\nCMD [\"python\", \"-m\", \"shop\"]\n",
}  # fmt: skip


def planned(files) -> tuple[Improvement, Repository]:
    tree = Tree.of(files)
    project = Project(repository="acme/shop", name="shop")
    pipeline = compile_pipeline(project, detect(tree), written_files(tree, looked_at(project)))
    offered = {file.path: file.text for file in render_files(pipeline)}
    repository = Repository(tree, offers=lambda: offered)
    named = Named("shop", "a" * 40)
    return plan_improvement(repository, named, pipeline, lambda _: (), file_patch), repository


@pytest.fixture(scope="module")
def plan() -> Improvement:
    return planned(POOR)[0]


def git(folder, *arguments: str) -> None:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "core.autocrlf=false"]
    done = subprocess.run(["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_git_am_takes_the_series_patch_by_patch_and_ends_where_the_plan_does(plan, tmp_path):
    for path, text in POOR.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(text.encode())
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "before")
    when = datetime(2026, 1, 2, tzinfo=UTC)
    for one in plan.series:
        before = state_of(tmp_path)
        mail = tmp_path / ".git" / patch_name(one)
        mail.write_bytes(as_mail(one, len(plan.series), "Zoë <zoe@example.com>", when).encode())
        git(tmp_path, "am", "-q", str(mail))
        after = state_of(tmp_path)
        changed = {path for path in {*before, *after} if before.get(path) != after.get(path)}
        assert changed == set(one.files)
    ended = Repository(Tree.of(state_of(tmp_path)), offers=dict)
    left = audit(ended, Settings()).findings
    assert len(left) == plan.left
    assert not [one for one in left if one.rule == "or-true"]


def state_of(folder) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(folder).parts[:1]
    }


def test_a_plan_stops_the_bleeding_first_and_names_what_comes_before(plan):
    phases = [one.phase for one in plan.series]
    assert phases == sorted(phases)
    assert plan.series[0].slug == "let-checks-fail"
    assert [one.number for one in plan.series] == list(range(1, len(plan.series) + 1))
    for one in plan.series:
        assert all(earlier < one.number for earlier in one.depends_on)
        assert one.patch
        assert one.verify


def test_a_plan_counts_what_it_mends_and_what_is_left(plan):
    mended = sum(mending.count for one in plan.series for mending in one.mends)
    assert mended > 0
    assert plan.findings - plan.left <= mended
    assert {"or-true"} <= {mending.rule for one in plan.series for mending in one.mends}


def test_a_plan_reads_back_from_its_json(plan):
    assert Improvement.model_validate_json(as_json(plan)) == plan


def test_a_plan_in_words_has_all_its_parts(plan):
    text = as_markdown(plan)
    for head in ("## A. ", "## B. ", "## C. ", "## D. ", "## E. ", "## F. "):
        assert f"\n{head}" in text
    for one in plan.series:
        assert f"### {one.number}. {one.title}" in text
        assert f"Merge {one.number}: {one.title}" in text


@pytest.mark.system
@pytest.mark.parametrize(
    "files", [POOR, {"x": ""}, {".github/workflows/`a|b`.yml": CI}], ids=["poor", "empty", "odd"]
)
def test_a_plan_in_words_is_as_prettier_has_it(files, tmp_path):
    prettier = NODE_HOME / "node_modules/prettier/bin/prettier.cjs"
    if shutil.which("node") is None or not prettier.exists():
        pytest.skip("prettier is not installed; run: make checkers")
    file = tmp_path / "plan.md"
    file.write_text(as_markdown(planned(files)[0]))
    told = subprocess.run(["node", prettier, file], capture_output=True, text=True, check=True).stdout
    assert file.read_text() == told


def test_a_second_plan_over_the_end_of_the_first_mends_none_of_it_again(plan):
    again = planned(applied(plan, POOR))[0]
    assert again.findings == plan.left
    assert not [one for one in again.series if one.slug == "let-checks-fail"]


def applied(plan: Improvement, files: dict[str, str]) -> dict[str, str]:
    """The files after all patches, by git."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(text.encode())
        for one in plan.series:
            subprocess.run(["git", "apply", "-"], cwd=folder, input=one.patch.encode(), check=True)
        return {path: data.decode() for path, data in state_of(folder).items()}


def test_each_rule_has_one_place_in_the_series():
    """What hadolint finds belongs to the images, though it is of the family of what tests need."""
    about = {"family": Family.HYGIENE, "severity": Severity.LOW, "confidence": Confidence.HIGH}
    for rule, slug in {
        "DL3025": "slim-images",
        "no-lock-file": "check-locally",
        "no-test-markers": "trust-tests",
    }.items():
        found = located(Source("Dockerfile", "x"), 0, 1, rule=rule, message="it is so", **about)
        assert [chapter.slug for chapter in CHAPTERS if chapter.takes(found)] == [slug]
