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
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.script import Command, Fate, Handler, read_script
from cicd_defs.facts.source import Source
from cicd_defs.facts.yaml_nodes import Mapping, Scalar, UnreadableYaml, read_yaml
from cicd_defs.judge.commands.called import Called, below, called_by_ci, makefile_in, recipes_called
from cicd_defs.judge.commands.purposes import purpose_of
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found

ABOUT = About(Family.CANNOT_FAIL, Severity.HIGH, Confidence.HIGH, subject="repository")

_TELLING = frozenset({"true", ":", "echo", "printf"})
_PREPARES = regex(r"--install-types|--fix\b|--write\b|pre-commit|-durations|baseline")
_CHECKING_NAME = regex(r"(?:test|lint|check|type-?check|types)(?:[:._-][\w:.-]+)?")
_STRICT_MAKE = regex(r"^\s*(?:\.SHELLFLAGS|\.ONESHELL|SHELL\s*[:?]?=.*\s-\w*e)", re.MULTILINE)
_GOES_ON = "the shell goes on behind it, and nobody looks at its exit status"
_MAY_LOSE = regex(r"[|;\n]")
_READ_LATER = regex(r"\$\$?\?|PIPESTATUS|\$\{\?")
_TO_A_LOG = regex(
    r"[^|;&\n]*(?:2>&1\s*)?\|&?\s*(?:tee|cat|head|tail|ts|nl|column|xcpretty|xcbeautify|tparse)\b[^|\n]*$",
    re.MULTILINE,
)
_INTO_A_FILE = regex(r"(?:&|1)?>>?\s*[\"']?(?!/dev/)([^&\s\"']+)[\"']?")
_ASKS = regex(r"(?:\[+ |\btest )[^\n;&|]*-[sz] [^\n;&|]*|\b[ef]?grep\b[^\n;&|]*|\b(?:cmp|diff)\b[^\n;&|]*")
_RECIPE = regex(r"(?:\t[^\n]*(?:\n|$))*")
_SCRIPTS = regex(r'"scripts"\s*:\s*\{')
_COMPOSER_ENTRY = regex(r'"([\w:.-]+)"\s*:\s*("(?:[^"\\]|\\.)*"|\[[^\]]*\])')
_TEXT = regex(r'"((?:[^"\\]|\\.)*)"')
_JUSTFILES = ("justfile", "Justfile", ".justfile")
_TASKFILES = ("Taskfile.yml", "Taskfile.yaml", "taskfile.yml", "taskfile.yaml")
_ENTRY = regex(r'"((?:[^"\\]|\\.)*)"\s*:\s*("(?:[^"\\]|\\.)*")')


def find(repository: Repository) -> Iterator[Found]:
    """Checks of called recipes, scripts and files whose failure is thrown away there."""
    called = called_by_ci(repository)
    yield from _in_makefiles(repository, called)
    yield from _in_packages(repository, called)
    yield from _in_composer(repository, called)
    yield from _in_justfiles(repository, called)
    yield from _in_taskfiles(repository, called)
    yield from _in_tox(repository, called)
    for path in sorted(called.files):
        source = repository.source(path) if path in repository.paths else None
        if source is not None:
            stops = _stops(source.text) or path in called.stopping
            yield from _in_shell(source, 0, source.text, errexit=stops)


def _stops(text: str) -> bool:
    return bool(re.search(r"^\s*set\s+(?:-\w+ )*(?:-\w*e|-o errexit)|^#!.*\s-\w*e", text, re.MULTILINE))


def _in_makefiles(repository: Repository, called: Called) -> Iterator[Found]:
    folders = sorted({folder for folder, _ in called.targets})
    for folder in folders:
        path = makefile_in(repository, folder)
        source = repository.source(path) if path else None
        if source is None:
            continue
        names = {name for place, name in called.targets if place == folder}
        for start, end in sorted(set(recipes_called(source.text, names))):
            yield from _in_recipe(source, start, end, errexit=bool(_STRICT_MAKE.search(source.text)))


