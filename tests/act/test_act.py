"""The sample's generated workflow runs green, and turns red when its tests, its style or its types are broken."""

from pathlib import Path

import pytest

from tests.act import Outcome, Repository, run_workflow, unavailable
from tests.act.repository import files_below

pytestmark = pytest.mark.skipif(unavailable() is not None, reason=str(unavailable()))

SHOP = Path(__file__).parents[2] / "examples" / "shop"
SPEC = """\
repository: examples/shop
pipeline:
  components:
    - {path: ., coverage_tool: codecov}
"""
CHECKS = ("lint", "typecheck", "test")


@pytest.fixture
def shop(tmp_path) -> Repository:
    """The sample with the workflows that are generated for it, in a repository of its own."""
    return Repository.declared(SPEC, files_below(SHOP), tmp_path / "shop")


def replaced(shop: Repository, path: str, old: str, new: str) -> dict[str, str | None]:
    """A change of one text in one file, which has to be there."""
    text = (shop.path / path).read_text()
    assert text.count(old) == 1
    return {path: text.replace(old, new)}


def results(outcome: Outcome, *names: str) -> dict[str, str]:
    return {name: outcome.jobs[name] for name in names}


def test_the_sample_is_green(shop, tmp_path, python):
    shop.change(replaced(shop, "src/shop/basket.py", "BULK_FROM = 3", "BULK_FROM = 2 + 1"))
    outcome = run_workflow(shop, "pull_request", tmp_path / "home", python)
    assert outcome.green, outcome.log
    assert set(outcome.jobs.values()) == {"success"}
    legs = {
        call.inputs["python-version"]
        for call in outcome.uses_of("actions/setup-python")
        if call.job == "test"
    }
    assert legs == {"3.11", "3.12"}
    kept = {path.name for path in (tmp_path / "home" / "artifacts").rglob("*.xml")}
    assert kept == {"junit.xml", "coverage.xml"}
    [codecov] = outcome.uses_of("codecov/codecov-action")
    assert codecov.inputs["fail_ci_if_error"] == "true"


@pytest.mark.parametrize(
    ("old", "new", "job"),
    [
        pytest.param("SHIPPING = 490", "SHIPPING = 491", "test", id="test"),
        pytest.param("BULK_FROM = 3", "BULK_FROM = l = 3", "lint", id="lint"),
        pytest.param("BULK_FROM = 3", "BULK_FROM: int | None = 3", "typecheck", id="types"),
    ],
)
def test_what_is_broken_turns_it_red(old, new, job, shop, tmp_path, python):
    shop.change(replaced(shop, "src/shop/basket.py", old, new))
    outcome = run_workflow(shop, "push", tmp_path / "home", python)
    assert not outcome.green, outcome.log
    assert outcome.failed_steps == {(job, job), ("gate", "gate")}, outcome.log
    others = {name: "success" for name in CHECKS if name != job}
    assert results(outcome, job, "gate", *others) == {job: "failure", "gate": "failure", **others}


def test_a_change_of_documentation_runs_no_check_and_is_green(shop, tmp_path, python):
    shop.change({"README.md": "# Shop\n"})
    outcome = run_workflow(shop, "pull_request", tmp_path / "home", python)
    assert outcome.green, outcome.log
    assert results(outcome, *CHECKS) == dict.fromkeys(CHECKS, "skipped")
    assert outcome.jobs["gate"] == "success"
