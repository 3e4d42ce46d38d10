"""A check that CI calls by another name cannot fail: in the Makefile, `package.json`, `tox.ini` or a shell script.

**Why it matters** `make test` looks like a check in the workflow, and the recipe says `-pytest` or `npm test || true`:
the run is green whatever the tests say.
**How to fix** Take the dash or the `|| true` away where the command is written.
**Example** The recipe `-pytest -q` becomes `pytest -q`; the script `"lint": "eslint . || true"` becomes `"eslint ."`.
"""

import json
import re
from collections.abc import Iterator

from cicd_defs.facts.findings import Confidence, Edit, Family, Fix, Severity
from cicd_defs.facts.script import Command, Fate, Handler, read_script
from cicd_defs.facts.source import Source
from cicd_defs.judge.called import Called, called_by_ci, recipes_called
from cicd_defs.judge.purposes import purpose_of
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found

ABOUT = About(Family.CANNOT_FAIL, Severity.HIGH, Confidence.HIGH, subject="repository")

_MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
_TELLING = frozenset({"true", ":", "echo", "printf"})
_PREPARES = re.compile(r"--install-types|--fix\b|--write\b|pre-commit|-durations|baseline")
_CHECKING_NAME = re.compile(r"(?:test|lint|check|type-?check|types)(?:[:._-][\w:.-]+)?")
_SCRIPTS = re.compile(r'"scripts"\s*:\s*\{')
_ENTRY = re.compile(r'"((?:[^"\\]|\\.)*)"\s*:\s*("(?:[^"\\]|\\.)*")')


def find(repository: Repository) -> Iterator[Found]:
    """Checks of called recipes, scripts and files whose failure is thrown away there."""
    called = called_by_ci(repository)
    yield from _in_makefiles(repository, called)
    yield from _in_packages(repository, called)
    yield from _in_tox(repository, called)
    for path in sorted(called.files):
        source = repository.source(path) if path in repository.paths else None
        if source is not None:
            yield from _in_shell(source, 0, source.text, errexit=_stops(source.text))


def _stops(text: str) -> bool:
    return bool(re.search(r"^\s*set\s+-\w*e|^#!.*\s-\w*e", text, re.MULTILINE))


def _in_folder(folder: str, name: str) -> str:
    return name if folder == "." else f"{folder}/{name}"


def _in_makefiles(repository: Repository, called: Called) -> Iterator[Found]:
    folders = sorted({folder for folder, _ in called.targets})
    for folder in folders:
        path = next(
            (one for name in _MAKEFILES if (one := _in_folder(folder, name)) in repository.paths), None
        )
        source = repository.source(path) if path else None
        if source is None:
            continue
        names = {name for place, name in called.targets if place == folder}
        for start, end in sorted(set(recipes_called(source.text, names))):
            yield from _in_recipe(source, start, end)


def _in_recipe(source: Source, start: int, end: int) -> Iterator[Found]:
    line = source.text[start:end]
    marks = re.match(r"[@+\s]*-[@+\s-]*|[@+\s]*", line)
    length = marks.end() if marks else 0
    if "-" in line[:length]:
        for command in read_script(line[length:].replace("$(", "_(").replace("$$", "__")).commands:
            if _is_check(command):
                dash = start + line.index("-")
                fix = Fix(f"Let `{_name(command)}` fail", (Edit(source.path, dash, dash + 1, ""),))
                said = f"`{_name(command)}` cannot fail here: make passes over the failure behind a `-`"
                yield Found(source, start, end, said, fix)
                return
    yield from _in_shell(source, start + length, line[length:], errexit=True)


def _in_packages(repository: Repository, called: Called) -> Iterator[Found]:
    for folder in sorted({folder for folder, _ in called.scripts}):
        source = repository.source(_in_folder(folder, "package.json"))
        if source is None:
            continue
        names = {name for place, name in called.scripts if place == folder}
        for name, start, text in _scripts_of(source):
            if name in names:
                yield from _in_package_script(source, name, start, text)


