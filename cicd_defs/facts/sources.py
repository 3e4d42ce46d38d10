"""Which files are the project, and which only lie in its tree: fixtures, vendored code, examples, documentation.

A path's role follows from the names of its folders alone. `Role.PROJECT` is what the repository builds; the other
roles are looked at only where a repository has nothing else (a repository of examples, a documentation site).
"""

from collections.abc import Iterable
from enum import IntEnum
from functools import lru_cache

from cicd_defs.facts.patterns import regex

# Names of folders, in lower case.
VENDORED = regex(
    r"node_modules|bower_components|jspm_packages|_?vendor(s|ed)?|third[_-]?party|3rdparty|externs?|externals|pods"
    r"|\.yarn|\.pnpm|site-packages|\.?venv|dist"
)
FIXTURES = regex(
    r"(__)?fixtures?(__)?|test[_-]?(data|cases|fixtures|projects?)|(__)?snapshots(__)?|goldens?|__mocks__|corpus"
)
EXAMPLES = regex(
    r"examples?|samples?|demos?|playgrounds?|sandbox|tutorials?|templates?|quickstarts?|getting-started|example-apps"
    r"|cookbook|recipes|starters|boilerplate|archetype(s|-resources)|template-.+|.+-template|.*\{\{.*"
)
DOCS = regex(r"docs?|documentation|website|site|docs?[_-](src|site|website)|handbook")
BENCHMARKS = regex(
    r"bench|benches|(micro)?benchmarks?|benchmarking|perf|profiling|fuzz|fuzzing|stress-tests?"
)
TESTS = regex(
    r"tests?|__tests__|specs?|e2e|testing|t|it|inttest|androidtest|test[_-]?suites?"
    r"|(integration|functional|system|acceptance|runtime|e2e)[_-]?tests?"
)
BUILD_LOGIC = regex(r"buildsrc|build-(logic|tools)|devtools")
AUXILIARY = regex(r"hack|scripts?|ci|contrib|etc|tools?")

_SOURCE_SET = regex(
    r"(?:(.*)/)?src/(\w+)/(?:java|kotlin|groovy|scala|resources|proto|antlr4?|aot|cpp|res|assets)/"
)

CI_FILES = regex(
    r"\.github/workflows/[^/]+\.ya?ml|\.github/actions/.+/action\.ya?ml|\.github/[^/]+/action\.ya?ml"
    r"|\.gitlab-ci\.yml|\.gitlab/.+\.yml|\.circleci/.+\.ya?ml|azure-pipelines[^/]*\.ya?ml|\.azure-pipelines/.+\.ya?ml"
    r"|\.travis\.yml|\.cirrus\.yml|\.?appveyor\.yml|\.buildkite/.+\.ya?ml|\.semaphore/.+\.ya?ml|cloudbuild\.yaml"
    r"|\.drone\.yml|\.woodpecker(/.+)?\.ya?ml|Jenkinsfile|bitbucket-pipelines\.yml|Earthfile|\.ci/.+|\.prow\.ya?ml"
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


_BY_NAME = (
    (Role.VENDORED, VENDORED),
    (Role.FIXTURE, FIXTURES),
    (Role.EXAMPLE, EXAMPLES),
    (Role.DOCS, DOCS),
    (Role.BENCHMARK, BENCHMARKS),
    (Role.TEST, TESTS),
    (Role.AUXILIARY, BUILD_LOGIC),
)


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
    return max(role_of(path), Role.AUXILIARY if AUXILIARY.fullmatch(parent.lower()) else Role.PROJECT)


def is_auxiliary(path: str) -> bool:
    """Whether a file is below one of the repository's own folders of tools and scripts."""
    return bool(AUXILIARY.fullmatch(path.partition("/")[0].lower()))


def _role_of_folders(folders: list[str]) -> Role:
    # A package's own `tools` or `scripts` is the project; the repository's is not.
    first = Role.AUXILIARY if folders and AUXILIARY.fullmatch(folders[0].lower()) else Role.PROJECT
    return max((first, *map(_role_of_folder, folders)))


@lru_cache(maxsize=100_000)
def _role_of_folder(name: str) -> Role:
    lower = name.lower()
    hidden = Role.AUXILIARY if name.startswith(".") else Role.PROJECT
    return next((role for role, names in _BY_NAME if names.fullmatch(lower)), hidden)


def nearest_roles(paths: Iterable[str]) -> tuple[str, ...]:
    """The manifests of the project; where it has none, those of the next role that is no fixture and not vendored."""
    by_role: dict[Role, list[str]] = {}
    for path in paths:
        by_role.setdefault(role_of_manifest(path), []).append(path)
    closest = min((role for role in by_role if role < Role.FIXTURE), default=None)
    return tuple(by_role[closest]) if closest is not None else ()
