"""The commands that a repository says it runs: in CI, Makefiles, task runners, hooks and scripts.

The text is evidence only; nothing of it is ever run, or copied into a command of ours.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cicd_defs.facts.manifests import table
from cicd_defs.facts.shell import commands_in, moved_to
from cicd_defs.facts.sources import Role, role_of_manifest
from cicd_defs.facts.survey import LONGEST_LINE, Survey, folder_of, name_of

MOST_LINES = 20_000
MOST_COMMANDS = 20_000

TASK_FILES = re.compile(
    r"(GNUm|M|m)akefile|.+\.mk|\.?[jJ]ustfile|[Tt]askfile\.ya?ml|\.?mise\.toml|tox\.(ini|toml)|noxfile\.py"
    r"|tasks\.py|dodo\.py|duties\.py|magefile\.go|\.pre-commit-config\.ya?ml|lefthook\.ya?ml|Rakefile|\.lintstagedrc"
    r"|deno\.jsonc?|Procfile\.dev|Makefile\.toml|prek\.toml"
)
SCRIPT_FOLDERS = re.compile(
    r"(^|/)(scripts?|ci|\.ci|hack|bin|dev|tools?|build|make|\.github|\.husky|\.vite-hooks)/"
)
SCRIPT_FILES = re.compile(r"[\w.-]+\.(sh|bash)|[\w-]+")
ROOT_SCRIPTS = re.compile(r"[\w-]+\.sh")

_RUN_KEYS = (
    r"run|script|entry|command|cmds?|commands|before_script|test_script|build_script"
    r"|sh|exec|args|shell|inline|bash"
)
_RUN_KEY = re.compile(rf"^[\s>-]*(?:['\"]?(?:{_RUN_KEYS})['\"]?\s*[:=]\s*)?[|>]?-?\s*")
_USES = re.compile(r"^\s*(?:-\s+)?uses:\s*['\"]?([\w.-]+/[\w./-]+)")
_HOOK = re.compile(r"^\s*-?\s*id:\s*['\"]?([\w.-]+)")
_HOOK_LINE = re.compile(r"^\s*-?\s*(id|entry):")
_STEP = re.compile(r"^\s*-\s")
_JOB = re.compile(r"^ {2}[\w-]+:\s*$")
_DIRECTORY = re.compile(r"^\s*-?\s*working-directory:\s*['\"]?([\w./-]+)")
_COMMENT = ("#", "//", "rem ", "[")
_TOML_SECTION = re.compile(r"^\s*\[+([^\]]+)\]")
_TOML_TASKS = re.compile(r"scripts|tasks|tool\.tox|commands")
_KEY = re.compile(r"^\s*['\"]?[\w:.-]+['\"]?\s*=\s*")
_TOX_KEY = re.compile(r"^(\w+)\s*=")
_MAKE_TARGET = re.compile(r"^[\w./-]+\s*:=?\s")


@dataclass(frozen=True)
class Invocation:
    """A command that the repository runs, in which folder, and where it says so (`file:line`).

    `uses OWNER/ACTION` stands for a step that uses an action, `hook ID` for a pre-commit hook.
    """

    command: str
    folder: str
    place: str
    ci: bool


def invocations_of(survey: Survey, mentions: re.Pattern[str]) -> tuple[Invocation, ...]:
    """Every command that mentions one of the tools looked for."""
    found: list[Invocation] = []
    for path in survey.ci_files:
        found += _in_workflow(survey, path, mentions)
    for path in survey.paths:
        if survey.role(path) <= Role.AUXILIARY and path not in survey.ci_files:
            found += _in_project_file(survey, path, mentions)
    return tuple(found[:MOST_COMMANDS])


def is_command_file(survey: Survey, path: str) -> bool:
    """Whether a file tells which commands the repository runs."""
    task = survey.role(path) <= Role.AUXILIARY and TASK_FILES.fullmatch(name_of(path))
    return path in survey.ci_files or bool(task)


def _in_project_file(survey: Survey, path: str, mentions: re.Pattern[str]) -> Iterator[Invocation]:
    name, folder = name_of(path), folder_of(path)
    if name == "package.json":
        if role_of_manifest(path) == Role.PROJECT:
            yield from _in_package_scripts(survey, path, mentions)
    elif name in ("pyproject.toml", "pixi.toml", "hatch.toml"):
        yield from _in_toml_tasks(survey, path, mentions)
    elif name == "tox.ini":
        yield from _in_tox(survey, path, mentions)
    elif TASK_FILES.fullmatch(name) or (folder == "." and ROOT_SCRIPTS.fullmatch(name)):
        yield from _in_lines(
            survey, path, _HOOK_LINE if name.startswith(".pre-commit-config") else mentions, folder
        )
    elif SCRIPT_FILES.fullmatch(name) and (place := SCRIPT_FOLDERS.search(path)):
        yield from _in_lines(survey, path, mentions, path[: place.start()] or ".")


def _in_package_scripts(survey: Survey, path: str, mentions: re.Pattern[str]) -> Iterator[Invocation]:
    for name, script in table(survey.json(path), "scripts").items():
        if not isinstance(script, str) or not mentions.search(script[:LONGEST_LINE]):
            continue
        place = survey.cite(path, rf'"{re.escape(name)}"\s*:\s*"') or f"{path}:1"
        for command, folder in commands_in(script[:LONGEST_LINE], folder_of(path)):
            yield Invocation(command, folder, place, ci=False)


def _in_toml_tasks(survey: Survey, path: str, mentions: re.Pattern[str]) -> Iterator[Invocation]:
    tasks = False
    for number, line in _lines(survey, path):
        if section := _TOML_SECTION.match(line):
            tasks = bool(_TOML_TASKS.search(section[1])) and "project.scripts" not in section[1]
        elif tasks and mentions.search(line):
            # `lint = "ruff check"`, `lint = {cmd = "ruff check"}`
            bare = _KEY.sub("", _KEY.sub("", line).lstrip("{ "))
            for command, folder in commands_in(bare, folder_of(path)):
                yield Invocation(command, folder, f"{path}:{number}", ci=False)


def _in_tox(survey: Survey, path: str, mentions: re.Pattern[str]) -> Iterator[Invocation]:
    commands = False
    for number, line in _lines(survey, path):
        if key := _TOX_KEY.match(line):
            commands = key[1].startswith("commands")
        if commands and mentions.search(line):
            # `py311: pytest` names the environments for which a line counts.
            bare = re.sub(r"^[\w,!{} .-]+:\s+", "", _KEY.sub("", line).strip())
            for command, folder in commands_in(bare, folder_of(path)):
                yield Invocation(command, folder, f"{path}:{number}", ci=False)


def _in_lines(survey: Survey, path: str, mentions: re.Pattern[str], folder: str) -> Iterator[Invocation]:
    for number, line in _lines(survey, path):
        if mentions.search(line):
            for command, where in _commands_of_line(line, folder):
                yield Invocation(command, where, f"{path}:{number}", ci=False)


def _in_workflow(survey: Survey, path: str, mentions: re.Pattern[str]) -> Iterator[Invocation]:
    if not mentions.search(survey.text(path)):
        return
    folders = _working_directories(survey.text(path).splitlines()[:MOST_LINES])
    for number, line in _lines(survey, path):
        if mentions.search(line):
            for command, where in _commands_of_line(line, folders[number - 1]):
                yield Invocation(command, where, f"{path}:{number}", ci=True)


def _lines(survey: Survey, path: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(survey.text(path).splitlines()[:MOST_LINES], 1):
        if len(line) <= LONGEST_LINE and (path.endswith(".toml") or not line.lstrip().startswith(_COMMENT)):
            yield number, line


def _commands_of_line(line: str, folder: str) -> Iterator[tuple[str, str]]:
    if uses := _USES.match(line):
        yield f"uses {uses[1]}", folder
    elif hook := _HOOK.match(line):
        yield f"hook {hook[1]}", folder
    else:
        bare = _RUN_KEY.sub("", line, count=1)
        yield from commands_in(_MAKE_TARGET.sub("", bare), folder)


def _working_directories(lines: list[str]) -> list[str]:
    """For each line of a workflow file, the folder that its step, else its job, names."""
    folders: list[str] = []
    default, start = ".", 0
    step: str | None = None
    for number, line in enumerate(lines):
        if _JOB.match(line):
            default, step, start = ".", None, number
        elif _STEP.match(line):
            step, start = None, number
        if found := _DIRECTORY.match(line):
            folder = moved_to(".", found[1])
            if any("defaults:" in before for before in lines[max(0, number - 2) : number]):
                default = folder
            else:
                step = folder
                folders[start:] = [folder] * (number - start)
        folders.append(step or default)
    return folders
