"""Components that are alike share their jobs: of a change only its own legs run, and one red leg is a red gate."""

import pytest

from tests.act import Outcome, Repository, run_workflow, unavailable

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(unavailable() is not None, reason=str(unavailable())),
]

NAMES = ("api", "mail", "users")
SPEC = "repository: acme/shop\npipeline:\n  components:\n" + "".join(
    f"    - {{path: services/{name}, name: {name}, stack: custom, test_cmd: sh test.sh}}\n" for name in NAMES
)
FILES = {f"services/{name}/test.sh": f"echo tests of {name} went well\n" for name in NAMES}


@pytest.fixture
def run(tmp_path, python):
    repository = Repository.declared(SPEC, FILES, tmp_path / "repository")

    def changed(changes: dict[str, str | None]) -> Outcome:
        repository.change(changes)
        return run_workflow(repository, "pull_request", tmp_path / "home", python)

    return changed


def heard_of(outcome: Outcome) -> set[str]:
    return {name for name in NAMES if f"tests of {name} went well" in outcome.log}


@pytest.mark.parametrize("changed", [("mail",), ("api", "users"), NAMES])
def test_the_legs_of_a_change_are_those_that_run(run, changed):
    outcome = run({f"services/{name}/other.txt": "new\n" for name in changed})
    assert outcome.green, outcome.log
    assert outcome.jobs == {"changes": "success", "test-custom": "success", "gate": "success"}
    assert heard_of(outcome) == set(changed)


def test_a_change_that_concerns_none_starts_no_leg(run):
    outcome = run({"README.md": "# Shop\n"})
    assert outcome.green, outcome.log
    assert outcome.jobs == {"changes": "success", "test-custom": "skipped", "gate": "success"}


def test_one_red_leg_is_a_red_gate_and_stops_no_other(run):
    outcome = run({"services/api/test.sh": "exit 1\n", "services/users/other.txt": "new\n"})
    assert not outcome.green
    assert outcome.failed_steps == {("test-custom", "test"), ("gate", "gate")}, outcome.log
    assert heard_of(outcome) == {"users"}
