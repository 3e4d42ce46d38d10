"""The checkers can fail: each finds what was planted for it, and nothing in a clean file."""

from datetime import date
from pathlib import Path

import pytest

from tests import checkers
from tests.checkers import CHECKERS, NODE, CheckerDiedError, Finding, Missing, available, left_out, zizmor
from tests.checkers.waivers import WAIVERS, Waiver

CLEAN = """\
name: Clean
on: # the first commit of a branch and every later one
  push:
    branches: [main]
permissions: {}
concurrency:
  group: clean-${{ github.ref }}
  cancel-in-progress: true
jobs:
  test:
    name: Test
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    steps:
      - name: Test
        run: make test
"""
PLANTED = {
    "zizmor": (
        CLEAN.replace("make test", 'echo "${{ github.event.head_commit.message }}"'),
        "template-injection",
    ),
    "check-jsonschema": (CLEAN.replace("timeout-minutes: 5", "timeout-minutes: soon"), "schema"),
    "actionlint": (CLEAN.replace("make test", 'echo "${{ matrix.python }}"'), "expression"),
    "github-parser": (CLEAN.replace("runs-on: ubuntu-24.04", "needs: [build]"), "parse"),
    "action-validator": (CLEAN.replace("    timeout-minutes: 5", "    timeout: 5"), None),
    "shellcheck": (CLEAN.replace("make test", 'make "$1" && cd $HOME/x'), "SC2086"),
    "prettier": (CLEAN.replace("branches: [main]", "branches:   [ main ]"), "format"),
}


def written(folder: Path, text: str, name: str = "ci.yml") -> Path:
    path = folder / ".github" / "workflows" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


ON_NODE = {checker.name for checker in CHECKERS if checker.on == NODE}
EACH = [pytest.param(name, marks=[pytest.mark.system] if name in ON_NODE else []) for name in PLANTED]


@pytest.mark.parametrize("name", EACH)
def test_each_checker_finds_what_was_planted_and_nothing_else(name, tmp_path):
    checker = next(checker for checker in CHECKERS if checker.name == name)
    if isinstance(here := checker.version(), Missing):
        pytest.skip(f"{name}: {here.reason}")
    text, rule = PLANTED[name]
    bad = written(tmp_path, text, "bad.yml")
    clean = [written(tmp_path, CLEAN, f"clean-{number}.yml") for number in range(2)]
    found = list(checker.check([str(file) for file in (clean[0], bad, clean[1])]))
    assert {finding.file for finding in found} == {str(bad)}
    assert rule is None or rule in {finding.rule for finding in found}


def test_together_they_find_nothing_in_a_clean_file(findings, tmp_path):
    assert findings([written(tmp_path, CLEAN)]) == []


OTHER_KINDS = {
    "dependabot": "version: 2\nupdates:\n  - package-ecosystem: pip\n    directory: /\n    schedule: {interval: %s}\n",
    "compose": "services:\n  web: {image: shop, restart: %s}\n",
    "taskfile": 'version: "3"\ntasks:\n  test: {cmds: %s}\n',
}


@pytest.mark.parametrize("kind", OTHER_KINDS)
def test_a_file_of_another_kind_is_judged_by_its_own_schema(kind, tmp_path):
    good, bad = {"dependabot": ("weekly", "often"), "compose": ("always", "[]"), "taskfile": ("[make]", "7")}[
        kind
    ]
    for value, refused in ((good, False), (bad, True)):
        found = checkers.findings([written(tmp_path, OTHER_KINDS[kind] % value, f"{value}.yml")], kind)
        assert any(finding.checker == "check-jsonschema" for finding in found) is refused


def test_zizmor_names_a_file_it_cannot_read_and_judges_the_others(tmp_path):
    broken = [
        written(tmp_path, text, f"broken-{number}.yml")
        for number, text in enumerate(["on: [push", "on: {push: 1}"])
    ]
    bad = written(tmp_path, PLANTED["zizmor"][0], "bad.yml")
    found = list(zizmor([str(file) for file in (broken[0], bad, broken[1])]))
    assert {(finding.file, finding.rule) for finding in found} >= {
        (str(broken[0]), "refused"),
        (str(broken[1]), "refused"),
        (str(bad), "template-injection"),
    }


def test_zizmor_dying_of_something_else_is_an_error(tmp_path):
    with pytest.raises(CheckerDiedError, match="zizmor exited"):
        list(zizmor([str(tmp_path / "nowhere.yml")]))


def test_a_checker_that_dies_is_not_taken_for_one_that_is_content(tmp_path, monkeypatch):
    script = tmp_path / "silent.mjs"
    script.write_text("")
    monkeypatch.setattr(checkers, "run", lambda *_: "")
    with pytest.raises(CheckerDiedError, match="did not read all of 1 files"):
        list(checkers.on_node("silent", script.name)(["ci.yml"]))


def test_what_is_left_out_says_why(tmp_path, monkeypatch):
    monkeypatch.setattr(checkers, "NODE_HOME", tmp_path)
    monkeypatch.setattr(checkers.shutil, "which", lambda _: "/usr/bin/node")
    assert "checker actionlint left out: it is not installed" in left_out()
    monkeypatch.setattr(checkers.shutil, "which", lambda _: None)
    assert available()["github-parser"] == Missing("node is not installed")
    assert isinstance(available()["zizmor"], str)


WAIVED = Waiver("zizmor", "1.32.0", "self-repository", "use of .*", "actionlint refuses it", date(2026, 1, 1))


@pytest.mark.parametrize(
    ("finding", "version", "covered"),
    [
        pytest.param(Finding("zizmor", "a", "self-repository", "use of ./x"), "1.32.0", True, id="same"),
        pytest.param(
            Finding("zizmor", "a", "self-repository", "use of ./x"), "1.33.0", False, id="other-version"
        ),
        pytest.param(Finding("zizmor", "a", "unpinned-uses", "use of ./x"), "1.32.0", False, id="other-rule"),
        pytest.param(
            Finding("actionlint", "a", "self-repository", "use of ./x"), "1.32.0", False, id="other-checker"
        ),
        pytest.param(
            Finding("zizmor", "a", "self-repository", "no use of"), "1.32.0", False, id="other-message"
        ),
    ],
)
def test_a_waiver_covers_one_rule_of_one_version(finding, version, covered):
    assert WAIVED.covers(finding, version) is covered


def test_every_waiver_is_of_a_version_in_use_and_says_why():
    here = available()
    for waiver in WAIVERS:
        assert here[waiver.checker] == waiver.version or isinstance(here[waiver.checker], Missing)
        assert len(waiver.reason) > 20
