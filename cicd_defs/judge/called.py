"""What CI calls that is written elsewhere: Makefiles, scripts of package.json, commands of tox, shell scripts."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from cicd_defs.facts.shell import moved_to
from cicd_defs.judge.repository import Repository

_MAKE = re.compile(r"(?:^|[\s;&|(])(?:g?make)((?:\s+[^\s;&|)]+)*)")
_SCRIPT = re.compile(
    r"(?:^|[\s;&|(])(?:npm|pnpm|yarn|bun)\s+(?:--?\S+\s+)*(?:run\s+|run-script\s+)?(?:--?\S+\s+)*([\w:.-]+)"
)
_TOX = re.compile(r"(?:^|[\s;&|(])(?:[^\s;&|(]*/)?tox\b")
_FILE = re.compile(r"(?:^|[\s;&|(\"'])(?:\./)?((?:[\w.-]+/)*[\w.-]+\.(?:sh|bash))\b")


@dataclass
class Called:
    """Names that workflows call, each with the folder that it is called in."""

    targets: set[tuple[str, str]] = field(default_factory=set)
    scripts: set[tuple[str, str]] = field(default_factory=set)
    tox: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)


def called_by_ci(repository: Repository) -> Called:
    """What the steps of all workflows call."""
    called = Called()
    for workflow in repository.workflows:
        for step in workflow.steps:
            if step.run is not None:
                for command in step.commands:
                    _keep(called, command.text, step.directory)
    return called


def _keep(called: Called, text: str, folder: str) -> None:
    for found in _MAKE.finditer(text):
        words = found[1].split()
        here = folder
        for at, word in enumerate(words):
            if word == "-C" and at + 1 < len(words):
                here = moved_to(folder, words[at + 1])
        names = [word for at, word in enumerate(words) if not word.startswith("-") and "=" not in word]
        called.targets.update((here, name) for name in names or [""])
    called.scripts.update(
        (folder, "test" if found[1] in {"t", "tst"} else found[1]) for found in _SCRIPT.finditer(text)
    )
    if _TOX.search(text):
        called.tox.add(folder)
    called.files.update(moved_to(folder, found[1]) for found in _FILE.finditer(text))


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