def _in_recipe(source: Source, start: int, end: int, errexit: bool) -> Iterator[Found]:
    line = source.text[start:end]
    marks = re.match(r"[@+\s]*-[@+\s-]*|[@+\s]*", line)
    length = marks.end() if marks else 0
    if "-" in line[:length]:
        for command in read_script(_as_shell(line[length:])).commands:
            if _is_check(command):
                dash = start + line.index("-")
                fix = Fix(f"Let `{_name(command)}` fail", (Edit(source.path, dash, dash + 1, ""),))
                said = f"`{_name(command)}` cannot fail here: make passes over the failure behind a `-`"
                yield Found(source, start, end, said, fix)
                return
    yield from _in_shell(
        source, start + length, _as_shell(line[length:]), errexit, _rest_of_recipe(source, end)
    )


def _rest_of_recipe(source: Source, at: int) -> str:
    """The lines of a recipe below one of them, as a shell reads them."""
    found = _RECIPE.match(source.text, source.next_line(at))
    return _as_shell(found[0]) if found else ""


def _as_shell(recipe: str) -> str:
    """A recipe with make's variables as those of a shell, each as long as it was: `$(PYTEST) -q`."""
    return re.sub(r"\$[({](\w+)[)}]", lambda found: f"${found[1]}  ", recipe)


def _in_packages(repository: Repository, called: Called) -> Iterator[Found]:
    for folder in sorted({folder for folder, _ in called.scripts}):
        source = repository.source(below(folder, "package.json"))
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


def _in_composer(repository: Repository, called: Called) -> Iterator[Found]:
    for folder in sorted({folder for folder, _ in called.composer}):
        source = repository.source(below(folder, "composer.json"))
        begun = _SCRIPTS.search(source.text) if source else None
        if source is None or begun is None:
            continue
        names = {name for place, name in called.composer if place == folder}
        for entry in _COMPOSER_ENTRY.finditer(source.text, begun.end()):
            for text in _TEXT.finditer(entry[2]) if entry[1] in names else ():
                start = entry.start(2) + text.start(1)
                yield from _in_shell(source, start, text[1], errexit=False)


def _in_justfiles(repository: Repository, called: Called) -> Iterator[Found]:
    for folder in sorted({folder for tool, folder, _ in called.tasks if tool == "just"}):
        names = {name for tool, place, name in called.tasks if tool == "just" and place == folder}
        path = next((one for name in _JUSTFILES if (one := below(folder, name)) in repository.paths), None)
        source = repository.source(path) if path else None
        held = False
        for line in re.finditer(r"^([ \t]*)([^\r\n]+)", source.text, re.MULTILINE) if source else ():
            if not line[1]:
                recipe = re.match(r"@?([\w-]+)[^:=]*:(?!=)", line[2])
                held = recipe is not None and recipe[1] in names
            elif held and source:
                yield from _in_recipe(source, line.start(2), line.end(2), errexit=False)


def _in_taskfiles(repository: Repository, called: Called) -> Iterator[Found]:
    for folder in sorted({folder for tool, folder, _ in called.tasks if tool == "task"}):
        names = {name for tool, place, name in called.tasks if tool == "task" and place == folder}
        path = next((one for name in _TASKFILES if (one := below(folder, name)) in repository.paths), None)
        source = repository.source(path) if path else None
        try:
            root = read_yaml(source) if source else None
        except UnreadableYaml:
            continue
        tasks = root.mapping("tasks") if isinstance(root, Mapping) else None
        for name, task in tasks.pairs if source and tasks else ():
            if source and name.text in names and isinstance(task, Mapping):
                yield from _in_task(source, task)


def _in_task(source: Source, task: Mapping) -> Iterator[Found]:
    """A task's commands, of which each or all may go on at an error."""
    listed = task.sequence("cmds")
    items = listed.items if listed else [task.get("cmd")]
    for item in items:
        command = item.scalar("cmd") if isinstance(item, Mapping) else item
        if not isinstance(command, Scalar):
            continue
        checks = [one for one in read_script(command.text).commands if _is_check(one)]
        for node in (item, task) if checks else ():
            ignored = node.key("ignore_error") if isinstance(node, Mapping) else None
            value = node.scalar("ignore_error") if isinstance(node, Mapping) else None
            if ignored is not None and value is not None and value.text == "true":
                said = f"`{_name(checks[0])}` cannot fail here: `ignore_error` keeps the task green"
                yield Found(source, ignored.start, value.end, said)
        if source.text[command.start : command.end] == command.text:
            yield from _in_shell(source, command.start, command.text, errexit=True)


