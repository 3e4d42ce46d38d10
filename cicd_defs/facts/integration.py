"""How a repository tells its integration and end-to-end tests apart from the others, where it does."""

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from cicd_defs.facts.survey import Survey, is_within, join, name_of

PYTEST_CONFIGS = ("pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")
INTEGRATION_SCRIPTS = ("test:integration", "integration", "test:int", "integration-test", "test-integration")
"""Scripts of a package.json that are known to run integration tests, the likeliest first."""

E2E_SCRIPTS = (
    *("test:e2e:ci", "e2e:ci", "test:e2e", "e2e", "test-e2e", "e2e:test", "e2e:run", "test:end-to-end"),
    *("cypress:run", "cy:run", "test:cypress", "test:playwright", "playwright", "playwright:test"),
)
"""Scripts of a package.json that are known to run end-to-end tests, the likeliest first."""

Kind = Literal["integration", "e2e"]

_FOLDERS: dict[Kind, tuple[str, ...]] = {
    "integration": ("tests/integration", "test/integration", "integration_tests", "tests/integration_tests"),
    "e2e": ("tests/e2e", "test/e2e", "e2e", "e2e_tests", "tests/e2e_tests", "tests/end_to_end"),
}
_TEST_FILE = re.compile(r"test_\w*\.py|\w*_test\.py")


class Apart(NamedTuple):
    """Tests of one kind that pytest can tell apart: by a marker of the kind's name, or by their `folder`."""

    kind: Kind
    folder: str | None
    evidence: str


def pytest_apart(survey: Survey, folder: str) -> tuple[Apart, ...]:
    """The kinds of tests that pytest can tell apart: those whose marker its configuration declares, or by folder.

    Where nothing but integration tests would be left, they are the tests, and not told apart.
    """
    found = (_by_marker(survey, folder, kind) or _by_folder(survey, folder, kind) for kind in _FOLDERS)
    apart = [one for one in found if one]
    slowest = [one for one in apart if one.kind == "e2e"]
    return next((tuple(kinds) for kinds in (apart, slowest) if _has_other_tests(survey, folder, kinds)), ())


def without(apart: Sequence[Apart]) -> str:
    """What pytest is told to run all other tests."""
    marked = " and ".join(f"not {one.kind}" for one in apart if one.folder is None)
    ignored = [f"--ignore={one.folder}" for one in apart if one.folder]
    return " ".join([*([f'-m "{marked}"'] if marked else []), *ignored])


def alone(apart: Apart) -> str:
    """What pytest is told to run these tests alone."""
    return apart.folder or f"-m {apart.kind}"


def _by_marker(survey: Survey, folder: str, kind: Kind) -> Apart | None:
    marker = rf"^[ \t]*(?:markers[ \t]*=[ \t]*\[?[ \t]*)?[\"']?{kind}\b[ \t]*(?::[^\n]*)?[\"']?,?\]?[ \t]*$"
    for name in PYTEST_CONFIGS:
        path = join(folder, name)
        if survey.has(path) and (place := survey.cite(path, marker)):
            return Apart(kind, None, place)
    return None


def _by_folder(survey: Survey, folder: str, kind: Kind) -> Apart | None:
    for name in _FOLDERS[kind]:
        if join(folder, name) not in survey.folders:
            continue
        inside = [path for path in survey.paths if is_within(path, join(folder, name))]
        if found := next((path for path in inside if _TEST_FILE.fullmatch(name_of(path))), None):
            return Apart(kind, name, f"{found}:1")
    return None


def _has_other_tests(survey: Survey, folder: str, apart: Sequence[Apart]) -> bool:
    """Whether any test lies outside of these folders. Of markers nothing is known without running the tests."""
    folders = [join(folder, one.folder) for one in apart if one.folder]
    return not folders or any(
        _TEST_FILE.fullmatch(name_of(path))
        and is_within(path, folder)
        and not any(is_within(path, inside) for inside in folders)
        for path in survey.paths
    )
