"""Where the files of a project's repository come from: a folder here, or a mirror of a remote one."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote_to_bytes

from cicd_defs.adapters import git
from cicd_defs.adapters.git import Git, GitError
from cicd_defs.facts.tree import Tree
from cicd_defs.facts.value import Value
from cicd_defs.spec.model import Project


class RepositoryFile(Value):
    """One file of a repository, with its size in bytes."""

    path: str
    size: int


class Snapshot(Value):
    """What a repository was at one moment.

    `place` is where its files are read: a folder, or the git directory of a mirror. `commit` is what it was at; None
    for a folder that is no git repository of its own. A folder is told apart by its `digest`, and may differ from the
    commit in `uncommitted` files.
    """

    source: str
    place: str
    mirrored: bool
    commit: str | None
    digest: str
    uncommitted: int = 0
    files: tuple[RepositoryFile, ...]


class Repositories(Protocol):
    """The repositories of projects: what they are now, and the files of a snapshot."""

    def snapshot(self, project: Project, folder: Path) -> Snapshot:
        """What a project's repository is now. A relative path is resolved against `folder`."""

    def tree(self, snapshot: Snapshot) -> Tree:
        """The files of a snapshot. Raises `GitError` where they are not to be had any more."""


class GitRepositories:
    """Repositories on this machine, and mirrors of remote ones."""

    def __init__(self, remote: Git) -> None:
        self._remote = remote

    def snapshot(self, project: Project, folder: Path) -> Snapshot:
        """A remote repository at the tip of the project's branch; a folder as it is."""
        place = local_path(project.repository, folder)
        if place is None:
            return self._mirrored(project, project.repository)
        if git.is_bare(place):
            return self._mirrored(project, place)
        if not place.is_dir():
            raise GitError(
                f"{project.repository!r} is {place}, where there is no folder. "
                "A path in a project file is read from the folder of that file."
            )
        return _folder_snapshot(project.repository, place)

    def tree(self, snapshot: Snapshot) -> Tree:
        """The files of a commit; of a folder, as long as it is what it was."""
        place = Path(snapshot.place)
        if snapshot.mirrored:
            return self._tree_of_mirror(place, snapshot.commit or "")
        tree = git.local_tree(place)
        if digest_of(tree) != snapshot.digest:
            raise GitError(
                f"{place} has changed since its snapshot was taken: materialise `repository` again, or all."
            )
        return tree

    def _tree_of_mirror(self, mirror: Path, commit: str) -> Tree:
        try:
            return self._remote.tree_at(mirror, commit)
        except GitError as error:
            raise GitError(
                f"{commit} cannot be read from the mirror {mirror}, which keeps the latest commits only: {error} "
                "Materialise `repository` again, or all."
            ) from error

    def _mirrored(self, project: Project, repository: str | Path) -> Snapshot:
        mirror = self._remote.mirror(repository, project.branch)
        commit = self._remote.commit(mirror, project.branch)
        sizes = git.sizes_at(mirror, commit)
        return Snapshot(
            source=project.repository,
            place=str(mirror),
            mirrored=True,
            commit=commit,
            digest=commit,
            files=tuple(RepositoryFile(path=path, size=size) for path, size in sorted(sizes.items())),
        )


def local_path(repository: str, folder: Path) -> Path | None:
    """The folder that a declared repository names on this machine; None where it names a remote one."""
    if repository.startswith("file://"):
        return Path(os.fsdecode(unquote_to_bytes(repository.removeprefix("file://"))))
    if repository.startswith((".", "/")):
        return (folder / repository).resolve()
    return None


def digest_of(tree: Tree) -> str:
    """What tells one state of a folder from another: the paths and the content of its files."""
    return _digest(dict(_blobs(tree)))


def _folder_snapshot(source: str, place: Path) -> Snapshot:
    tree, commit = git.local_tree(place), git.head_of(place)
    blobs = dict(_blobs(tree))
    return Snapshot(
        source=source,
        place=str(place),
        mirrored=False,
        commit=commit,
        digest=_digest(blobs),
        uncommitted=_uncommitted(place / ".git", commit, blobs) if commit else 0,
        files=tuple(RepositoryFile(path=path, size=(place / path).lstat().st_size) for path in tree.paths),
    )


def _digest(blobs: dict[str, str]) -> str:
    told = "".join(f"{path}\0{blob}\0" for path, blob in sorted(blobs.items()))
    return f"sha256:{hashlib.sha256(told.encode()).hexdigest()}"


def _blobs(tree: Tree) -> Iterator[tuple[str, str]]:
    """Each file with the id that git gives its content; files too large to read without one."""
    for path in tree.paths:
        data = tree.read(path)
        yield path, "" if data is None else _blob_id(data)


def _blob_id(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0%b" % (len(data), data), usedforsecurity=False).hexdigest()


def _uncommitted(git_dir: Path, commit: str, blobs: dict[str, str]) -> int:
    """How many files differ from the commit, without `git status`, which would run a repository's filters."""
    committed = git.blobs_at(git_dir, commit)
    changed = [path for path, blob in blobs.items() if blob and committed.get(path) != blob]
    return len(changed) + len(committed.keys() - blobs.keys())