def _in_tox(repository: Repository, called: Called) -> Iterator[Found]:
    for folder in sorted(called.tox):
        source = repository.source(below(folder, "tox.ini"))
        held = runs = False
        for found in re.finditer(r"^([ \t]*)([^\r\n]*)", source.text, re.MULTILINE) if source else ():
            line = found[2]
            if source and (section := re.match(r"\[testenv(?::([^\]]+))?\]", line)):
                runs = section[1] is None or _is_run(section[1], called.environments, source.text)
            if source and runs and re.match(r"ignore_outcome\s*=\s*(?i:true|1|yes)\s*$", line):
                said = "the environment cannot fail: `ignore_outcome` keeps tox green whatever it says"
                yield Found(source, found.start(2), found.end(2), said)
            key = re.match(r"(commands(?:_pre|_post)?)\s*=\s*", line) if not found[1] else None
            if key:
                held = key[1] == "commands"
            elif line and not found[1]:
                held = False
            begin = found.start(2) + (key.end() if key else 0)
            rest = line[key.end() :] if key else line
            if source and held and runs and rest.startswith("-"):
                yield from _dashed(source, begin, rest)


def _is_run(section: str, environments: set[str], text: str) -> bool:
    """Whether tox runs an environment: it is named where tox is called, or tox runs all of its list."""
    if any("$" in name or "{" in name for name in environments) or "{" in section:
        return True
    listed = re.search(r"^env_?list\s*=((?:.*\n?)(?:[ \t]+.*\n?)*)", text, re.MULTILINE)
    by_default = "" in environments and listed is not None and section in re.split(r"[\s,]+", listed[1])
    return section in environments or by_default


def _dashed(source: Source, begin: int, rest: str) -> Iterator[Found]:
    for command in read_script(rest[1:].strip().replace("{", "_").replace("}", "_")).commands:
        if _is_check(command):
            length = len(rest) - len(rest[1:].lstrip())
            fix = Fix(f"Let `{_name(command)}` fail", (Edit(source.path, begin, begin + length, ""),))
            said = f"`{_name(command)}` cannot fail here: tox passes over the failure behind a `-`"
            yield Found(source, begin, begin + len(rest), said, fix)
            return


def _in_shell(source: Source, shift: int, text: str, errexit: bool, below: str = "") -> Iterator[Found]:
    """Checks behind which `|| true`, `|| exit 0` or a message stands, or of which nobody looks at the status.

    `below` is what runs behind the text, where that is not the whole script.
    """
    if not _MAY_LOSE.search(text):
        return
    for command in read_script(text, errexit).commands:
        handler = command.handler
        if _output_is_judged(command, text[command.end :] + "\n" + below):
            continue
        if handler is None and _is_lost(text, command):
            yield Found(
                source,
                shift + command.start,
                shift + command.end,
                f"`{_name(command)}` cannot fail here: "
                + ("the pipe hides its exit status" if command.fate is Fate.PIPED else _GOES_ON),
            )
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


def _output_is_judged(command: Command, rest: str) -> bool:
    """Whether the script asks later what the command has written into a file: `[ -s log ]`, `grep -q x log`."""
    files = (found[1] for one in command.redirects if (found := _INTO_A_FILE.fullmatch(one)))
    asked = _ASKS.findall(rest)
    return any(
        re.search(rf"(?<![\w./-]){re.escape(name)}(?![\w./-])", one) for name in files for one in asked
    )


def _is_lost(text: str, command: Command) -> bool:
    """Whether a check's status goes nowhere: the script goes on behind it, or its output goes into a pipe."""
    rest = text[command.end :]
    if command.depth or command.function or _READ_LATER.search(rest) or not _is_check(command):
        return False
    if command.fate is Fate.PIPED:
        return bool(_TO_A_LOG.match(rest)) and "pipefail" not in text
    return command.fate is Fate.UNCHECKED


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
