"""The sample's generated workflow runs green, and turns red when its tests, its style or its types are broken."""

from pathlib import Path

import pytest

from tests.act import Outcome, Repository, run_workflow, unavailable
from tests.act.repository import files_below

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(unavailable() is not None, reason=str(unavailable())),
]

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


BASKET = "src/shop/basket.py"


def replaced(shop: Repository, texts: dict[str, str]) -> dict[str, str | None]:
    """A change of these texts, each of which has to be in the basket once."""
    text = (shop.path / BASKET).read_text()
    for old, new in texts.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    return {BASKET: text}


def results(outcome: Outcome, *names: str) -> dict[str, str]:
    return {name: outcome.jobs[name] for name in names}


def test_the_sample_is_green(shop, tmp_path, python):
    shop.change(replaced(shop, {"BULK_FROM = 3": "BULK_FROM = 2 + 1"}))
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
    ("texts", "red"),
    [
        pytest.param({"SHIPPING = 490": "SHIPPING = 491"}, {"test"}, id="test"),
        pytest.param(
            {"SHIPPING = 490": "SHIPPING = l = 490", "BULK_FROM = 3": "BULK_FROM: int | None = 3"},
            {"lint", "typecheck"},
            id="style-and-types",
        ),
    ],
)
def test_what_is_broken_turns_it_red(texts, red, shop, tmp_path, python):
    shop.change(replaced(shop, texts))
    outcome = run_workflow(shop, "push", tmp_path / "home", python)
    assert not outcome.green, outcome.log
    assert outcome.failed_steps == {*((job, job) for job in red), ("gate", "gate")}, outcome.log
    assert results(outcome, *CHECKS, "gate") == {
        name: "failure" if name in {*red, "gate"} else "success" for name in (*CHECKS, "gate")
    }


def test_a_change_of_documentation_runs_no_check_and_is_green(shop, tmp_path, python):
    shop.change({"README.md": "# Shop\n"})
    outcome = run_workflow(shop, "pull_request", tmp_path / "home", python)
    assert outcome.green, outcome.log
    assert results(outcome, *CHECKS) == dict.fromkeys(CHECKS, "skipped")
    assert outcome.jobs["gate"] == "success"
