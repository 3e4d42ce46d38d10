"""A hook and CI run the same tool in different versions, or with arguments that contradict each other.

**Why it matters** What the hook accepts, CI refuses, and the other way round: people push a change that was formatted a
minute ago and see it fail, or the two undo each other's work.
**How to fix** Say the version in one place. Give the hook the version that CI installs, or have CI run the hooks
themselves (`pre-commit run --all-files`), or have the hook run the project's own tool (`repo: local`). Put arguments
into the tool's own configuration, which both read.
**Example** `rev: v0.4.1` of ruff's hooks where CI has `pip install ruff==0.9.6`.
"""

import re
from collections.abc import Iterator

from cicd_defs.facts.findings import Family, Fix, Severity
from cicd_defs.facts.script import Command
from cicd_defs.facts.survey import name_of
from cicd_defs.judge.edits import replace_scalar
from cicd_defs.judge.hooks import ACTIONS, Hook, Hooks, commands_of_ci, hooks_of, program_of, same_version
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found

ABOUT = About(Family.HYGIENE, Severity.MEDIUM, subject="repository")

_INSTALLED = re.compile(r"([A-Za-z][\w-]*)(?:\[[\w,-]*\])?(?:==|@v?)(\d+(?:\.\w+)+)$")
_INSTALLERS = frozenset(
    {
        "pip",
        "pip3",
        "pipx",
        "uv",
        "uvx",
        "npm",
        "pnpm",
        "yarn",
        "npx",
        "bunx",
        "pnpx",
        "go",
        "python",
        "python3",
        "poetry",
        "rye",
        "hatch",
        "bun",
        "pixi",
    }
)
_REQUIREMENTS = re.compile(
    r"(?:.*/)?(?:requirements|constraints|dev|lint)[\w.-]*\.(?:txt|in)|(?:.*/)?requirements/[\w.-]+\.txt"
)
_PINNED = re.compile(r"^\s*[\"']?([A-Za-z][\w-]*)(?:\[[\w,-]*\])?\s*==\s*(\d+(?:\.\w+)+)", re.MULTILINE)
_LOCKED = r"^name = \"{}\"\r?\nversion = \"(\d+(?:\.\w+)+)\""

_LENGTH = "--line-length"
_OPTIONS = {
    "-l": _LENGTH,
    "--line-length": _LENGTH,
    "--max-line-length": _LENGTH,
    "--line-width": "--print-width",
    "--print-width": "--print-width",
    "--target-version": "--target-version",
    "-t": "--target-version",
    "--profile": "--profile",
    "--select": "--select",
    "--ignore": "--ignore",
    "--extend-ignore": "--extend-ignore",
    "--config": "--config",
    "--python-version": "--python-version",
    "--severity-level": "--severity-level",
    "--tab-width": "--tab-width",
}
_TOOLS_WITH_SHORT = frozenset({"black", "isort"})


def find(repository: Repository) -> Iterator[Found]:
    """Revisions and arguments of hooks that CI contradicts."""
    held = hooks_of(repository)
    if held is None:
        return
    run = list(commands_of_ci(repository))
    commands: dict[str, list[Command]] = {}
    for _, command in run:
        commands.setdefault(program_of(command), []).append(command)
    told: set[int] = set()
    for hook in held.hooks:
        tool = hook.tool or ("" if hook.is_local else hook.id.text)
        if hook.rev is not None and hook.tool and hook.version and id(hook.rev) not in told:
            told.add(id(hook.rev))
            yield from _versions(repository, held, hook, [command for _, command in run], tool in commands)
        yield from _arguments(held, hook, commands.get(tool, []))


def _versions(
    repository: Repository, held: Hooks, hook: Hook, run: list[Command], is_run: bool
) -> Iterator[Found]:
    versions = _in_workflows(repository, hook.tool, run) or (
        _in_manifests(repository, hook.tool) if is_run else []
    )
    if not versions or any(same_version(hook.version, version) for version in versions) or hook.rev is None:
        return
    edit = None
    if not re.fullmatch(r"[0-9a-f]{40}", hook.rev.text) and len(set(versions)) == 1:
        edit = replace_scalar(held.source, hook.rev, "v" * hook.rev.text.startswith("v") + versions[0])
    message = f"the hook runs {hook.tool} `{hook.version}`, CI runs `{versions[0]}`"
    fix = Fix(f"Run {hook.tool} {versions[0]} as CI does", (edit,)) if edit else None
    yield Found(held.source, hook.rev.start, hook.rev.end, message, fix)


def _in_workflows(repository: Repository, tool: str, run: list[Command]) -> list[str]:
    """The exact versions of a tool that workflows install or run."""
    found = [
        version
        for command in run
        if command.name in _INSTALLERS
        for word in command.words
        for name, version in _INSTALLED.findall(word)
        if name.lower() == tool
    ]
    for workflow in repository.workflows:
        for step in workflow.steps:
            if ACTIONS.get(step.action) == tool and "version" in step.inputs:
                given = re.fullmatch(r"(?:==|v)?\s*(\d+(?:\.\w+)+)", step.given("version"))
                found += [given[1]] if given and given[1].count(".") > 1 else []
    return found


def _in_manifests(repository: Repository, tool: str) -> list[str]:
    """The exact versions of a tool that requirements and lock files name."""
    found: list[str] = []
    locked = re.compile(_LOCKED.format(re.escape(tool)), re.MULTILINE)
    for path in repository.tree.paths:
        if path.count("/") > 1:
            continue
        name = name_of(path)
        requirements = name == "pyproject.toml" or bool(_REQUIREMENTS.fullmatch(path))
        if not requirements and name not in {"uv.lock", "poetry.lock", "pdm.lock"}:
            continue
        source = repository.source(path)
        if source is None or tool not in source.text:
            continue
        if requirements:
            found += [version for pinned, version in _PINNED.findall(source.text) if pinned.lower() == tool]
        else:
            found += locked.findall(source.text)
    return found


def _arguments(held: Hooks, hook: Hook, commands: list[Command]) -> Iterator[Found]:
    """Options that the hook and every call in CI give, each another value."""
    if not hook.arguments or not commands:
        return
    words = [argument.text for argument in hook.arguments]
    for option, (value, at) in _options(words, hook.tool).items():
        theirs = {
            options[option][0]
            for command in commands
            if option in (options := _options(list(command.words[1:]), hook.tool))
        }
        if theirs and value not in theirs:
            other = sorted(theirs)[0]
            argument = hook.arguments[at]
            message = f"the hook gives `{words[at]}` to {hook.tool or hook.id.text}, CI gives `{other}`"
            edit = (
                replace_scalar(held.source, argument, argument.text.replace(value, other))
                if len(theirs) == 1
                else None
            )
            fix = Fix(f"Give `{other}` as CI does", (edit,)) if edit and value in argument.text else None
            yield Found(held.source, argument.start, argument.end, message, fix)


def _options(words: list[str], tool: str) -> dict[str, tuple[str, int]]:
    """What options are given, each with the number of the word that holds its value."""
    found: dict[str, tuple[str, int]] = {}
    for at, word in enumerate(words):
        name, equals, value = word.partition("=")
        option = _OPTIONS.get(name)
        if option is None or (not name.startswith("--") and tool not in _TOOLS_WITH_SHORT):
            continue
        if equals:
            found[option] = (value.strip("\"'"), at)
        elif at + 1 < len(words):
            found[option] = (words[at + 1].strip("\"'"), at + 1)
    return found
