"""The checks that a step calls by another name: `make lint`, `npm run lint`, `tox -e lint`, where that can be read.

Only checks count that read the files alone: of a test, what is around it says as much as its words do.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace

from cicd_defs.facts.patterns import regex
from cicd_defs.facts.script import Command, Fate, read_script
from cicd_defs.facts.shell import moved_to
from cicd_defs.judge.commands.called import below, makefile_in, recipes_called
from cicd_defs.judge.commands.purposes import purpose_of
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.workflows.repeated import Check, reads_files_alone, spelled

DEEPEST = 3
"""So many names may stand between a step and the program."""

_NODE = frozenset({"npm", "pnpm", "yarn", "bun"})
_OF_TOX = regex(r"^\[testenv:([^\]]+)\]\s*$(.*?)(?=^\[|\Z)", re.MULTILINE | re.DOTALL)
_COMMANDS = regex(r"^commands\s*=((?:.*\n?)(?:[ \t]+.*\n?|\s*\n)*)", re.MULTILINE)


def checks_behind(check: Check, repository: Repository) -> Iterator[Check]:
    """What a check that is called by a name runs, each at the place of the call and without a command of its own."""
    if check.command is None or not repository.whole:
        return
    seen = {(check.text, check.folder)}
    for command, folder in _called(check.command, check.folder, repository, 0):
        purpose = purpose_of(command)
        text = spelled(command.plain)
        if purpose is None or not reads_files_alone(purpose.kind, text) or (text, folder) in seen:
            continue
        seen.add((text, folder))
        yield replace(
            check,
            kind=purpose.kind,
            text=text,
            folder=folder,
            anywhere=True,
            command=None,
            through=check.text,
        )


def _called(
    command: Command, folder: str, repository: Repository, depth: int
) -> Iterator[tuple[Command, str]]:
    for text, inner in _texts(command, folder, repository) if depth < DEEPEST else ():
        here = inner
        for one in read_script(text).commands:
            if one.name == "cd" and len(one.words) > 1:
                here = moved_to(here, one.words[1])
            elif one.fate in {Fate.REACHES, Fate.LEFT_OF_AND, Fate.UNCHECKED}:
                yield one, here
                yield from _called(one, here, repository, depth + 1)


def _texts(command: Command, folder: str, repository: Repository) -> Iterator[tuple[str, str]]:
    """The scripts that a command calls by their names, each with the folder that it runs in."""
    words = command.plain.split()
    program = words[0] if words else ""
    if program in {"make", "gmake"}:
        yield from _of_make(words[1:], folder, repository)
    elif program in _NODE:
        named = [word for word in words[1:] if word not in {"run", "run-script"}]
        held = _scripts(repository, below(folder, "package.json")) if len(named) == 1 else {}
        if named and named[0] in held:
            yield held[named[0]], folder
    elif program == "tox" and (chosen := re.search(r"-e[ =]?([\w,.-]+)", command.plain)):
        text = _text(repository, below(folder, "tox.ini"))
        names = set(chosen[1].split(","))
        for section in _OF_TOX.finditer(text):
            found = _COMMANDS.search(section[2]) if section[1] in names else None
            if found:
                yield found[1].replace("{posargs}", ""), folder


def _of_make(words: list[str], folder: str, repository: Repository) -> Iterator[tuple[str, str]]:
    names: set[str] = set()
    for at, word in enumerate(words):
        if at and words[at - 1] == "-C":
            folder = moved_to(folder, word)
        elif "=" in word:
            return  # a variable may make another recipe of it
        elif not word.startswith("-"):
            names.add(word)
    path = makefile_in(repository, folder)
    text = _text(repository, path) if path else ""
    for start, end in recipes_called(text, names or {""}):
        line = re.sub(r"\$[({]MAKE[)}]", "make", text[start:end].lstrip("@-+ \t"))
        if "$(" not in line and "${" not in line:
            yield line, folder


def _scripts(repository: Repository, path: str) -> dict[str, str]:
    try:
        held = json.loads(_text(repository, path) or "{}")
    except ValueError:
        return {}
    scripts = held.get("scripts") if isinstance(held, dict) else None
    pairs = scripts.items() if isinstance(scripts, dict) else ()
    return {name: text for name, text in pairs if isinstance(text, str)}


def _text(repository: Repository, path: str) -> str:
    source = repository.source(path) if path in repository.paths else None
    return source.text if source else ""
