"""Commits made beside the work tree: files are put on a branch, and nothing that is checked out is touched."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from cicd_defs.adapters.git import GitError, commit_of, head_of, run_git
from cicd_defs.facts.value import Value


class Person(Value):
    """Who a commit is by."""

    name: str
    email: str


def author_in(path: Path, home: Path) -> Person:
    """Who a person says to git that they are: in this repository, else in their own configuration.

    `home` is their home folder. Raises `GitError` where nothing is said.
    """
    said = {key: _configured(path, home, f"user.{key}") for key in ("name", "email")}
    if not all(said.values()):
        raise GitError(
            "git does not know who commits. Say it with `git config user.name NAME` and "
            "`git config user.email ADDRESS`."
        )
    return Person.model_validate(said)


def _configured(path: Path, home: Path, key: str) -> str:
    for place in (git_folder(path) / "config", home / ".gitconfig", home / ".config/git/config"):
        try:
            found = run_git("config", "--file", str(place), "--includes", "--get", key)
        except GitError:  # not said there
            continue
        return found.decode("utf-8", "replace").strip()
    return ""


def git_folder(path: Path) -> Path:
    """The git directory of a work tree, shared by all that are linked to it."""
    answer = run_git("rev-parse", "--path-format=absolute", "--git-common-dir", work_tree=path)
    return Path(answer.decode().rstrip("\n"))


def tip_of(path: Path, branch: str) -> str | None:
    """The commit at a branch's tip in a work tree's repository; None where there is no such branch."""
    try:
        return commit_of(git_folder(path), f"refs/heads/{branch}")
    except GitError:
        return None


def start_of(path: Path, branch: str) -> str:
    """The commit that a branch stands on: its own tip, else what is checked out.

    Raises `GitError` for a folder that is no work tree, before the first commit, and for a branch that is checked out:
    what is there would no longer be what its branch says. A name that no branch can have is refused too.
    """
    _refuse_name(branch)
    head = head_of(path)
    if head is None:
        raise GitError(
            f"{path} has no commit to put a branch on. Leave --branch out to write the files there."
        )
    if branch in _checked_out(path):
        raise GitError(
            f"{branch} is checked out in {path} or in a work tree beside it. Leave --branch out to write the files "
            "there, or name another branch."
        )
    return tip_of(path, branch) or head


def _refuse_name(branch: str) -> None:
    """Git takes some names for a ref that it would not take for a branch: `-x`, `HEAD`, `refs/heads/x`."""
    try:
        told = run_git("check-ref-format", "--branch", branch).decode("utf-8", "replace").strip()
    except GitError:
        told = ""
    if not told or told != branch or branch == "@" or branch.startswith("refs/"):
        raise GitError(
            f"{branch!r} is not the name of a branch. Give another with --branch, such as update-pipeline."
        )


def _checked_out(path: Path) -> set[str]:
    listing = run_git("worktree", "list", "--porcelain", work_tree=path).decode("utf-8", "replace")
    words = (line.partition("refs/heads/") for line in listing.splitlines() if line.startswith("branch "))
    return {name for _, _, name in words}


def commit_files(
    path: Path, branch: str, files: Mapping[str, str | None], message: str, author: Person, when: int
) -> str:
    """Put files on a branch of a work tree's repository, and return the new commit; None takes a file away.

    `when` is in seconds since 1970. A branch that is not there yet begins at what is checked out. Where somebody else
    moved the branch meanwhile nothing is changed, and `GitError` says so.
    """
    git_dir, old = git_folder(path), tip_of(path, branch)
    start = start_of(path, branch)
    with tempfile.TemporaryDirectory(prefix="cicd-commit-") as scratch:
        tree = _tree_with(git_dir, start, files, Path(scratch))
    stamp = {"DATE": f"{when} +0000", "NAME": author.name, "EMAIL": author.email}
    signed = {f"GIT_{who}_{what}": said for who in ("AUTHOR", "COMMITTER") for what, said in stamp.items()}
    commit = run_git("commit-tree", "-p", start, "-m", message, tree, git_dir=git_dir, environ=signed)
    new = commit.decode().strip()
    run_git("update-ref", "--end-of-options", f"refs/heads/{branch}", new, old or "0" * 40, git_dir=git_dir)
    return new


def _tree_with(git_dir: Path, start: str, files: Mapping[str, str | None], scratch: Path) -> str:
    """The tree of a commit in which these files are changed, written through an index of its own."""
    index = {"GIT_INDEX_FILE": str(scratch / "index")}
    run_git("read-tree", start, git_dir=git_dir, environ=index)
    for path, text in files.items():
        if text is None:
            run_git("update-index", "--force-remove", "--", path, git_dir=git_dir, environ=index)
            continue
        place = scratch / "content"
        place.write_bytes(text.encode())
        blob = (
            run_git("hash-object", "-w", "--no-filters", "--", str(place), git_dir=git_dir).decode().strip()
        )
        entry = f"{_mode_at(git_dir, start, path)},{blob},{path}"
        run_git("update-index", "--add", "--cacheinfo", entry, git_dir=git_dir, environ=index)
    return run_git("write-tree", git_dir=git_dir, environ=index).decode().strip()


def _mode_at(git_dir: Path, commit: str, path: str) -> str:
    """The mode that a file has, which it keeps; that of an ordinary one where it is new.

    Raises `GitError` for a link, a folder or a submodule: nobody has looked at what is there.
    """
    listed = run_git("ls-tree", "--end-of-options", commit, "--", path, git_dir=git_dir).decode()
    if listed and not listed.startswith("100"):
        what = {"120": "a link", "040": "a folder"}.get(listed[:3], "a submodule")
        raise GitError(f"{path} is {what} there, and a file is to be written in its place. Move it away.")
    return listed[:6] or "100644"
