"""What every test shares."""

import pytest
from hypothesis import HealthCheck, settings

from tests.checkers import left_out

# Other work on the machine must not fail a property; how fast things are is measured by the benchmarks.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")


def pytest_addoption(parser: pytest.Parser) -> None:
    """An option to write golden files again."""
    parser.addoption("--update-golden", action="store_true", help="write the golden files again")


def pytest_report_header() -> str:
    """What this machine leaves out, and why."""
    return left_out()
