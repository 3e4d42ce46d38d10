"""The scripts of the repository that a step calls, as text: files, targets of a Makefile, scripts of package.json."""

import json
from collections.abc import Callable, Iterator

from cicd_defs.facts.patterns import regex
from cicd_defs.facts.shell import moved_to
from cicd_defs.facts.workflow import WrittenStep
from cicd_defs.judge.commands.called import recipes_called

Read = Callable[[str], str | None]
"""Gives the text of a file of the repository by its path; None where it is not there."""

DEEPEST = 3
LONGEST = 100_000
"""Characters: what is longer is a program rather than a script of a few commands."""

_FILE = regex(
    r"(?<![\w$./}-])(?:\./)?((?:\.{0,2}[\w-][\w.-]*/)+[\w.-]+|[\w.-]+\.(?:sh|bash|py|js|mjs|cjs|ts))(?![\w/])"
)
_MAKE = regex(r"(?:^|[\s;&|(])g?make((?:[ \t]+[^\s;&|)]+)*)")
_PACKAGE = regex(
    r"(?:^|[\s;&|(])(?:npm|pnpm|yarn|bun)[ \t]+(?:--?\S+[ \t]+)*(?:run(?:-script)?[ \t]+)?([\w:.-]+)"
)
_OWN_STEPS = {"install", "ci", "add", "i", "cache", "config"}


def texts_called(step: WrittenStep, read: Read) -> tuple[str, ...]:
    """What a step runs: its own script, and what that calls, as far as it is in the repository."""
    if _CALLED not in step.notes:
        step.notes[_CALLED] = tuple(_texts_called(step, read))
    texts: tuple[str, ...] = step.notes[_CALLED]
    return texts


def _texts_called(step: WrittenStep, read: Read) -> Iterator[str]:
    if step.run is None:
        return
    yield step.run.text
    waiting = [(step.run.text, 0)]
    seen: set[str] = set()
    while waiting:
        text, depth = waiting.pop()
        for name, below in _below(text, step.directory, read) if depth < DEEPEST else ():
            if name not in seen:
                seen.add(name)
                yield below
                waiting.append((below, depth + 1))


_CALLED = "texts of what it calls"
_RUN = regex(r"(?:.*/)?(?:[\w-]+|[\w.-]+\.(?:sh|bash|py|js|mjs|cjs|ts|rb|pl))")


def _below(text: str, folder: str, read: Read) -> Iterator[tuple[str, str]]:
    """What one script calls, each with a name of its own."""
    for found in _FILE.finditer(text):
        if not _RUN.fullmatch(found[1]):
            continue
        for path in dict.fromkeys((moved_to(folder, found[1]), moved_to(".", found[1]))):
            held = _held(read, path)
            if held is not None:
                yield path, held
                break
    for found in _MAKE.finditer(text):
        names = {word for word in found[1].split() if not word.startswith("-") and "=" not in word} or {""}
        makefile = _held(read, moved_to(folder, "Makefile"))
        for start, end in recipes_called(makefile, names) if makefile else ():
            yield f"{folder}:{start}", makefile[start:end] if makefile else ""
    packaged = list(_PACKAGE.finditer(text))
    scripts = _scripts(_held(read, moved_to(folder, "package.json"))) if packaged else {}
    for found in packaged:
        if found[1] in scripts and found[1] not in _OWN_STEPS:
            yield f"{folder}:{found[1]}", scripts[found[1]]


def _held(read: Read, path: str) -> str | None:
    text = read(path)
    return None if text is None or len(text) > LONGEST else text


def _scripts(text: str | None) -> dict[str, str]:
    try:
        held = json.loads(text or "{}")
    except ValueError:
        return {}
    scripts = held.get("scripts") if isinstance(held, dict) else None
    return (
        {name: one for name, one in scripts.items() if isinstance(one, str)}
        if isinstance(scripts, dict)
        else {}
    )
