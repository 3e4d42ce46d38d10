"""Which files are the project, and which only lie in its tree: fixtures, vendored code, examples, documentation.

A path's role follows from the names of its folders alone. `Role.PROJECT` is what the repository builds; the other
roles are looked at only where a repository has nothing else (a repository of examples, a documentation site).
"""

import re
from collections.abc import Iterable
from enum import IntEnum

VENDORED = frozenset(
    "node_modules bower_components jspm_packages vendor vendors vendored third_party third-party thirdparty 3rdparty"
    " _vendor extern externals deps-src pods .yarn .pnpm site-packages .venv venv dist-packages".split()
)
FIXTURES = frozenset(
    "fixtures fixture __fixtures__ testdata test-data test_data testfixtures test-fixtures test_fixtures testcases"
    " snapshots __snapshots__ golden goldens __mocks__ corpus fixtures-src test-projects test_projects"
    " testprojects".split()
)
EXAMPLES = frozenset(
    "example examples sample samples demo demos playground playgrounds sandbox tutorial tutorials templates template"
    " quickstart quickstarts getting-started example-apps cookbook recipes starters boilerplate archetype-resources"
    " archetypes".split()
)
DOCS = frozenset(
    "docs doc documentation website site docs_src docs-src doc_src handbook blog www-docs".split()
)
TESTS = frozenset(
    "test tests __tests__ spec specs e2e testing t test_suite test-suite testsuite testsuites tests-build"
    " integration-tests integration_tests functional-tests functional_tests system-tests testfixtures androidtest"
    " inttest integrationtest it e2e-tests e2e_tests runtime-tests acceptance-tests acceptance_tests".split()
)
BENCHMARKS = frozenset(
    "bench benches benchmark benchmarks benchmarking perf perf-measures profiling fuzz fuzzing benchsuite"
    " microbenchmarks stress-test stress-tests".split()
)
AUXILIARY = frozenset(
    "hack scripts script ci contrib etc tools tool buildsrc build-logic build-tools devtools".split()
)

_TEMPLATE = re.compile(r"template-.+|.+-template|.*\{\{.*")
_TEST_SOURCES = re.compile(r"(^|/)src/[a-z]*test[a-z]*/", re.IGNORECASE)


class Role(IntEnum):
    """What a path is for; the lower, the closer to the project."""

    PROJECT = 0
    AUXILIARY = 1
    TEST = 2
    BENCHMARK = 3
    DOCS = 4
    EXAMPLE = 5
    FIXTURE = 6
    VENDORED = 7


_FOLDERS = (
    (Role.VENDORED, VENDORED),
    (Role.FIXTURE, FIXTURES),
    (Role.EXAMPLE, EXAMPLES),
    (Role.DOCS, DOCS),
    (Role.BENCHMARK, BENCHMARKS),
    (Role.TEST, TESTS),
    (Role.AUXILIARY, AUXILIARY),
)
_ROLE_OF_FOLDER = {name: role for role, names in reversed(_FOLDERS) for name in names}


def role_of_folder(name: str) -> Role:
    """What one folder's name says of everything in it."""
    lower = name.lower()
    if lower in _ROLE_OF_FOLDER:
        return _ROLE_OF_FOLDER[lower]
    if _TEMPLATE.fullmatch(lower):
        return Role.EXAMPLE
    return Role.AUXILIARY if name.startswith(".") else Role.PROJECT


def role_of(path: str) -> Role:
    """What a file is for, from the folders it lies in."""
    folders = path.split("/")[:-1]
    role = max(map(role_of_folder, folders), default=Role.PROJECT)
    if role < Role.FIXTURE and _TEST_SOURCES.search(path):
        return Role.FIXTURE if "/resources/" in path else max(role, Role.TEST)
    return role


def nearest_roles(paths: Iterable[str]) -> tuple[str, ...]:
    """The paths of the project; where it has none, those of the next role that is not a fixture or vendored."""
    by_role: dict[Role, list[str]] = {}
    for path in paths:
        by_role.setdefault(role_of(path), []).append(path)
    if Role.PROJECT in by_role:
        return tuple(by_role[Role.PROJECT])
    closest = min((role for role in by_role if role < Role.FIXTURE), default=None)
    return tuple(by_role[closest]) if closest is not None else ()
