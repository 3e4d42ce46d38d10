"""A fix leaves what a maintainer would write: at the right place, and with nothing lost that somebody needs."""

import re
from collections.abc import Mapping

import pytest

from cicd_defs.facts.source import Source
from cicd_defs.facts.tree import Tree
from cicd_defs.facts.workflow import WrittenWorkflow
from cicd_defs.judge.audit import Settings, audit
from cicd_defs.judge.edits import insert_pair
from cicd_defs.judge.fixing import apply_edits, fix_all
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rules import rules_by_name

CI = ".github/workflows/ci.yml"


def mended(rule: str, files: Mapping[str, str]) -> dict[str, str]:
    """The files that one rule's fixes change. The rule must have found something."""
    begun = Repository(Tree.of(files))

    def judged(state):
        return audit(begun.changed(state), Settings("strict"), rules=[rules_by_name()[rule]]).findings

    assert judged({})
    return dict(fix_all(files.get, judged, unsafe=True).files)


WAITING = """\
import logging

from app.db import engine

TRIES = 300  # 5 minutes


def wait(tries: int) -> None:
    for number in range(tries):
        logging.info("try %s", number)
        if engine.ready():
            return
    raise SystemExit("nothing answers, and we have waited for very long")
"""


@pytest.mark.parametrize("runs", [True, False])
def test_a_copy_that_is_run_as_a_program_stays(runs):
    main = '\n\nif __name__ == "__main__":\n    wait(TRIES)\n'
    text = WAITING + (main if runs else "")
    package = {
        "app/__init__.py": "",
        "pyproject.toml": '[project]\nname = "app"\n',
        "app/db.py": "engine = None\n",
    }
    files = {**package, "app/wait.py": text, "app/waiting.py": text}
    assert bool(mended("duplicate-modules", files)) is not runs


SHARED = """\
import threading
import unittest

import app


class Test(unittest.TestCase):
    def setUp(self):
        # Nothing is known yet.
        app.{name} = set()
"""


@pytest.mark.parametrize(
    ("name", "line"),
    [
        pytest.param(
            "KNOWN",
            '        self.addCleanup(setattr, app, "KNOWN", app.KNOWN)\n        # Nothing is known yet.\n',
            id="there",
        ),
        pytest.param("NEW", None, id="not-there"),
    ],
)
def test_what_is_put_back_was_there(name, line):
    files = {"app.py": "KNOWN = set()\n", "tests/test_app.py": SHARED.replace("{name}", name)}
    after = mended("shared-test-state", files).get("tests/test_app.py")
    assert (line in after) if line else after is None


def test_monkeypatch_sets_what_may_not_be_there():
    text = "import app\n\n\ndef test_it():\n    app.NEW = 1\n    app.KNOWN = 2\n"
    after = mended("shared-test-state", {"app.py": "KNOWN = 1\n", "tests/test_app.py": text})
    assert 'monkeypatch.setattr(app, "NEW", 1, raising=False)\n' in after["tests/test_app.py"]
    assert 'monkeypatch.setattr(app, "KNOWN", 2)\n' in after["tests/test_app.py"]


JOINED = """\
on: [push, pull_request]
jobs:
  test:
    runs-on: ubuntu-24.04
    steps:
      - run: make test
"""
ON_TAGS = JOINED + "      - run: make upload\n        if: startsWith(github.ref, 'refs/tags/v')\n"


@pytest.mark.parametrize(
    ("text", "others", "starts"),
    [
        pytest.param(JOINED, {}, "branches: [main, master]\n  pull_request:\n", id="nothing-tells"),
        pytest.param(
            JOINED,
            {"README.md": "See [how](https://github.com/acme/shop/blob/dev/HOW.md).\n"},
            "branches: [dev]\n  pull_request:\n",
            id="the-readme-tells",
        ),
        pytest.param(
            JOINED.replace("make test", "make test\n        if: github.ref == 'refs/heads/master'"),
            {},
            "branches: [master]\n  pull_request:\n",
            id="a-condition-tells",
        ),
        pytest.param(
            ON_TAGS,
            {},
            'branches: [main, master]\n    tags: ["**"]\n  pull_request:\n',
            id="a-tag-does-more",
        ),
        pytest.param(
            ON_TAGS.replace("[push, pull_request]", "{push: , pull_request: }"),
            {},
            'push: {branches: [main, master], tags: ["**"]}, pull_request: ',
            id="in-braces",
        ),
        pytest.param(
            ON_TAGS.replace(
                "[push, pull_request]", "\n  push:\n    tags: [v*]\n    branches: ['**']\n  pull_request:"
            ),
            {},
            "    tags: [v*]\n    branches: [main, master]\n",
            id="tags-are-named",
        ),
    ],
)
def test_fewer_branches_start_a_file_and_no_tag_is_lost(text, others, starts):
    assert starts in mended("double-trigger", {CI: text, **others})[CI]


