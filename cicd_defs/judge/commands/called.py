"""What CI calls that is written elsewhere: Makefiles, scripts of package.json, commands of tox, shell scripts."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from cicd_defs.facts.patterns import regex
from cicd_defs.facts.shell import moved_to
from cicd_defs.judge.repository import Repository

_MAKE = regex(r"(?:^|[\s;&|(])(?:g?make)((?:\s+[^\s;&|)]+)*)")
_SCRIPT = regex(
    r"(?:^|[\s;&|(])(?:npm|pnpm|yarn|bun)\s+(?:--?\S+\s+)*(?:run\s+|run-script\s+)?(?:--?\S+\s+)*([\w:.-]+)"
)
_RUN_ALL = regex(r"(?:^|[\s;&|(])(?:npm-run-all2?|run-s|run-p)((?:\s+[^\s;&|)]+)+)")
_COMPOSER = regex(r"(?:^|[\s;&|(])composer\s+(?:--?\S+\s+)*(?:run(?:-script)?\s+|@)?([\w:.-]+)")
_TASKS = regex(r"(?:^|[\s;&|(])(just|task)((?:\s+[^\s;&|)]+)+)")
_IN_FOLDER = regex(r"\b(?:npm|pnpm|yarn|bun)\b.{0,1000}\s(?:--prefix|--cwd|--dir|-C)[ =]([\w./-]+)")
_ENVIRONMENTS = regex(r"\btox\b[^;&|]*?\s(?:-e|--env)[ =]?([^\s;&|-]\S*)")
_MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
DEEPEST = 4
"""So often what is called is looked at for what it calls in turn."""
_TOX = regex(r"(?:^|[\s;&|(])(?:[^\s;&|(]*/)?tox\b")
_FILE = regex(r"(?:^|[\s;&|(\"'])(?:\./)?((?:[\w.-]+/)*[\w.-]+\.(?:sh|bash))\b")


_STOPPING = regex(
    r"(?:\bsource|(?:^|[\s;&|])\.|\b(?:ba|da|z|k)?sh(?:\s+-\S+)*?\s+-\w*e\w*(?:\s+(?:-\S+|pipefail))*)\s$"
)


@dataclass
class Called:
    """Names that workflows call, each with the folder that it is called in.

    `tasks` begin with the program: `just` or `task`. `environments` are those of tox, empty text where it runs all.
    `stopping` are the files that a shell runs which stops at a failure: `bash -e run.sh`, `. run.sh`.
    """

    targets: set[tuple[str, str]] = field(default_factory=set)
    scripts: set[tuple[str, str]] = field(default_factory=set)
    tox: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    composer: set[tuple[str, str]] = field(default_factory=set)
    tasks: set[tuple[str, str, str]] = field(default_factory=set)
    environments: set[str] = field(default_factory=set)
    stopping: set[str] = field(default_factory=set)

    @property
    def size(self) -> int:
        """How many names there are."""
        return len(self.targets) + len(self.scripts) + len(self.files) + len(self.composer) + len(self.tasks)


def called_by_ci(repository: Repository) -> Called:
    """What the steps of all workflows call, and what that calls in turn."""
    called = Called()
    for workflow in repository.workflows:
        for step in workflow.steps:
            if step.run is not None:
                for command in step.commands:
                    _keep(called, command.text, step.directory)
    seen: set[tuple[str, str]] = set()
    for _ in range(DEEPEST):
        before = called.size
        for name, folder, text in list(_texts(repository, called)):
            if (folder, name) not in seen:
                seen.add((folder, name))
                _keep(called, text, folder)
        if called.size == before:
            break
    return called


def makefile_in(repository: Repository, folder: str) -> str | None:
    """The path of a folder's Makefile."""
    return next((path for name in _MAKEFILES if (path := below(folder, name)) in repository.paths), None)


def below(folder: str, name: str) -> str:
    """A file's path in a folder."""
    return name if folder == "." else f"{folder}/{name}"


