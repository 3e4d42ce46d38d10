"""Which repositories the local forge has, and where each lies on disk."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, Protocol

from cicd_defs.adapters.git import is_bare
from cicd_defs.adapters.project_files import Declared
from cicd_defs.facts.github.refusals import ForgeError

_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,90}(?:\[bot\])?")


class Hosted(NamedTuple):
    """A repository of the local forge: its name there, the project that declares it, its main branch and its place.

    `source` is the folder that it is copied from by `cicd pr init`; None where the declaration names no folder.
    """

    name: str
    project: str
    branch: str
    git_dir: Path
    source: Path | None = None

    @property
    def exists(self) -> bool:
        """Whether its bare repository is there."""
        return is_bare(self.git_dir)


class HostedRepositories(Protocol):
    """The hosted repositories by name. A plain mapping is one."""

    def get(self, name: str, /) -> Hosted | None:
        """The repository of that name."""


def hosted_of(declared: Declared, root: Path) -> Hosted:
    """The hosted repository of a project. A declared path to a bare repository is served in place; all others lie
    below `root`."""
    project = declared.project
    source = _declared_folder(project.repository, declared.path.parent)
    git_dir = source if source and is_bare(source) else root / f"{project.forge_name}.git"
    return Hosted(project.forge_name, project.name, project.branch, git_dir, source)


def hosted_from(projects: Iterable[Declared], root: Path) -> dict[str, Hosted]:
    """The hosted repositories of all projects, by name. Of projects that share one, the first by name counts."""
    found: dict[str, Hosted] = {}
    for declared in sorted(projects, key=lambda one: one.name):
        hosted = hosted_of(declared, root)
        found.setdefault(hosted.name, hosted)
    return found


def check_login(login: str) -> str:
    """Return a login that a forge would have given out. Raises `ForgeError` for any other text."""
    if not _LOGIN.fullmatch(login):
        raise ForgeError(
            f"{login[:100]!r} is no login: use letters, digits, `.`, `_` and `-`, at most 91 of them."
        )
    return login


def _declared_folder(repository: str, folder: Path) -> Path | None:
    """The folder that a declaration names; a relative path is read from the folder of its project file."""
    if repository.startswith("file://"):
        return Path(repository.removeprefix("file://"))
    return (folder / repository).resolve() if repository.startswith((".", "/")) else None
