"""Whose repository it is, as its own files say: a condition on its name, its module's path, its package's address.

Nobody tells us the name that a repository has on GitHub: a folder has none, and a checkout may come from a mirror. What
its files say of themselves is believed where they agree.
"""

import json
import re
from collections.abc import Iterator

from cicd_defs.facts.patterns import regex
from cicd_defs.judge.adopted.place import Place

_CONDITION = regex(
    r"github\.repository(?:_owner)?\s*[=!]=\s*['\"]([\w.-]+)(?:/[\w.-]+)?['\"]"
    r"|startsWith\(\s*github\.repository\s*,\s*'([\w.-]+)/"
)
_ADDRESS = regex(r"(?:^|[/@])github\.com[/:]([\w.-]+)/[\w.-]+")
_MODULE = regex(r"(?m)^module\s+github\.com/([\w.-]+)/")
_BADGE = regex(r"github\.com/([\w.-]+)/[\w.-]+/(?:actions/)?workflows/[^\s)\"'>]*badge\.svg")
_OF_PYTHON = regex(r"repository|source|source[ -_]?code|code|github|homepage|home", re.IGNORECASE)
_READMES = ("README.md", "README.rst", "readme.md", "README")
_MOST = 1_000_000
_NOTE = "owner of the repository"


def is_own(place: Place) -> bool:
    """Whether what a job or a step uses is surely of the same owner as the repository itself."""
    node = place.node
    uses = getattr(node, "text", "").strip()
    found = re.match(r"([\w.-]+)/[\w.-]+(?:/[^@]*)?@", uses)
    return found is not None and found[1].lower() == _owner(place)


def _owner(place: Place) -> str | None:
    """The repository's owner in small letters; None where its files say nothing, or do not agree."""
    notes = place.source.notes
    if _NOTE not in notes:
        said = {name.lower() for name in _said(place)}
        notes[_NOTE] = said.pop() if len(said) == 1 else None
    held = notes[_NOTE]
    return held if isinstance(held, str) else None


def _said(place: Place) -> Iterator[str]:
    for condition in _CONDITION.finditer(place.source.text):
        yield condition[1] or condition[2]
    module = _MODULE.search(place.text("go.mod") or "")
    if module:
        yield module[1]
    for address in (*_of_package(place), *_of_crate_and_project(place)):
        if address_of := _ADDRESS.search(address):
            yield address_of[1]
    for name in _READMES:
        for badge in _BADGE.finditer((place.text(name) or "")[:_MOST]):
            yield badge[1]


def _of_package(place: Place) -> Iterator[str]:
    text = place.text("package.json")
    try:
        held = json.loads(text) if text and len(text) < _MOST else None
    except (ValueError, RecursionError):
        return
    given = held.get("repository") if isinstance(held, dict) else None
    address = given.get("url") if isinstance(given, dict) else given
    if isinstance(address, str):
        short = re.fullmatch(r"(?:github:)?([\w.-]+/[\w.-]+)", address)
        yield f"https://github.com/{short[1]}" if short else address


def _of_crate_and_project(place: Place) -> Iterator[str]:
    crate, project = _toml(place, "Cargo.toml"), _toml(place, "pyproject.toml")
    yield from _texts(crate, ("package", "repository"))
    yield from _texts(crate, ("workspace", "package", "repository"))
    yield from _texts(project, ("tool", "poetry", "repository"))
    urls = _at(project, ("project", "urls"))
    for name, address in urls.items() if isinstance(urls, dict) else ():
        if _OF_PYTHON.fullmatch(name) and isinstance(address, str):
            yield address


def _toml(place: Place, path: str) -> object:
    import tomllib  # which few findings need

    text = place.text(path)
    try:
        return tomllib.loads(text) if text and len(text) < _MOST else {}
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def _texts(held: object, path: tuple[str, ...]) -> Iterator[str]:
    found = _at(held, path)
    if isinstance(found, str):
        yield found


def _at(held: object, path: tuple[str, ...]) -> object:
    for key in path:
        held = held.get(key) if isinstance(held, dict) else None
    return held