def _texts(repository: Repository, called: Called) -> Iterator[tuple[str, str, str]]:
    """What is called so far as text, each with a name and the folder that it runs in."""
    for folder in {folder for folder, _ in called.targets}:
        path = makefile_in(repository, folder)
        source = repository.source(path) if path else None
        if source is None:
            continue
        names = {name for place, name in called.targets if place == folder}
        for start, end in recipes_called(source.text, names):
            text = source.text[start:end].lstrip("@-+ \t")
            yield f"{path}:{start}", folder, re.sub(r"\$[({]MAKE[)}]", "make", text)
    for folder, name in called.scripts:
        script = _scripts_in(repository, below(folder, "package.json")).get(name)
        if script is not None:
            yield f"npm {name}", folder, script
    for path in called.files:
        source = repository.source(path) if path in repository.paths else None
        if source is not None:
            yield path, ".", source.text


def _scripts_in(repository: Repository, path: str) -> dict[str, str]:
    try:
        held = json.loads((repository.tree.text(path) if path in repository.paths else None) or "{}")
    except ValueError:
        return {}
    scripts = held.get("scripts") if isinstance(held, dict) else None
    pairs = scripts.items() if isinstance(scripts, dict) else ()
    return {name: text for name, text in pairs if isinstance(text, str)}


def _keep(called: Called, text: str, folder: str) -> None:
    for found in _MAKE.finditer(text):
        words = found[1].split()
        here = folder
        for at, word in enumerate(words):
            if word == "-C" and at + 1 < len(words):
                here = moved_to(folder, words[at + 1])
        names = [word for at, word in enumerate(words) if not word.startswith("-") and "=" not in word]
        called.targets.update((here, name) for name in names or [""])
    inside = _IN_FOLDER.search(text)
    there = moved_to(folder, inside[1]) if inside else folder
    called.scripts.update(
        (there, "test" if found[1] in {"t", "tst"} else found[1]) for found in _SCRIPT.finditer(text)
    )
    for found in _RUN_ALL.finditer(text):
        called.scripts.update((folder, word) for word in found[1].split() if word[0] != "-")
    called.composer.update((folder, found[1]) for found in _COMPOSER.finditer(text))
    for found in _TASKS.finditer(text):
        called.tasks.update((found[1], folder, word) for word in found[2].split() if word[0] != "-")
    if _TOX.search(text):
        called.tox.add(folder)
        chosen = _ENVIRONMENTS.search(text)
        called.environments.update(chosen[1].split(",") if chosen else [""])
    for found in _FILE.finditer(text):
        path = moved_to(folder, found[1])
        called.files.add(path)
        if _STOPPING.search(text[: found.start() + 1]):
            called.stopping.add(path)


def recipes_called(text: str, names: set[str]) -> Iterator[tuple[int, int]]:
    """Where the recipe lines of called targets stand in a Makefile, those that they depend on among them."""
    rules = _rules(text)
    first = next((name for name in rules if not name.startswith(".")), "")
    waiting = [name or first for name in names]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in seen or name not in rules:
            continue
        seen.add(name)
        needed, lines = rules[name]
        waiting += needed
        yield from lines


@lru_cache(maxsize=64)
def _rules(text: str) -> dict[str, tuple[list[str], list[tuple[int, int]]]]:
    """Each target with what it depends on, and where the lines of its recipe are, without the tab."""
    rules: dict[str, tuple[list[str], list[tuple[int, int]]]] = {}
    current: list[str] = []
    at = 0
    goes_on = False
    for line in text.splitlines(keepends=True):
        bare = line.rstrip("\r\n")
        begin, at = at, at + len(line)
        if bare.startswith("\t"):
            for name in current:
                held = rules[name][1]
                if goes_on and held:
                    held[-1] = (held[-1][0], begin + len(bare))
                else:
                    held.append((begin + 1, begin + len(bare)))
            goes_on = bare.endswith("\\")
            continue
        goes_on = False
        found = re.match(r"([\w./%: -]+?)\s*::?(?!=)\s*([^=#;]*)(?:#.*)?$", bare)
        if found:
            current = [name for name in found[1].split() if name != ".PHONY"]
            for name in current:
                needed, _ = rules.setdefault(name, ([], []))
                needed += found[2].split()
        elif bare.strip() and not bare.startswith("#"):
            current = []
    return rules
