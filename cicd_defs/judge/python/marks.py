"""Marks that pytest is told of: which one says that a test needs the network, and how it is declared."""

import re
from dataclasses import dataclass

from cicd_defs.facts.findings import Edit
from cicd_defs.facts.source import Source
from cicd_defs.judge.repository import Repository

MARK = "network"
_DECLARED = re.compile(
    r"""(?m)(?:^[ \t]*["']?|\[[ \t]*["']|,[ \t]*["'])(network|online|internet|external|live|remote_data)"""
    r"""["']?(?:\s*:|[ \t]*$|["'][\],])"""
)
_SAYS = "network: reaches other machines"
_HEADS = (
    ("pytest.ini", re.compile(r"(?m)^\[pytest\][^\n]*\n")),
    ("pyproject.toml", re.compile(r"(?m)^\[tool\.pytest\.ini_options\][^\n]*\n|^\[tool\.pytest\][^\n]*\n")),
    ("tox.ini", re.compile(r"(?m)^\[pytest\][^\n]*\n")),
    ("setup.cfg", re.compile(r"(?m)^\[tool:pytest\][^\n]*\n")),
)
_TOML_MARKS = re.compile(r"(?m)^markers[ \t]*=[ \t]*\[")
_INI_MARKS = re.compile(r"(?m)^markers[ \t]*=[ \t]*(?P<rest>[^\n]*)\n(?P<indent>[ \t]*)")


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark, and the edits by which pytest is told of it; none where it knows."""

    name: str
    edits: tuple[Edit, ...] = ()


def declared_mark(repository: Repository, path: str) -> Mark | None:
    """The mark for the network in the configuration that holds for a test file; None where it cannot be declared."""
    folder = path.rpartition("/")[0]
    while True:
        for name, head in _HEADS:
            source = repository.source(f"{folder}/{name}" if folder else name)
            found = head.search(source.text) if source else None
            if source and found:
                return _mark(source, found)
        if not folder:
            break
        folder = folder.rpartition("/")[0]
    source = repository.source("pyproject.toml")
    if source is None:
        return None
    newline, end = source.newline, len(source.text)
    gap = newline if source.text.endswith(("\n", "\r")) else newline * 2
    text = f'{gap}[tool.pytest.ini_options]{newline}markers = ["{_SAYS}"]{newline}'
    return Mark(MARK, (Edit(source.path, end, end, text),))


def _mark(source: Source, head: re.Match[str]) -> Mark | None:
    following = re.compile(r"(?m)^\[").search(source.text, head.end())
    end = following.start() if following else len(source.text)
    section = source.text[head.end() : end]
    known = _DECLARED.search(section)
    if known:
        return Mark(known[1])
    newline = source.newline
    if source.path.endswith(".toml"):
        found = _TOML_MARKS.search(section)
        if found:
            at = head.end() + found.end()
            rest = re.compile(r"[ \t]*(?:#[^\n]*)?\r?\n(?P<indent>[ \t]*)").match(source.text, at)
            text = f'{newline}{rest["indent"] or "    "}"{_SAYS}",' if rest else f'"{_SAYS}", '
            return Mark(MARK, (Edit(source.path, at, at, text),))
        return Mark(MARK, (Edit(source.path, head.end(), head.end(), f'markers = ["{_SAYS}"]{newline}'),))
    listed = _INI_MARKS.search(section)
    if listed is None:
        return Mark(
            MARK, (Edit(source.path, head.end(), head.end(), f"markers ={newline}    {_SAYS}{newline}"),)
        )
    at = head.end() + listed.end("rest")
    return Mark(MARK, (Edit(source.path, at, at, f"{newline}{listed['indent'] or '    '}{_SAYS}"),))
