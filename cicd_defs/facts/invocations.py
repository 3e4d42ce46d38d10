"""The commands that a repository says it runs: in CI, Makefiles, task runners, hooks and scripts.

Each line is cut into commands, and each command loses what only starts it (`sudo`, `uv run`, `npx`, `python -m`), so
that one pattern recognises a tool however it is called. The text is evidence only; nothing of it is ever run.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cicd_defs.facts.manifests import table
from cicd_defs.facts.sources import Role
from cicd_defs.facts.survey import Survey, folder_of, join, line_at, name_of

LONGEST_LINE = 2000
MOST_LINES = 20_000

CI_FILES = re.compile(
    r"\.github/workflows/[^/]+\.ya?ml|\.github/actions/.+/action\.ya?ml|\.github/[^/]+/action\.ya?ml"
    r"|\.gitlab-ci\.yml|\.gitlab/.+\.yml|\.circleci/.+\.ya?ml|azure-pipelines[^/]*\.ya?ml|\.azure-pipelines/.+\.ya?ml"
    r"|\.travis\.yml|\.cirrus\.yml|\.?appveyor\.yml|\.buildkite/.+\.ya?ml|\.semaphore/.+\.ya?ml|cloudbuild\.yaml"
    r"|\.drone\.yml|\.woodpecker(/.+)?\.ya?ml|Jenkinsfile|bitbucket-pipelines\.yml|Earthfile|\.ci/.+|\.prow\.ya?ml"
)
TASK_FILES = re.compile(
    r"(GNUm|M|m)akefile|.+\.mk|\.?[jJ]ustfile|[Tt]askfile\.ya?ml|mise\.toml|\.mise\.toml|tox\.(ini|toml)|noxfile\.py"
    r"|tasks\.py|dodo\.py|duties\.py|magefile\.go|\.pre-commit-config\.ya?ml|lefthook\.ya?ml|Rakefile|\.lintstagedrc"
    r"|deno\.jsonc?|Procfile\.dev|bors\.toml|Makefile\.toml|prek\.toml"
)
SCRIPT_FOLDERS = re.compile(
    r"(^|/)(scripts?|ci|\.ci|hack|bin|dev|tools?|build|make|\.github|\.husky|\.vite-hooks)/"
)
SCRIPT_FILES = re.compile(r"[\w.-]+\.(sh|bash)|[\w-]+")
ROOT_SCRIPTS = re.compile(r"[\w-]+\.sh")

_RUN_KEY = re.compile(
    r"^[\s>-]*(?:['\"]?(?:run|script|entry|command|cmd|cmds|commands|commands_pre|commands_post|before_script|install"
    r"|test_script|build_script|sh|exec|args|shell|inline|bash)['\"]?\s*[:=]\s*)?[|>]?-?\s*"
)
_USES = re.compile(r"^\s*(?:-\s+)?uses:\s*['\"]?([\w.-]+/[\w./-]+)")
_HOOK = re.compile(r"^\s*-?\s*id:\s*['\"]?([\w.-]+)")
_STEP = re.compile(r"^(\s*)-\s")
_DIRECTORY = re.compile(r"^\s*-?\s*working-directory:\s*['\"]?([\w./-]+)")
_CD = re.compile(r"^(?:cd|pushd)\s+([\w./-]+)$")
_CHDIR = re.compile(r"\s(?:--directory|--project|--prefix|--cwd|--dir|-C)[= ]([\w./-]+)")
_NOISE = str.maketrans(dict.fromkeys("\"'`,[]{}()", " "))
_SEPARATOR = re.compile(r"&&|\|\||;|\||\\n")
_TOML_SECTION = re.compile(r"^\s*\[+([^\]]+)\]")
_TOML_TASKS = re.compile(r"scripts|tasks|tool\.tox|commands|task\.")
_TOML_KEY = re.compile(r"^\s*['\"]?[\w:.-]+['\"]?\s*=\s*")
_MAKE_RECIPE = re.compile(r"^[\w./-]+\s*:=?\s")

_OPTIONS = (
    r"(?:(?:(?:--(?:group|with|with-requirements|extra|project|directory|package|only-group|no-group|python|env-file|from"
    r"|filter|prefix|env|spec|index|resolution|toolchain|cwd|workspace|cov|manifest-path|environment|config-settings)"
    r"|-p|-e|-F|-w|-E)(?:=|\s+)\S+|--?[\w][\w.-]*(?:=\S*)?)\s+)*(?:--\s+)?"
)
_WRAPPER = re.compile(
    r"(?:"
    r"\w+=\S*\s+|[@!+<&-]+\s*|"
    r"(?:sudo|time|exec|env|command|then|else|do|if|nice|xvfb-run|cross-env|cross-env-shell|dotenv|retry|c8|nyc|call"
    r"|coverage3?\s+run|dbus-run-session|sh|bash|zsh|run-s|run-p|npm-run-all|concurrently|echo\s+-n|wait-for\S*|setarch"
    r"|flock|timeout\s+\S+|nvm\s+exec|winpty|catchsegv|faketime|gtimeout\s+\S+|watchexec|entr|tsx|ts-node)\s+"
    + _OPTIONS
    + "|"
    r"(?:\w+\.)?(?:session|s|ctx|c|subprocess|sh|os|virtualenv|shell)\.(?:run|run_always|Run\w*|run_install|call|check_call"
    r"|check_output|system|Output|Exec)\s+|"
    r"(?:poetry|pdm|pipenv|pixi|rye|conda|mamba|micromamba|uv|pipx|uv\s+tool|hatch|devenv|mise)\s+"
    + _OPTIONS
    + r"(?:run|r|x|exec)\s+"
    + _OPTIONS
    + "|"
    r"uvx\s+" + _OPTIONS + "|"
    r"\S*(?:python|PYTHON|Python|pypy|\bpy)[\d.]*(?:\s*-\d\S*)?\s+(?:-[A-LN-Za-ln-z]\S*\s+)*-m\s+|"
    r"(?:npx|bunx|pnpx|bun\s+x|(?:npm|pnpm|yarn|bun)\s+"
    + _OPTIONS
    + r"(?:exec|dlx|run(?=\s+-)|x))\s+"
    + _OPTIONS
    + "|"
    r"(?:pnpm|yarn|bun)\s+(?:--?[\w-]+(?:=\S+)?\s+)*(?:run\s+)?(?=[\w@])(?!test\b|run\b|install\b|add\b)|"
    r"node\s+(?:--[\w-]+(?:=\S+)?\s+)*(?=\S*(?:node_modules/|bin/\w+_\w+\.js\s))(?:bin/\w+\.js\s+)?|"
    r"go\s+tool\s+|go\s+run\s+(?:-\S+\s+)*(?=\S+[@/])|"
    r"docker\s+run\s+.*\s(?=(?:golangci-lint|pytest|ruff|mypy)\s)"
    r")"
)
_HATCH_ENVIRONMENT = re.compile(r"^[\w.-]+:(?=[a-z])")
_PATH_OF_TOOL = re.compile(r"^(?:\S*[/\\])(?=[\w.-]+)")
_VARIABLE = re.compile(r"^\$+([A-Z][A-Z0-9_]+)\b")


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
    for path in survey.paths:
        if CI_FILES.fullmatch(path):
            found += _in_lines(survey, path, mentions, ".", ci=True)
        elif survey.role(path) <= Role.AUXILIARY:
            found += _in_project_file(survey, path, mentions)
    return tuple(found)


def _in_project_file(survey: Survey, path: str, mentions: re.Pattern[str]) -> Iterator[Invocation]:
    name, folder = name_of(path), folder_of(path)
    if name == "package.json":
        yield from _in_package_scripts(survey, path, mentions)
    elif name in ("pyproject.toml", "pixi.toml", "hatch.toml"):
        yield from _in_toml_tasks(survey, path, mentions)
    elif TASK_FILES.fullmatch(name) or (folder == "." and ROOT_SCRIPTS.fullmatch(name)):
        yield from _in_lines(survey, path, mentions, folder)
    elif SCRIPT_FILES.fullmatch(name) and (place := SCRIPT_FOLDERS.search(path)):
        yield from _in_lines(survey, path, mentions, path[: place.start()] or ".")


def _in_package_scripts(survey: Survey, path: str, mentions: re.Pattern[str]) -> Iterator[Invocation]:
    for name, script in table(survey.json(path), "scripts").items():
        if not isinstance(script, str) or not mentions.search(script):
            continue
        place = survey.cite(path, rf'"{re.escape(name)}"\s*:\s*"') or survey.cite(path)
        for command, folder in commands_in(script[:LONGEST_LINE], folder_of(path)):
            yield Invocation(command, folder, place or path, ci=False)


def _in_toml_tasks(survey: Survey, path: str, mentions: re.Pattern[str]) -> Iterator[Invocation]:
    tasks = name_of(path) == "pixi.toml"
    for number, line in enumerate(survey.text(path).splitlines(), 1):
        if section := _TOML_SECTION.match(line):
            tasks = bool(_TOML_TASKS.search(section[1])) and "project.scripts" not in section[1]
        elif tasks and mentions.search(line[:LONGEST_LINE]):
            bare = _TOML_KEY.sub("", line[:LONGEST_LINE])
            for command, folder in commands_in(_TOML_KEY.sub("", bare.lstrip("{ ")), folder_of(path)):
                yield Invocation(command, folder, f"{path}:{number}", ci=False)


def _in_lines(
    survey: Survey, path: str, mentions: re.Pattern[str], folder: str, *, ci: bool = False
) -> Iterator[Invocation]:
    text = survey.text(path)
    if not mentions.search(text):
        return
    lines = text.splitlines()[:MOST_LINES]
    folders = _working_directories(lines) if ci else {}
    for number, line in enumerate(lines):
        if (
            len(line) > LONGEST_LINE
            or not mentions.search(line)
            or line.lstrip().startswith(("#", "//", "rem "))
        ):
            continue
        here = folders.get(number, folder)
        for command, place in _commands_of_line(line, here):
            yield Invocation(command, place, f"{path}:{number + 1}", ci)


def _commands_of_line(line: str, folder: str) -> Iterator[tuple[str, str]]:
    if uses := _USES.match(line):
        yield f"uses {uses[1]}", folder
    elif hook := _HOOK.match(line):
        yield f"hook {hook[1]}", folder
    else:
        bare = _RUN_KEY.sub("", line, count=1)
        yield from commands_in(_MAKE_RECIPE.sub("", bare), folder)


def commands_in(script: str, folder: str) -> Iterator[tuple[str, str]]:
    """The commands of one line of shell, each with the folder it runs in, without what only starts them."""
    for part in _SEPARATOR.split(script.translate(_NOISE)):
        command = part.strip()
        if moved := _CD.match(command):
            folder = _moved(folder, moved[1])
            continue
        chdir = _CHDIR.search(command)
        yield unwrapped(command), _moved(folder, chdir[1]) if chdir else folder


def unwrapped(command: str) -> str:
    """A command without the programs that only start it: `uv run python -m pytest -q` is `pytest -q`."""
    for _ in range(12):
        shorter = _HATCH_ENVIRONMENT.sub(
            "", _WRAPPER.sub("", command, count=1) if _WRAPPER.match(command) else command
        )
        if shorter == command:
            break
        command = shorter.strip()
    command = _VARIABLE.sub(lambda found: found[1].lower().replace("_", "-"), command)
    first, _, rest = command.partition(" ")
    first = _PATH_OF_TOOL.sub("", first).partition("@")[0] or first
    return f"{first} {rest.strip()}".strip()


def _moved(folder: str, step: str) -> str:
    parts: list[str] = [] if folder == "." else folder.split("/")
    for part in step.strip("/").split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts) or "."


def _working_directories(lines: list[str]) -> dict[int, str]:
    """For each line of a workflow file the folder that its step or its job names."""
    folders: dict[int, str] = {}
    default, start = ".", 0
    for number, line in enumerate(lines):
        if re.match(r"^  [\w-]+:\s*$", line):
            default, start = ".", number
        elif _STEP.match(line):
            start = number
        if found := _DIRECTORY.match(line):
            folder = _moved(".", found[1])
            if "defaults:" in "".join(lines[max(0, number - 2) : number]):
                default = folder
            else:
                folders.update(dict.fromkeys(range(start, number + 1), folder))
                folders[number] = folder
                default_of_step = folder
                folders.update(_rest_of_step(lines, number, default_of_step))
                continue
        folders.setdefault(number, default)
    return folders


def _rest_of_step(lines: list[str], number: int, folder: str) -> dict[int, str]:
    rest: dict[int, str] = {}
    for later in range(number + 1, min(len(lines), number + 200)):
        if _STEP.match(lines[later]) or re.match(r"^ {0,4}[\w-]+:\s*$", lines[later]):
            break
        rest[later] = folder
    return rest
