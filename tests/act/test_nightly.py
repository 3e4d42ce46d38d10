"""The sample's night really runs: its integration tests against a real PostgreSQL and Redis, and scans that can fail.

The scanners and their lists of what is vulnerable are not here: what they find is up to the rules.
"""

from pathlib import Path

import pytest

from tests.act import Outcome, Repository, Rule, beside, run_workflow, unavailable
from tests.act.repository import files_below
from tests.act.rules import fails

WHY_NOT = unavailable() or beside.missing(("postgres", "redis"))
pytestmark = [pytest.mark.system, pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))]

SHOP = Path(__file__).parents[2] / "examples" / "shop"
DECLARATION = """\
repository: examples/shop
pipeline:
  components:
    - {path: ., services: [postgres:16-alpine, redis:7-alpine]}
"""
SCANS = ("scan-dependencies", "scan-secrets", "scan-code", "scan-image")


@pytest.fixture
def night(tmp_path, python):
    """Run the night of the sample, in which these texts of the integration tests are replaced."""

    def run(*rules: Rule, wiring: bool = False, **replaced: str) -> Outcome:
        repository = Repository.declared(DECLARATION, files_below(SHOP), tmp_path / "shop")
        tests = repository.path / "tests" / "integration" / "test_services.py"
        for old, new in replaced.items():
            assert old in tests.read_text()
            tests.write_text(tests.read_text().replace(old, new))
        repository.commit("Change")
        home = tmp_path / "home"
        return run_workflow(
            repository, "schedule", home, python, file="nightly.yml", rules=rules, wiring=wiring
        )

    return run


def test_the_night_is_green(night):
    outcome = night()
    assert outcome.green, outcome.log
    assert set(outcome.jobs.values()) == {"success"}
    assert "2 passed" in outcome.log
    assert {call.words[2].partition("=")[0] for call in outcome.uses_of("pipx")} == {"pip-audit", "bandit"}


def test_what_the_services_refute_is_red(night):
    outcome = night(postgresql="sqlite")
    assert outcome.failed_steps == {("integration", "integration")}, outcome.log
    assert {outcome.jobs[scan] for scan in SCANS} == {"success"}


FINDING = {
    "scan-dependencies": fails("pipx", "run", "pip-audit*"),
    "scan-code": fails("pipx", "run", "bandit*"),
    "scan-secrets": fails("trufflesecurity/trufflehog"),
    "scan-image": fails("aquasecurity/trivy-action"),
}


def test_what_the_scanners_find_is_red(night):
    outcome = night(*FINDING.values(), wiring=True)
    assert outcome.failed_steps == {(job, job) for job in FINDING}, outcome.log
    assert outcome.jobs["integration"] == "success"
    assert not outcome.green
