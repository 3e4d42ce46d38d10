"""What one component's build makes is really there in the jobs of another, whichever of the two has changed."""

import pytest

from tests.act import Outcome, Repository, run_workflow, unavailable

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(unavailable() is not None, reason=str(unavailable())),
]

SPEC = """\
repository: acme/shop
pipeline:
  components:
    - path: core
      stack: custom
      build_cmd: make dist/tool
      test_cmd: test ! -e dist
      artifacts: [dist]
    - path: app
      stack: custom
      test_cmd: ../core/dist/tool
      depends_on: [core]
"""
FILES = {
    "core/Makefile": "dist/tool: tool.sh\n\tmkdir -p dist\n\tinstall -m 755 tool.sh dist/tool\n",
    "core/tool.sh": "#!/bin/sh\necho built of core\n",
    "app/main.txt": "app\n",
}


@pytest.fixture
def repository(tmp_path) -> Repository:
    return Repository.declared(SPEC, FILES, tmp_path / "repository")


@pytest.fixture
def run(repository, tmp_path, python):
    def changed(changes: dict[str, str | None]) -> Outcome:
        repository.change(changes)
        return run_workflow(repository, "pull_request", tmp_path / "home", python)

    return changed


def test_a_change_of_the_one_that_is_handed_something_runs_the_others_build(run):
    outcome = run({"app/main.txt": "other\n"})
    assert outcome.green, outcome.log
    assert outcome.jobs == {
        "changes": "success",
        "test-core": "skipped",
        "build-core": "success",
        "test-app": "success",
        "gate": "success",
    }
    assert "built of core" in outcome.log


def test_a_change_of_the_one_that_hands_over_runs_both(run):
    outcome = run({"core/tool.sh": "#!/bin/sh\necho built anew\n"})
    assert outcome.green, outcome.log
    assert set(outcome.jobs.values()) == {"success"}
    assert "built anew" in outcome.log


@pytest.mark.parametrize(
    ("changes", "failed", "skipped"),
    [
        pytest.param({"core/tool.sh": "#!/bin/sh\nexit 3\n"}, ("test-app", "test"), set(), id="useless"),
        pytest.param(
            {"core/Makefile": "dist/tool:\n\ttrue\n"},
            ("build-core", "upload-pack"),
            {"test-app"},
            id="never-made",
        ),
    ],
)
def test_what_is_broken_turns_the_gate_red(run, changes, failed, skipped):
    outcome = run(changes)
    assert not outcome.green
    assert outcome.failed_steps == {failed, ("gate", "gate")}, outcome.log
    assert {name for name, result in outcome.jobs.items() if result == "skipped"} == skipped
