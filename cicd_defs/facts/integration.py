"""How a repository tells its integration tests apart from the others, where it does."""

import re
from typing import NamedTuple

from cicd_defs.facts.survey import Survey, is_within, join, name_of

PYTEST_CONFIGS = ("pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")
INTEGRATION_SCRIPTS = ("test:integration", "integration", "test:int", "integration-test", "test-integration")
"""Scripts of a package.json that are known to run integration tests, the likeliest first."""

_MARKER = r"^[ \t]*(?:markers[ \t]*=[ \t]*\[?[ \t]*)?[\"']?integration\b[ \t]*(?::[^\n]*)?[\"']?,?\]?[ \t]*$"
_FOLDERS = ("tests/integration", "test/integration", "integration_tests", "tests/integration_tests")
_TEST_FILE = re.compile(r"test_\w*\.py|\w*_test\.py")


class Apart(NamedTuple):
    """What pytest is told to leave integration tests out, and to run them alone, and where the repository says so."""

    without: str
    alone: str
    evidence: str


def pytest_apart(survey: Survey, folder: str) -> Apart | None:
    """A marker `integration` that pytest's configuration declares, else a folder of that name."""
    for name in PYTEST_CONFIGS:
        path = join(folder, name)
        if survey.has(path) and (place := survey.cite(path, _MARKER)):
            return Apart('-m "not integration"', "-m integration", place)
    return _by_folder(survey, folder)


def _by_folder(survey: Survey, folder: str) -> Apart | None:
    for name in _FOLDERS:
        if join(folder, name) not in survey.folders:
            continue
        inside = [path for path in survey.paths if is_within(path, join(folder, name))]
        found = next((path for path in inside if _TEST_FILE.fullmatch(name_of(path))), None)
        if found and _has_other_tests(survey, folder, join(folder, name)):
            return Apart(f"--ignore={name}", name, f"{found}:1")
    return None


def _has_other_tests(survey: Survey, folder: str, apart: str) -> bool:
    return any(
        _TEST_FILE.fullmatch(name_of(path)) and is_within(path, folder) and not is_within(path, apart)
        for path in survey.paths
    )
