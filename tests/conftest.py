"""What every test shares."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests import checkers
from tests.checkers import CHECKERS, HERE, NODE, Finding, Missing, available, left_out

TESTS = Path(__file__).parent
LONGEST_FIRST = (
    "system/test_kills.py",
    "containers/test_engine.py",
    "system/test_pull_requests.py",
    "definitions/test_demo.py",
    "act/test_samples.py",
    "ui/test_ui.py",
    "adapters/sandbox/test_bubblewrap.py",
    "pairwise/test_pairwise.py",
    "system/test_event_line.py",
    "plan/test_hostile.py",
    "act/test_release.py",
    "adapters/forge/test_merging.py",
    "act/test_act.py",
    "adapters/store/test_claims.py",
    "gateway/test_served.py",
    "adapters/store/test_effects.py",
    "plan/test_release.py",
    "resources/test_values.py",
    "act/test_nightly.py",
    "assets/test_projects.py",
    "definitions/test_nightly.py",
    "regenerate/test_campaign.py",
    "judge/test_own_output.py",
)
"""The files that take longest begin first: no process is left alone with one of them while the others have ended."""

# Other work on the machine must not fail a property; how fast things are is measured by the benchmarks.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")


def pytest_addoption(parser: pytest.Parser) -> None:
    """An option to write golden files again."""
    parser.addoption("--update-golden", action="store_true", help="write the golden files again")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, all others in their order. pytest-xdist keeps each file in one process."""
    places = {TESTS / file: place for place, file in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: places.get(item.path, len(places)))


@pytest.fixture(params=[HERE, pytest.param(NODE, marks=pytest.mark.system)])
def findings(request: pytest.FixtureRequest) -> Callable[..., list[Finding]]:
    """What the checkers hold against files of one kind: first those of this environment, then those on node."""
    here = available()
    asked = [checker for checker in CHECKERS if checker.on == request.param]
    missing = [f"{one.name}: {here[one.name].reason}" for one in asked if isinstance(here[one.name], Missing)]
    if len(missing) == len(asked):
        pytest.skip("; ".join(missing))

    def ask(files: Sequence[Path], kind: str = "workflow") -> list[Finding]:
        return checkers.findings(files, kind, request.param)

    return ask


def pytest_report_header() -> str:
    """What this machine leaves out, and why."""
    return left_out()
