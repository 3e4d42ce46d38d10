"""Which versions a repository's lock files name: what is shown to programs that know of vulnerabilities.

A lock file is read here, as text, and never handed to the package manager that it belongs to: to resolve or to build
what it names would run code.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from cicd_defs.facts.manifests import read_json, read_toml, table
from cicd_defs.facts.python import REQUIREMENT_FOLDERS, REQUIREMENTS
from cicd_defs.facts.sources import Role, role_of
from cicd_defs.facts.survey import folder_of, name_of
from cicd_defs.facts.tree import Tree

MOST_LOCKS = 40
"""So many lock files are looked at in one scan."""

PIP_AUDIT, NPM, CARGO, GO = "pip-audit", "npm audit", "cargo audit", "govulncheck"
_TABLES = frozenset({"uv.lock", "poetry.lock", "pdm.lock"})
_BY_NAME = {
    **dict.fromkeys((*_TABLES, "Pipfile.lock", "requirements.lock"), PIP_AUDIT),
    "package-lock.json": NPM,
    "npm-shrinkwrap.json": NPM,
    "Cargo.lock": CARGO,
    "go.mod": GO,
}
_MANIFESTS = {"pyproject.toml": PIP_AUDIT, "package.json": NPM, "Cargo.toml": CARGO}
_OTHERS = {
    **dict.fromkeys(("yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb"), NPM),
    "pixi.lock": PIP_AUDIT,
}
OTHER_LOCKS = (*_OTHERS, "composer.lock", "Gemfile.lock")
"""Lock files that none of these tools reads."""

_PIN = re.compile(
    r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*===?\s*([A-Za-z0-9][A-Za-z0-9.!+_-]*)(?=[\s;,\\]|$)"
)
_NAMED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)")
_NAME = re.compile(r'^name = "([A-Za-z0-9][A-Za-z0-9._-]*)"$', re.MULTILINE)
_VERSION = re.compile(r'^version = "([A-Za-z0-9][A-Za-z0-9.!+_-]*)"$', re.MULTILINE)
_OWN = re.compile(r"^source = \{ (?:editable|virtual|directory) =", re.MULTILINE)
_TABLE_LOCK = re.compile(
    r"^(?:\[\[package\]\]|\[metadata\]|version = |lock-version = |package = )", re.MULTILINE
)
_ADVISORY = re.compile(r'"(RUSTSEC-\d{4}-\d{4})"')


class Lock(NamedTuple):
    """A file that says which versions are used, and the tool that knows of them."""

    path: str
    tool: str


class Pins(NamedTuple):
    """What a Python lock file pins, by name and version; `loose` are those that it names without a version.

    `readable`: it is a lock file, be it one that names nothing.
    """

    pins: tuple[tuple[str, str], ...]
    loose: tuple[str, ...] = ()
    readable: bool = True

    @property
    def rounds(self) -> tuple[tuple[tuple[str, str], ...], ...]:
        """The pins in so many lists that none has a name twice: pip-audit refuses one that has."""
        rounds: list[dict[str, str]] = []
        for name, version in self.pins:
            free = next((one for one in rounds if name not in one), None)
            if free is None:
                free = {}
                rounds.append(free)
            free[name] = version
        return tuple(tuple(one.items()) for one in rounds)


def locks_of(tree: Tree) -> tuple[Lock, ...]:
    """The lock files of a repository that some tool reads; not those of examples, fixtures and vendored code.

    Requirements that are compiled from others are among them, and those that are written by hand.
    """
    found = (Lock(path, tool) for path in tree.paths if _is_own(path) and (tool := _tool_of(path)))
    return tuple(lock for lock in found if not _is_shadowed(lock, tree))[:MOST_LOCKS]


def unread_locks(tree: Tree) -> tuple[str, ...]:
    """The lock files that no tool here reads, and those that are too many."""
    others = [path for path in tree.paths if _is_own(path) and name_of(path) in OTHER_LOCKS]
    readable = [path for path in tree.paths if _is_own(path) and _tool_of(path)]
    return (*others, *readable[MOST_LOCKS:])


class Unlocked(NamedTuple):
    """A manifest that names dependencies, without any file that says in which versions, and who would read one."""

    path: str
    tool: str


def unlocked(tree: Tree) -> tuple[Unlocked, ...]:
    """The manifests with dependencies that no lock file beside or above them settles."""
    tools = {path: _tool_of(path) for path in tree.paths if _tool_of(path)}
    settled = {(folder_of(path), tool) for path, tool in tools.items()}
    settled |= {(folder_of(path), _OTHERS[name_of(path)]) for path in tree.paths if name_of(path) in _OTHERS}
    found = (
        Unlocked(path, tool)
        for path in tree.paths
        if _is_own(path) and (tool := _MANIFESTS.get(name_of(path), "")) and _has_dependencies(tree, path)
    )
    return tuple(one for one in found if not _is_settled(folder_of(one.path), one.tool, settled))[:MOST_LOCKS]


def _is_settled(folder: str, tool: str, settled: set[tuple[str, str]]) -> bool:
    while folder != ".":
        if (folder, tool) in settled:
            return True
        folder = folder_of(folder)
    return (".", tool) in settled


def _has_dependencies(tree: Tree, path: str) -> bool:
    text = tree.text(path) or ""
    if path.endswith(".json"):
        data = read_json(text)
        return any(data.get(key) for key in ("dependencies", "devDependencies", "optionalDependencies"))
    data = read_toml(text)
    groups = (table(data, "project").get("dependencies"), table(data, "dependencies"))
    return (
        any(groups) or len(table(data, "tool", "poetry", "dependencies")) > 1
    )  # Python itself is among them


def _is_own(path: str) -> bool:
    return role_of(path) < Role.EXAMPLE


def _tool_of(path: str) -> str:
    name = name_of(path)
    listed = REQUIREMENTS.fullmatch(name) or name_of(folder_of(path)) in REQUIREMENT_FOLDERS
    if listed and name.endswith(".txt"):
        return PIP_AUDIT
    return _BY_NAME.get(name, "")


def _is_shadowed(lock: Lock, tree: Tree) -> bool:
    """npm reads a shrinkwrap in place of the lock file beside it."""
    folder, name = folder_of(lock.path), name_of(lock.path)
    beside = "npm-shrinkwrap.json" if folder in {"", "."} else f"{folder}/npm-shrinkwrap.json"
    return name == "package-lock.json" and beside in tree.paths


def python_pins(path: str, text: str) -> Pins:
    """The versions that a Python lock file or requirements file pins. What is unreadable pins nothing."""
    name = name_of(path)
    if name in _TABLES:
        return Pins(_distinct(_of_tables(text)), readable=bool(_TABLE_LOCK.search(text)))
    if name == "Pipfile.lock":
        return Pins(_distinct(_of_pipfile(text)), readable="_meta" in text)
    return _of_requirements(text)


def _distinct(pins: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(dict.fromkeys((re.sub(r"[-_.]+", "-", name).lower(), version) for name, version in pins))


def _of_tables(text: str) -> Iterator[tuple[str, str]]:
    for block in text.split("[[package]]")[1:]:
        head = block.partition("\n[")[0]
        name, version = _NAME.search(head), _VERSION.search(head)
        if name and version and not _OWN.search(head):
            yield name[1], version[1]


def _of_pipfile(text: str) -> Iterator[tuple[str, str]]:
    try:
        data = json.loads(text)
        sections = [data[key] for key in ("default", "develop") if isinstance(data.get(key), dict)]
    except (ValueError, AttributeError, RecursionError):
        return
    for section in sections:
        for name, entry in section.items():
            told = entry.get("version", "") if isinstance(entry, dict) else ""
            pin = _PIN.fullmatch(f"{name}{told}") if isinstance(told, str) else None
            if pin:
                yield pin[1], pin[2]


def _of_requirements(text: str) -> Pins:
    pins, loose = [], []
    for line in text.replace("\\\n", " ").splitlines():
        bare = line.split(" #")[0].strip()
        if not bare or bare.startswith(("#", "-", ".", "/")):
            continue
        pin, named = _PIN.match(bare), _NAMED.match(bare)
        if pin:
            pins.append((pin[1], pin[2]))
        elif named:
            loose.append(named[1])
    return Pins(_distinct(pins), tuple(dict.fromkeys(loose)))


def ignored_advisories(text: str) -> tuple[str, ...]:
    """The advisories that a repository's `.cargo/audit.toml` waves through. Nothing else of it is followed."""
    lists = re.findall(r"^\s*ignore\s*=\s*\[([^\]]*)\]", text, re.MULTILINE)
    return tuple(dict.fromkeys(one for listed in lists for one in _ADVISORY.findall(listed)))
