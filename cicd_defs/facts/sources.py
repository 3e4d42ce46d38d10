"""Which files are the project, and which only lie in its tree: fixtures, vendored code, examples, documentation.

A path's role follows from the names of its folders alone. `Role.PROJECT` is what the repository builds; the other
roles are looked at only where a repository has nothing else (a repository of examples, a documentation site).
"""

import re
from collections.abc import Iterable
from enum import IntEnum

VENDORED = frozenset(
    [
        "node_modules",
        "bower_components",
        "jspm_packages",
        "vendor",
        "vendors",
        "vendored",
        "third_party",
        "third-party",
        "thirdparty",
        "3rdparty",
        "_vendor",
        "extern",
        "externals",
        "pods",
        ".yarn",
        ".pnpm",
        "site-packages",
        ".venv",
        "venv",
        "dist",
    ]
)
FIXTURES = frozenset(
    [
        "fixtures",
        "fixture",
        "__fixtures__",
        "testdata",
        "test-data",
        "test_data",
        "testfixtures",
        "test-fixtures",
        "test_fixtures",
        "testcases",
        "snapshots",
        "__snapshots__",
        "golden",
        "goldens",
        "__mocks__",
        "corpus",
        "test-projects",
        "test_projects",
        "testprojects",
    ]
)
EXAMPLES = frozenset(
    [
        "example",
        "examples",
        "sample",
        "samples",
        "demo",
        "demos",
        "playground",
        "playgrounds",
        "sandbox",
        "tutorial",
        "tutorials",
        "templates",
        "template",
        "quickstart",
        "quickstarts",
        "getting-started",
        "example-apps",
        "cookbook",
        "recipes",
        "starters",
        "boilerplate",
        "archetype-resources",
        "archetypes",
    ]
)
DOCS = frozenset(
    ["docs", "doc", "documentation", "website", "site", "docs_src", "docs-src", "doc_src", "handbook"]
)
TESTS = frozenset(
    [
        "test",
        "tests",
        "__tests__",
        "spec",
        "specs",
        "e2e",
        "testing",
        "t",
        "test_suite",
        "test-suite",
        "testsuite",
        "testsuites",
        "tests-build",
        "integration-tests",
        "integration_tests",
        "functional-tests",
        "functional_tests",
        "system-tests",
        "testfixtures",
        "androidtest",
        "inttest",
        "integrationtest",
        "it",
        "e2e-tests",
        "e2e_tests",
        "runtime-tests",
        "acceptance-tests",
        "acceptance_tests",
    ]
)
BENCHMARKS = frozenset(
    [
        "bench",
        "benches",
        "benchmark",
        "benchmarks",
        "benchmarking",
        "perf",
        "perf-measures",
        "profiling",
        "fuzz",
        "fuzzing",
        "benchsuite",
        "microbenchmarks",
        "stress-test",
        "stress-tests",
    ]
)
BUILD_LOGIC = frozenset(["buildsrc", "build-logic", "build-tools", "devtools"])
AUXILIARY = BUILD_LOGIC | frozenset(["hack", "scripts", "script", "ci", "contrib", "etc", "tools", "tool"])

_TEMPLATE = re.compile(r"template-.+|.+-template|.*\{\{.*")
_SOURCE_SET = re.compile(
    r"(?:(.*)/)?src/(\w+)/(?:java|kotlin|groovy|scala|resources|proto|antlr4?|aot|cpp|res|assets)/"
)


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


def role_of(path: str) -> Role:
    """What a file is for, from the folders it lies in.

    Below a source set (`src/main/java/`) folders are packages, whose names (`com.example.demo`) say nothing.
    """
    if source_set := _SOURCE_SET.match(path):
        around = _role_of_folders((source_set[1] or "").split("/"))
        if "test" not in source_set[2].lower() and source_set[2] not in ("it", "jmh"):
            return around
        return max(around, Role.FIXTURE if "/resources/" in path else Role.TEST)
    return _role_of_folders(path.split("/")[:-1])


def role_of_manifest(path: str) -> Role:
    """What a manifest is for; `internal/tools/go.mod` serves development only, however deep it lies."""
    parent = path.rpartition("/")[0].rpartition("/")[2]
    return max(role_of(path), Role.AUXILIARY if parent.lower() in AUXILIARY else Role.PROJECT)


def _role_of_folders(folders: list[str]) -> Role:
    roles = [_role_of_folder(name, depth) for depth, name in enumerate(folders)]
    return max(roles, default=Role.PROJECT)


def _role_of_folder(name: str, depth: int) -> Role:
    lower = name.lower()
    role = _ROLE_OF_FOLDER.get(lower, Role.PROJECT)
    if role == Role.AUXILIARY:
        # A package's own `tools` or `scripts` is the project; the repository's is not.
        return role if depth == 0 or lower in BUILD_LOGIC else Role.PROJECT
    if role == Role.PROJECT and _TEMPLATE.fullmatch(lower):
        return Role.EXAMPLE
    return Role.AUXILIARY if role == Role.PROJECT and name.startswith(".") else role


def nearest_roles(paths: Iterable[str]) -> tuple[str, ...]:
    """The manifests of the project; where it has none, those of the next role that is no fixture and not vendored."""
    by_role: dict[Role, list[str]] = {}
    for path in paths:
        by_role.setdefault(role_of_manifest(path), []).append(path)
    closest = min((role for role in by_role if role < Role.FIXTURE), default=None)
    return tuple(by_role[closest]) if closest is not None else ()