def _scripts_of(source: Source) -> Iterator[tuple[str, int, str]]:
    """Each script of a package.json with where its text stands, where it is written without escapes but for quotes."""
    begun = _SCRIPTS.search(source.text)
    stop = source.text.find("}", begun.end()) if begun else -1
    for found in _ENTRY.finditer(source.text, begun.end(), stop) if begun and stop > 0 else ():
        try:
            text = json.loads(found[2])
        except ValueError:
            continue
        plain = found[2][1:-1]
        yield found[1], found.start(2) + 1, text if text == plain else plain.replace('\\"', "''")


def _in_package_script(source: Source, name: str, start: int, text: str) -> Iterator[Found]:
    commands = read_script(text, False).commands
    only_tells = all(one.name in _TELLING or one.words[:2] == ("exit", "0") for one in commands)
    if _CHECKING_NAME.fullmatch(name) and commands and only_tells:
        said = f"the script `{name}` checks nothing: `{text}` always succeeds"
        yield Found(source, start, start + len(text), said)
        return
    yield from _in_shell(source, start, text, errexit=False)


def _in_tox(repository: Repository, called: Called) -> Iterator[Found]:
    for folder in sorted(called.tox):
        source = repository.source(_in_folder(folder, "tox.ini"))
        held = False
        for found in re.finditer(r"^([ \t]*)([^\r\n]*)", source.text, re.MULTILINE) if source else ():
            line = found[2]
            key = re.match(r"(commands(?:_pre|_post)?)\s*=\s*", line) if not found[1] else None
            if key:
                held = key[1] == "commands"
            elif line and not found[1]:
                held = False
            begin = found.start(2) + (key.end() if key else 0)
            rest = line[key.end() :] if key else line
            if source and held and rest.startswith("-"):
                yield from _dashed(source, begin, rest)


def _dashed(source: Source, begin: int, rest: str) -> Iterator[Found]:
    for command in read_script(rest[1:].strip().replace("{", "_").replace("}", "_")).commands:
        if _is_check(command):
            length = len(rest) - len(rest[1:].lstrip())
            fix = Fix(f"Let `{_name(command)}` fail", (Edit(source.path, begin, begin + length, ""),))
            said = f"`{_name(command)}` cannot fail here: tox passes over the failure behind a `-`"
            yield Found(source, begin, begin + len(rest), said, fix)
            return


def _in_shell(source: Source, shift: int, text: str, errexit: bool) -> Iterator[Found]:
    """Checks behind which `|| true`, `|| exit 0` or a message stands."""
    if "||" not in text and ";" not in text:
        return
    for command in read_script(text, errexit).commands:
        handler = command.handler
        if command.fate is Fate.HANDLED and handler and _is_check(command) and _makes_light(text, handler):
            blanks = len(text[: handler.start]) - len(text[: handler.start].rstrip(" \t\\\n"))
            begin, end = shift + handler.start - blanks, shift + handler.end
            written = text[handler.start : handler.end]
            yield Found(
                source,
                shift + command.start,
                end,
                f"`{_name(command)}` cannot fail here: `{written}` hides its exit status",
                Fix(f"Let `{_name(command)}` fail", (Edit(source.path, begin, end, ""),)),
            )


def _makes_light(text: str, handler: Handler) -> bool:
    commands = handler.commands
    if not commands or handler.assigns or ">" in text[handler.start : handler.end].replace(">&", ""):
        return False
    leaves = commands[-1].words in {("exit", "0"), ("return", "0")}
    rest = commands[:-1] if leaves else commands
    return all(one.name in _TELLING for one in rest)


def _is_check(command: Command) -> bool:
    purpose = purpose_of(command)
    return purpose is not None and purpose.is_check and not _PREPARES.search(command.text)


def _name(command: Command) -> str:
    purpose = purpose_of(command)
    return purpose.tool if purpose else command.name
