"""A repository's tree with what was read of it so far: every detector looks through one survey."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any, TypeVar, cast

from cicd_defs.facts.manifests import LARGEST, Table, read_ini, read_json, read_toml, read_yaml
from cicd_defs.facts.sources import CI_FILES, Role, role_of
from cicd_defs.facts.tree import Tree

T = TypeVar("T")

LONGEST_LINE = 2000
_PRINTABLE = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]+")


def folder_of(path: str) -> str:
    """The folder of a file, `.` for the root."""
    return path.rpartition("/")[0] or "."


def name_of(path: str) -> str:
    """A path's last part."""
    return path.rpartition("/")[2]


def join(folder: str, name: str) -> str:
    """A path below a folder."""
    return name if folder == "." else f"{folder}/{name}"


def is_within(path: str, folder: str) -> bool:
    """Whether a path (or folder) lies in this folder, or is it."""
    return folder in (".", path) or path.startswith(folder + "/")


def _above(path: str) -> Iterator[str]:
    """Every folder above a file but the root."""
    folder = path.rpartition("/")[0]
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]


class Survey:
    """Reads a tree's files at most once each, and cites lines of them."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.paths = tuple(path for path in tree.paths if _PRINTABLE.fullmatch(path))
        self._known = frozenset(self.paths)
        self._by_name: dict[str, list[str]] = {}
        for path in self.paths:
            self._by_name.setdefault(name_of(path), []).append(path)
        self.folders = frozenset(above for path in self.paths for above in _above(path))
        self.roles = {path: role_of(path) for path in self.paths}
        self._answers: dict[str, object] = {}
        # A dict keeps the order and answers `in` at once.
        self.ci_files = {path: None for path in self.paths if CI_FILES.fullmatch(path)}
        self.text = lru_cache(maxsize=None)(self._text)
        self.toml = lru_cache(maxsize=None)(self._toml)
        self.json = lru_cache(maxsize=None)(self._json)
        self.yaml = lru_cache(maxsize=None)(self._yaml)
        self.ini = lru_cache(maxsize=None)(self._ini)

    def has(self, path: str) -> bool:
        """Whether the tree has this file."""
        return path in self._known

    def named(self, *names: str) -> tuple[str, ...]:
        """Every path whose last part is one of these names."""
        return tuple(path for name in names for path in self._by_name.get(name, ()))

    def matching(self, pattern: re.Pattern[str]) -> tuple[str, ...]:
        """Every path whose last part matches the pattern in full."""
        names = (name for name in self._by_name if pattern.fullmatch(name))
        return tuple(path for name in names for path in self._by_name[name])

    def first(self, folder: str, names: Iterable[str]) -> str | None:
        """The first of these names that the folder holds, as a path."""
        return next((path for name in names if self.has(path := join(folder, name))), None)

    def role(self, path: str) -> Role:
        """What the file is for."""
        return self.roles.get(path, Role.PROJECT)

    def once(self, question: str, answer: Callable[[], T]) -> T:
        """The answer to a question about the whole repository, found when it is first asked."""
        if question not in self._answers:
            self._answers[question] = answer()
        return cast("T", self._answers[question])

    def lowest_roles(self, paths: Iterable[str]) -> dict[str, Role]:
        """For every folder above one of these files, the closest to the project that any of them is."""
        lowest: dict[str, Role] = {}
        for path in paths:
            folder, role = folder_of(path), self.role(path)
            while lowest.get(folder, Role.VENDORED + 1) > role:
                lowest[folder] = role
                folder = folder_of(folder)
        return lowest

    def cite(self, path: str, pattern: str = "") -> str | None:
        """`path:line` of the first line in which the pattern is found; None where there is none."""
        if not pattern:
            return f"{path}:1"
        found = re.search(pattern, self.text(path), re.MULTILINE)
        return None if found is None else f"{path}:{line_at(self.text(path), found.start())}"

    def _text(self, path: str) -> str:
        whole = self._whole(path)
        lines = whole.split("\n")
        if max(map(len, lines)) <= LONGEST_LINE:
            return whole
        # No pattern of ours needs more of a line, and a megabyte on one line makes patterns slow.
        return "\n".join(line[:LONGEST_LINE] for line in lines)

    def _whole(self, path: str) -> str:
        data = self._tree.read(path) if self.has(path) else None
        if data is None or len(data) > LARGEST:
            return ""
        return data.decode("utf-8-sig", "replace")

    def _toml(self, path: str) -> Table:
        return read_toml(self._whole(path))

    def _json(self, path: str) -> Table:
        return read_json(self._whole(path))

    def _yaml(self, path: str) -> Any:
        return read_yaml(self._whole(path))

    def _ini(self, path: str) -> dict[str, dict[str, str]]:
        return read_ini(self.text(path))


def line_at(text: str, offset: int) -> int:
    """The 1-based line of an offset."""
    return text.count("\n", 0, offset) + 1
