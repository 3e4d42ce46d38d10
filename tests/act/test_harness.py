"""The harness itself: what it keeps away, what it refuses, what it reads."""

import json
from pathlib import Path

import pytest

from tests import act
from tests.act import Call, Outcome, Repository, read_outcome, run_workflow
from tests.act.actions import stubs

SMALL = """\
name: Small
on: [push, pull_request]
jobs:
  look:
    runs-on: ubuntu-24.04
    outputs:
      seen: ${{ steps.look.outputs.seen }}
    steps:
      - id: checkout
        uses: actions/checkout@0000000000000000000000000000000000000000
        with: {fetch-depth: 0, persist-credentials: false}
      - id: look
        env:
          BASE: ${{ github.event.pull_request.base.sha }}
        shell: bash
        run: |
          test "$(git merge-base "$BASE" HEAD)" = "$BASE"
          test -z "${PLANTED_SECRET:-}"
          if timeout 5 bash -c 'exec 3<>/dev/tcp/192.0.2.1/80'; then exit 1; fi
          echo "seen=$(cat note.txt)" >> "$GITHUB_OUTPUT"
  said:
    needs: look
    if: needs.look.outputs.seen == 'hello'
    runs-on: ubuntu-24.04
    steps: [{id: said, run: "true"}]
  unsaid:
    needs: look
    if: needs.look.outputs.seen == 'goodbye'
    runs-on: ubuntu-24.04
    steps: [{id: unsaid, run: "true"}]
  wrong:
    needs: look
    runs-on: ubuntu-24.04
    strategy: {fail-fast: false, matrix: {leg: ["0", "1"]}}
    steps:
      - {id: leg, shell: bash, run: 'exit "$LEG"', env: {LEG: "${{ matrix.leg }}"}}
"""


@pytest.mark.system
@pytest.mark.skipif(act.unavailable() is not None, reason=str(act.unavailable()))
@pytest.mark.parametrize("event", ["push", "pull_request"])
def test_a_run_is_told_as_it_was(event, tmp_path, monkeypatch):
    monkeypatch.setenv("PLANTED_SECRET", "do not tell")
    files = tmp_path / "files"
    files.mkdir()
    repository = Repository.of(files, tmp_path / "repository", SMALL)
    repository.change({"note.txt": "hello\n"})
    outcome = run_workflow(repository, event, tmp_path / "home", tmp_path)
    expected = {"look": "success", "said": "success", "unsaid": "skipped", "wrong": "failure"}
    assert outcome.jobs == expected, outcome.log
    assert outcome.failed_steps == {("wrong", "leg")}
    assert not outcome.green
    assert [call.inputs["fetch-depth"] for call in outcome.uses_of("actions/checkout")] == ["0"]


def test_an_action_without_a_stub_is_refused(tmp_path):
    workflow = {"jobs": {"one": {"steps": [{"uses": "acme/unheard-of@v1"}]}}}
    with pytest.raises(ValueError, match="acme/unheard-of@v1 has no stub; add one"):
        stubs(workflow, tmp_path)


@pytest.mark.parametrize(
    ("service", "reason"),
    [
        pytest.param(
            "mysql: {image: mysql, ports: ['3306:3306']}", "nothing stands in for mysql", id="unknown"
        ),
        pytest.param(
            "redis: {image: redis, ports: ['6379:6379']}", "not installed here: redis", id="missing"
        ),
    ],
)
def test_a_service_that_cannot_be_started_is_refused(service, reason, tmp_path, monkeypatch):
    monkeypatch.setattr(act.beside, "program", lambda _: None)
    files = tmp_path / "files"
    files.mkdir()
    text = f"on: push\njobs: {{test: {{runs-on: a, services: {{{service}}}, steps: [{{run: 'true'}}]}}}}\n"
    repository = Repository.of(files, tmp_path / "repository", text)
    with pytest.raises(ValueError, match=reason):
        run_workflow(repository, "push", tmp_path / "home", tmp_path)


def test_a_stub_declares_every_input_that_it_is_given(tmp_path):
    steps = [
        {"uses": "actions/cache@v4", "with": {"path": "a"}},
        {"uses": "actions/cache@v4", "with": {"key": "b"}},
    ]
    [stub] = stubs({"jobs": {"one": {"steps": steps}}}, tmp_path)
    folder = Path(stub.partition("=")[2])
    assert set(json.loads((folder / "action.yml").read_text())["inputs"]) == {"path", "key"}


def test_a_job_that_is_never_mentioned_was_skipped(tmp_path):
    log = "\n".join(
        json.dumps(line)
        for line in [
            {"jobID": "one", "stepID": ["build"], "stage": "Main", "stepResult": "failure", "msg": "no"},
            {"jobID": "one", "jobResult": "failure", "msg": "leg 1"},
            {"jobID": "one", "jobResult": "success", "msg": "leg 2"},
        ]
    )
    outcome = read_outcome(1, log, {"jobs": {"one": {}, "two": {}}}, tmp_path)
    assert outcome.jobs == {"one": "failure", "two": "skipped"}
    assert outcome.failed_steps == {("one", "build")}


def test_calls_are_told_apart():
    calls = (
        Call(["actions/cache"], "test"),
        Call(["kubectl", "get", "pods"], "test"),
        Call(["kubectl", "apply"], "deploy"),
    )
    outcome = Outcome(0, {}, frozenset(), calls, "")
    assert outcome.uses_of("actions/cache") == [calls[0]]
    assert outcome.uses_of("kubectl") == [calls[1], calls[2]]
    assert outcome.uses_of("kubectl", "pods") == [calls[1]]
    assert outcome.uses_of("kubectl", job="deploy") == [calls[2]]


@pytest.mark.parametrize(
    ("missing", "reason"),
    [
        pytest.param("act", "act is not installed", id="act"),
        pytest.param("unshare", "no unshare", id="unshare"),
    ],
)
def test_what_is_missing_is_said(missing, reason, tmp_path, monkeypatch):
    if missing == "act":
        monkeypatch.setattr(act, "ACT", tmp_path / "act")
    else:
        monkeypatch.setattr(act, "ACT", tmp_path)
        monkeypatch.setattr(act.shutil, "which", lambda _: None)
    assert reason in str(act.unavailable.__wrapped__())