@pytest.mark.parametrize(
    ("name", "runner", "step", "minutes"),
    [
        pytest.param("lint", "ubuntu-24.04", "run: ruff check .", 15, id="looks-at-code"),
        pytest.param("lint", "ubuntu-24.04", "run: cargo clippy", 30, id="compiles-to-look"),
        pytest.param("test", "ubuntu-24.04", "run: pytest", 30, id="tests"),
        pytest.param("test", "windows-2025", "run: cargo test", 60, id="compiles-slowly"),
        pytest.param("test-long", "ubuntu-24.04", "run: pytest", 60, id="is-called-long"),
        pytest.param("test", "ubuntu-24.04", "run: go test -timeout=90m ./...", 100, id="is-given-more"),
        pytest.param("test", "ubuntu-24.04", "run: timeout -k 9 2h ./soak", 130, id="is-stopped-later"),
        pytest.param(
            "scan", "ubuntu-24.04", "uses: github/codeql-action/analyze@v4", 60, id="reads-all-code"
        ),
        pytest.param("image", "ubuntu-24.04", "uses: docker/build-push-action@v6", 60, id="builds-images"),
    ],
)
def test_a_limit_is_enough_for_what_the_job_does(name, runner, step, minutes):
    text = f"on: push\njobs:\n  {name}:\n    runs-on: {runner}\n    steps:\n      - {step}\n"
    assert f"timeout-minutes: {minutes}\n" in mended("no-timeout", {CI: text})[CI]


@pytest.mark.parametrize("event", ["push", "workflow_call"])
def test_a_file_that_others_call_gets_no_group_of_its_callers(event):
    text = JOINED.replace("[push, pull_request]", f"[{event}, pull_request]")
    assert bool(mended("superseded-runs-go-on", {CI: text})) is (event == "push")


def test_a_user_stands_above_what_is_said_of_the_start():
    text = 'FROM debian:13\nCOPY app /app\n\n# It starts quickly.\n# Always.\nCMD ["/app"]\n'
    after = mended("root-dockerfile", {"Dockerfile": text})["Dockerfile"]
    assert "\nUSER 10001\n# It starts quickly.\n" in after


def test_a_mark_is_declared_once():
    tests = "import requests\n\n\ndef test_{}():\n    assert requests.get('https://example.com').ok\n"
    files = {
        "pyproject.toml": "[tool.pytest.ini_options]\naddopts = '-q'\n",
        **{f"tests/test_{name}.py": tests.format(name) for name in "ab"},
    }
    after = mended("unmarked-network-test", files)
    assert after["pyproject.toml"].count("network:") == 1
    assert len(after) == 3


@pytest.mark.parametrize("gap", [" ", "  "])
def test_a_version_stands_as_far_from_the_code_as_others_do(gap):
    other = "actions/setup-go@d35c59abb061a4a6fb18e82ac0862c26744d6ab5"
    text = (
        "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n"
        f"      - uses: {other}{gap}# v5.5.0\n      - uses: actions/upload-artifact@v3\n"
    )
    last = mended("retired-runtime", {CI: text})[CI].splitlines()[-1]
    assert re.search(rf"@[0-9a-f]{{40}}{gap}# v\d", last)


@pytest.mark.parametrize(
    ("head", "changed"),
    [
        pytest.param("# Made by a program. DO NOT EDIT.\n#\n", False, id="not-to-be-edited"),
        pytest.param("# Do what you like.\n", True, id="free"),
        pytest.param("name: Do not edit\n", True, id="no-comment"),
    ],
)
def test_what_a_program_writes_is_left_to_it(head, changed):
    text = head + "on: push\njobs:\n  test:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: make\n"
    assert bool(mended("no-timeout", {CI: text})) is changed


def test_a_key_before_another_leaves_to_that_what_is_said_of_it():
    text = "a:\n  b: 1 # one\n\n  # Three of them.\n  c: 3\n"
    source = Source(CI, text)
    node = WrittenWorkflow.read(source).root.mapping("a")
    for name, after in (
        ("c", "a:\n  b: 1 # one\n  x: 2\n\n  # Three of them.\n  c: 3\n"),
        ("b", "a:\n  x: 2\n  b: 1 # one\n\n  # Three of them.\n  c: 3\n"),
    ):
        edit = insert_pair(source, node, ["x: 2"], before=name)
        assert apply_edits(text, [edit]) == after
