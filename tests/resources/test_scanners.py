import json
from pathlib import Path

import pytest

from resources.scanners import NotEvaluated, Scan, Zizmor
from tests.resources.repository import write

CLEAN = """\
name: Clean
on: # every commit
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
INJECTED = CLEAN.replace("make test", 'echo "${{ github.event.head_commit.message }}"')
CI, OTHER = ".github/workflows/ci.yml", ".github/workflows/other.yml"


def scan(files):
    found = Zizmor().scan(files)
    assert isinstance(found, Scan), found
    return found


def test_a_clean_file_has_no_findings():
    assert scan({CI: CLEAN}) == Scan(scanner="zizmor")


def test_a_finding_has_its_file_line_and_manual():
    [finding] = scan({CI: CLEAN, OTHER: INJECTED}).findings
    assert (finding.file, finding.line, finding.rule) == (OTHER, 16, "template-injection")
    assert finding.url.startswith("https://")
    assert finding.severity == "high"


def test_what_a_file_asks_to_ignore_is_ignored():
    assert not scan(
        {CI: INJECTED.replace('message }}"', 'message }}" # zizmor: ignore[template-injection]')}
    ).findings


@pytest.mark.parametrize(
    "text", ["on: [push", CLEAN.replace("runs-on: ubuntu-24.04", "runs_on: x"), "[]", ""]
)
def test_a_file_that_is_no_workflow_is_refused_and_the_others_are_judged(text):
    found = scan({CI: text, OTHER: INJECTED})
    assert [refusal.file for refusal in found.refusals] == [CI]
    assert found.refusals[0].reason
    assert [finding.file for finding in found.findings] == [OTHER]


def test_nothing_to_judge_is_no_finding():
    assert scan({}) == Scan(scanner="zizmor")


PLACELESS = {"ignored": False, "locations": [], "ident": "x", "desc": "x", "url": "", "determinations": {}}
ODD_PLACE = {"symbolic": {"kind": "Primary", "key": {"Local": None}, "annotation": "x"}}
OTHER_SHAPES = (
    "null",
    '{"a": 1}',
    "[1]",
    "[null]",
    "[{}]",
    "7",
    '"x"',
    "",
    "[" * 100_000,
    json.dumps([PLACELESS]),
    json.dumps([{**PLACELESS, "locations": [ODD_PLACE]}]),
)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("#!/bin/sh\nexit 1\n", "failed"),
        ("#!/bin/sh\necho rubbish\n", "failed"),
        ("#!/bin/sh\necho panicked >&2; exit 101\n", "panicked"),
        ("not a program", "failed"),
        ("#!/bin/sh\nkill -SEGV $$\n", "signal 11"),
        ("#!/bin/sh\nexit 3\n", "exit code 3"),
        *((f"#!/bin/sh\necho '{answer}'\n", "its answer") for answer in OTHER_SHAPES),
    ],
    ids=lambda text: repr(text[:60]),
)
def test_a_scanner_that_fails_is_not_taken_for_one_that_is_content(script, reason, tmp_path):
    program = write(tmp_path, {"zizmor": script}) / "zizmor"
    program.chmod(0o755)
    answer = Zizmor(program).scan({CI: CLEAN})
    assert isinstance(answer, NotEvaluated)
    assert reason in answer.reason
    assert "Run it by hand" in answer.reason


def test_a_scanner_that_takes_too_long_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr("resources.scanners.SECONDS", 0.2)
    program = write(tmp_path, {"zizmor": "#!/bin/sh\nexec sleep 30\n"}) / "zizmor"
    program.chmod(0o755)
    answer = Zizmor(program).scan({CI: CLEAN})
    assert isinstance(answer, NotEvaluated)
    assert answer.reason.startswith("zizmor took longer than 0.2 s and was stopped. Run it by hand")


def test_a_scanner_that_is_not_there_says_so(monkeypatch):
    monkeypatch.setattr("resources.scanners.installed_program", lambda _: None)
    answer = Zizmor().scan({CI: CLEAN})
    assert isinstance(answer, NotEvaluated)
    assert "not installed" in answer.reason
    assert isinstance(Zizmor(Path("/nowhere/zizmor")).scan({CI: CLEAN}), NotEvaluated)
