"""One line of shell as the commands in it, each without what only starts it.

`uv run python -m pytest -q` and `$(PYTHON) -m pytest -q` are both `pytest -q`: one pattern recognises a tool however it
is called. This reads for evidence and runs nothing; a line that no shell would accept is read, too.
"""

import re
from collections.abc import Iterator
from functools import cache

from cicd_defs.facts.beginnings import beginnings
from cicd_defs.facts.patterns import regex

MOST_WRAPPERS = 12

_NOISE = str.maketrans(dict.fromkeys("\"'`,[]{}()", " "))
_SEPARATOR = regex(r"&&|\|\||;|\||\\n")
_CD = regex(r"^(?:cd|pushd)\s+([\w./-]+)$")
_CHDIR = regex(r"\s(?:--directory|--project|--prefix|--cwd|--dir|-C)[= ]([\w./-]+)")
_PATH_OF_TOOL = regex(r"^\S*[/\\](?=[\w.-])")
_REFERENCE = regex(r"\$[({](\w+)[)}]")
_VARIABLE = regex(r"^\$+([A-Z][A-Z0-9_]+)\b")

_OPTIONS_WITH_VALUE = (
    r"group|with|with-requirements|extra|project|directory|package|only-group|no-group|python|env-file|from|filter|dir"
    r"|prefix|env|spec|index|resolution|toolchain|cwd|workspace|manifest-path|environment|config-settings"
)
_VALUED = rf"(?:--(?:{_OPTIONS_WITH_VALUE})|-[peFwEC])(?:=|\s+)\S+"
# Atomic and possessive: a line of a thousand options must not be read in a thousand ways.
_OPTIONS = rf"(?>(?:{_VALUED}|--?[\w][\w.-]*(?:=\S*)?)\s+)*+(?:--\s+)?"
_STARTERS = (
    r"sudo|time|exec|env|command|then|else|do|if|nice|xvfb-run|cross-env|cross-env-shell|dotenv|retry|c8|nyc|call"
    r"|coverage3?\s+run|dbus-run-session|sh|bash|zsh|run-s|run-p|npm-run-all|concurrently|setarch|flock|timeout\s+\S+"
    r"|nvm\s+exec|watchexec|entr"
)
_RUNNERS = r"poetry|pdm|pipenv|pixi|rye|conda|mamba|micromamba|uv|pipx|uv\s+tool|devenv|mise"
_CALLS = r"run|run_always|Run\w*|run_install|call|check_call|check_output|system|Output|Exec"
_WRAPPERS = (
    r"\w+=\S*\s+",
    r"[@!+<&-]+\s*",
    r"sudo\s+(?:-[EHSbikn]+\s+)++",
    rf"(?:{_STARTERS})\s+{_OPTIONS}",
    rf"(?:\w+\.)?(?:session|s|ctx|c|subprocess|sh|os|virtualenv|shell)\.(?:{_CALLS})\s+",
    rf"(?:{_RUNNERS})\s+{_OPTIONS}(?:run|x|exec)\s+{_OPTIONS}",
    rf"hatch\s+{_OPTIONS}run\s+(?:[\w.-]+:(?=\w))?",
    rf"uvx\s+{_OPTIONS}",
    r"\S*(?:python|PYTHON|Python|pypy|\bpy)[\d.]*(?:\s*-\d\S*)?\s+(?:-[A-LN-Za-ln-z]\S*\s+)*-m\s+",
    rf"(?:npx|bunx|pnpx|bun\s+x|(?:npm|pnpm|yarn|bun)\s+{_OPTIONS}(?:exec|dlx|x|run(?=\s+-)))\s+{_OPTIONS}",
    r"(?:pnpm|yarn|bun)\s+(?:--?[\w-]+(?:=\S+)?\s+)*(?:run\s+)?(?=[\w@])(?!test\b|run\b|install\b|add\b|i\b|ci\b)",
    r"node\s+(?:--[\w-]+(?:=\S+)?\s+)*(?=\S*node_modules/)",
    r"node\s+bin/\w+_\w+\.js\s+",
    r"go\s+tool\s+|go\s+run\s+(?:-\S+\s+)*(?=\S+[@/])",
    r"docker\s+run\s+.*\s(?=(?:golangci-lint|pytest|ruff|mypy)\s)",
)
_BY_BEGINNING = tuple((beginnings(wrapper), regex(wrapper)) for wrapper in _WRAPPERS)
"""What starts a command. Each is compiled when a command is met that may begin with it."""


def commands_in(script: str, folder: str) -> Iterator[tuple[str, str]]:
    """The commands of one line of shell, each with the folder it runs in."""
    for part in _SEPARATOR.split(_REFERENCE.sub(r"$\1", script).translate(_NOISE)):
        command = part.strip()
        if moved := _CD.match(command):
            folder = moved_to(folder, moved[1])
            continue
        chdir = _CHDIR.search(command)
        yield unwrapped(command), moved_to(folder, chdir[1]) if chdir else folder


def unwrapped(command: str) -> str:
    """A command without the programs that only start it."""
    for _ in range(MOST_WRAPPERS):
        end = _end_of_wrapper(command)
        if not end:
            break
        command = command[end:].strip()
    command = _VARIABLE.sub(lambda found: found[1].lower().replace("_", "-"), command)
    first, _, rest = command.partition(" ")
    first = _PATH_OF_TOOL.sub("", first)
    return f"{first.partition('@')[0] or first} {rest.strip()}".strip()


@cache
def _by_letter(letter: str) -> tuple[tuple[tuple[str, ...], re.Pattern[str]], ...]:
    """What may start a command that begins with a letter."""
    return tuple(
        (begun, wrapper)
        for begun, wrapper in _BY_BEGINNING
        if not letter or any(text[:1] in {"", letter} for text in begun)
    )


def _end_of_wrapper(command: str) -> int:
    """Where the program ends that only starts what follows; 0 where there is none."""
    for begun, wrapper in _by_letter(command[:1]):
        if command.startswith(begun) and (found := wrapper.match(command)):
            return found.end()
    return 0


def moved_to(folder: str, step: str) -> str:
    """Where `cd step` leads from a folder; never above the root."""
    parts: list[str] = [] if folder == "." else folder.split("/")
    for part in step.strip("/").split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts) or "."
