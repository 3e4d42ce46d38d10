"""Which files are tests, which are CI, which configure a check. Names are compared without regard to case."""

import re
from functools import lru_cache

from cicd_defs.facts.globs import pattern_of

CI = (
    ".github/**",
    ".gitlab-ci*",
    ".gitlab/ci/**",
    ".circleci/**",
    ".buildkite/**",
    ".woodpecker/**",
    ".woodpecker.y*ml",
    ".drone.y*ml",
    ".travis.yml",
    ".forgejo/**",
    ".gitea/**",
    ".azure-pipelines/**",
    ".teamcity/**",
    "azure-pipelines*.y*ml",
    "bitbucket-pipelines.yml",
    "cloudbuild.y*ml",
    "buildspec.y*ml",
    "appveyor.yml",
    ".appveyor.yml",
    ".cirrus.yml",
    "Jenkinsfile*",
    "*.jenkinsfile",
)
"""What tells a CI service what to run. A pattern without `/` is a file's name anywhere."""

CONFIGURATION = (
    # Python
    "pytest.ini",
    ".pytest.ini",
    "pytest.toml",
    "tox.ini",
    "tox.toml",
    "noxfile.py",
    "conftest.py",
    "mypy.ini",
    ".mypy.ini",
    "ruff.toml",
    ".ruff.toml",
    ".flake8",
    "pylintrc",
    ".pylintrc",
    "pyrightconfig.json",
    ".coveragerc",
    ".bandit",
    "setup.cfg",
    "tasks.py",
    # JavaScript
    ".eslintrc*",
    ".eslintignore",
    "eslint.config.*",
    "tsconfig*.json",
    "jest.config.*",
    "jest.setup.*",
    "vitest.config.*",
    "vitest.workspace.*",
    "vite.config.*",
    "playwright.config.*",
    "cypress.config.*",
    "karma.conf.*",
    ".mocharc*",
    ".nycrc*",
    ".prettierrc*",
    ".prettierignore",
    "biome.json*",
    ".npmrc",
    ".yarnrc*",
    # others
    ".golangci.y*ml",
    ".golangci.toml",
    "clippy.toml",
    ".clippy.toml",
    "rustfmt.toml",
    ".cargo/**",
    "checkstyle*.xml",
    "phpunit.xml*",
    "phpstan.neon*",
    ".rspec",
    ".rubocop.yml",
    "codecov.y*ml",
    ".codecov.y*ml",
    "sonar-project.properties",
    ".pre-commit-config.y*ml",
    ".hadolint.y*ml",
    ".yamllint*",
    ".secrets.baseline",
    ".trivyignore*",
    "pip.conf",
    # the commands that people and CI run
    "Makefile",
    "GNUmakefile",
    "*.mk",
    "justfile",
    ".justfile",
    "Taskfile.y*ml",
    "lefthook.y*ml",
    ".husky/**",
)
"""What says how checks are done. Files that also hold other things are compared key by key (`settings.py`)."""

PROJECT_FILES = ("projects/*.yaml", "projects/*.yml")
RUN_BY_ITSELF = ("sitecustomize.py", "usercustomize.py", "*.pth", "*.egg-link")
"""What Python runs whenever it starts."""

_TOOLS = "pytest|_pytest|unittest|coverage|pytest_cov|xdist|mypy|ruff|tox|nox|pluggy|jest|vitest|mocha"
_SHADOWS = re.compile(rf"(?:src/|lib/)?(?:{_TOOLS})(?:\.py|/__init__\.py|/__main__\.py)", re.I)
_INSTALLED = re.compile(r"(?:.*/)?(?:node_modules|\.venv|venv|site-packages)/.*", re.I | re.S)

_TEST_NAME = re.compile(
    r"""(?ix)
    test_.*\.py | .*_tests?\.py | tests?\.py
    | .*[._-](?:test|spec|e2e|cy)\.[cm]?[jt]sx?
    | .*_test\.go
    | .*(?:Test|Tests|TestCase|IT|Spec)\.(?:java|kt|kts|scala|groovy|cs|php)
    | .*_(?:spec|test)\.rb | .*_test\.(?:exs|cc|cpp|c|dart)
    """
)
_TEST_FOLDER = re.compile(r"(?:.*/)?(?:tests?|__tests__|specs?|e2e)/.*", re.I | re.S)
_CODE = re.compile(
    r".*\.(?:py|[cm]?[jt]sx?|go|rs|java|kt|kts|scala|cs|php|rb|exs|cc|cpp|c|dart|sh|bats)", re.I | re.S
)


def is_test_file(path: str) -> bool:
    """Whether a test runner looks for tests in a file, by its name or the folder that it is in."""
    name = path.rpartition("/")[2]
    return bool(_TEST_NAME.fullmatch(name) or (_TEST_FOLDER.fullmatch(path) and _CODE.fullmatch(path)))


def is_collected(path: str) -> bool:
    """Whether a runner that was told nothing looks for tests in a file: pytest goes by names, others by folders too."""
    name = path.rpartition("/")[2]
    return bool(_TEST_NAME.fullmatch(name)) if path.lower().endswith(".py") else is_test_file(path)


def is_one_of(path: str, patterns: tuple[str, ...]) -> bool:
    """Whether a path matches one of these patterns; one without `/` is a name anywhere."""
    return any(pattern.fullmatch(path) for pattern in _compiled(patterns))


@lru_cache(maxsize=16)
def _compiled(patterns: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    return tuple(
        re.compile(f"{'' if '/' in glob else '(?:.*/)?'}{pattern_of(glob).pattern}", re.I | re.S)
        for glob in patterns
    )


def shadows_a_tool(path: str) -> bool:
    """Whether a file would be taken for a test tool, or for what an installation puts there."""
    return bool(_SHADOWS.fullmatch(path) or _INSTALLED.fullmatch(path))
