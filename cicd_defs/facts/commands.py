"""Commands of ours in the making, and the words of strangers that may stand in them.

A command is put together from fixed words, from names of the repository that look like names, and from nothing else:
a script of the repository is called by its name (`npm run lint`), never copied.
"""

import re
from collections.abc import Iterable

from cicd_defs.facts.stacks import Command, CommandKind
from cicd_defs.facts.survey import Survey

SAFE_NAME = re.compile(r"[A-Za-z0-9_][\w:.-]{0,80}")
SAFE_PATH = re.compile(r"[A-Za-z0-9_][\w.-]{0,80}(/[A-Za-z0-9_.][\w.-]{0,80}){0,12}")


def is_safe_name(name: str) -> bool:
    """Whether a name (of a script, a group, an extra) can stand in a command without quoting."""
    return bool(SAFE_NAME.fullmatch(name))


def is_safe_path(path: str) -> bool:
    """Whether a relative path can stand in a command without quoting."""
    return bool(SAFE_PATH.fullmatch(path))


def command(kind: CommandKind, lines: Iterable[str], evidence: Iterable[str]) -> list[Command]:
    """One command of a kind from the lines of its script; none where there are no lines."""
    script = "\n".join(dict.fromkeys(lines))
    places = tuple(dict.fromkeys(evidence))
    return [Command(kind=kind, run=script, evidence=places)] if script and places else []


def hook_version(survey: Survey, tool: str) -> str:
    """The version of a tool that the pre-commit configuration pins: hook repositories carry their tool's version."""
    text = survey.text(".pre-commit-config.yaml")
    suffix = r"(-pre-commit(-mirror)?|-python|-mirror)?(\.git)?[\"']?\s*$"
    repository = rf"^\s*-?\s*repo:\s*\S*[/-]{re.escape(tool)}{suffix}"
    found = re.search(
        repository + r"(?:\n\s*#.*)*\n\s*rev:\s*[\"']?v?(\d+(?:\.\d+){1,3})\b", text, re.MULTILINE
    )
    return found[4] if found else ""
