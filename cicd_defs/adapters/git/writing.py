"""What the delivery line asks of a bare repository: differences, merges and patches, without a work tree.

Commits that are made here carry a fixed author and a date that follows from what they are made of, so that making one
again gives the same commit. No branch leads to them: whoever asked moves one.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from cicd_defs.adapters.git import (
    LARGEST_MIRROR,
    SECONDS_REMOTE,
    GitError,
    branch_of,
    is_bare,
    is_commit_id,
    is_work_tree,
    run_git,
    tree_at,
)
from cicd_defs.facts.changes.diff import Diff
from cicd_defs.facts.changes.patches import path_outside
from cicd_defs.facts.changes.reading import read_diff
from cicd_defs.facts.changes.refusals import PatchRefused
from cicd_defs.facts.tree import Tree

OUR_NAME, OUR_MAIL = "cicd-defs", "cicd-defs@localhost"
LARGEST_PATCH = 16 * 1024 * 1024
LARGEST_DIFF = 32 * 1024 * 1024
"""Bytes of a change above which its files are listed and its lines are not read."""

_EPOCH = "@946684800 +0000"
"""The date of merges that nobody pushes: the first second of the year 2000."""

_EMPTY_TREES = {
    40: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    64: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}
"""The tree without files, by the length of the repository's ids."""

_OVERRULED = {
    "core.attributesFile": "/dev/null",
    "core.protectHFS": "true",
    "core.protectNTFS": "true",
    "diff.orderFile": "/dev/null",
    "i18n.commitEncoding": "UTF-8",
    "merge.renames": "true",
    "merge.directoryRenames": "conflict",
}
"""Settings that a repository's own configuration may not change: the same question has one answer everywhere."""

_SHOW = (
    *("diff", "--no-ext-diff", "--no-textconv", "--no-color", "--no-relative", "--no-indent-heuristic"),
    *(
        "--diff-algorithm=histogram",
        "--ignore-submodules=none",
        "--submodule=short",
        "--find-renames=50%",
        "-l1000",
    ),
    *("--src-prefix=a/", "--dst-prefix=b/", "--no-abbrev", "-z", "--raw", "--numstat"),
)
_LINES = ("--patch", "--unified=0", "--inter-hunk-context=0")

_BRANCH_REFUSED = re.compile(
    r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?:/|$)|^[-./]|[/.]$|^@$|^HEAD$"
)
_AUTHOR = re.compile(r"(?P<name>[^<>]*)<(?P<mail>[^<>\s]+@[^<>\s]+)>\s*")


class Author(NamedTuple):
    """Who a commit is by."""

    name: str
    mail: str


OURSELVES = Author(OUR_NAME, OUR_MAIL)


class GitRepositories:
    """What is in bare repositories, by commits. Nothing of the repository is run or followed."""

    def tree(self, git_dir: str, commit: str) -> Tree:
        """The files of a commit. Raises `GitError` where there is no such commit."""
        return tree_at(Path(git_dir), commit)

    def diff(self, git_dir: str, base: str, head: str) -> Diff:
        """What a head changes since it left the base; against the base itself where they share no history."""
        place = Path(git_dir)
        since = merge_base(place, base, head) or base
        change = (*("--end-of-options", since, head), "--")
        environ = _environ(head)
        try:
            shown = run_git(*_SHOW, *_LINES, *change, git_dir=place, environ=environ, largest=LARGEST_DIFF)
        except GitError as error:
            if "needs more than" not in str(error):
                raise
            shown = run_git(*_SHOW, *change, git_dir=place, environ=environ)
        return read_diff(shown)

    def merge_result(self, git_dir: str, base: str, head: str) -> str | None:
        """A commit of the merge of both, which no branch leads to; None for a conflict. The same two give the same."""
        place = Path(git_dir)
        tree = merged_tree(place, base, head)
        if tree is None:
            return None
        message = f"Merge {head} into {base}\n"
        return make_commit(place, tree, (base, head), message, OURSELVES, _EPOCH)

    def commit_patch(self, git_dir: str, base: str, patch: str, message: str, author: str) -> str:
        """A commit on a base with a patch applied, which no branch leads to. Raises `PatchRefused`.

        `author` is a name, or `name <mail>`. The same arguments give the same commit.
        """
        place = Path(git_dir)
        _check(base)
        tree = _patched_tree(place, base, patch)
        _refuse_changes(place, base, tree)
        return make_commit(place, tree, (base,), message, author_of(author), date_of(place, base))

    def tip(self, git_dir: str, branch: str) -> str | None:
        """The commit that a branch is at; None where there is no such branch."""
        return tip_of(Path(git_dir), branch)

    def contains(self, git_dir: str, descendant: str, ancestor: str) -> bool:
        """Whether one commit is in the history of another, or is it."""
        _check(descendant, ancestor)
        asked = ("merge-base", "--is-ancestor", "--end-of-options", ancestor, descendant)
        return _unless(1, *asked, git_dir=Path(git_dir)) is not None


def is_branch_name(name: str) -> bool:
    """Whether git takes a name for a branch; see `git help check-ref-format`."""
    return bool(name) and len(name.encode("utf-8", "replace")) <= 200 and not _BRANCH_REFUSED.search(name)


def tip_of(git_dir: Path, branch: str) -> str | None:
    """The commit that a branch is at; None where there is no such branch."""
    if not is_branch_name(branch):
        return None
    # Not rev-parse: it reads `name-1-gabc123` as the commit abc123, where there is no such branch.
    answer = _unless(1, "show-ref", "--verify", "--hash", "--quiet", f"refs/heads/{branch}", git_dir=git_dir)
    if answer is None:
        return None
    shown = run_git("show-ref", "--verify", "--hash", f"refs/heads/{branch}", git_dir=git_dir)
    return shown.decode().strip()


def branches_of(git_dir: Path) -> dict[str, str]:
    """Every branch with the commit that it is at."""
    listing = run_git("for-each-ref", "--format=%(objectname) %(refname)", "refs/heads/", git_dir=git_dir)
    pairs = (line.split(" ", 1) for line in listing.decode("utf-8", "backslashreplace").splitlines())
    return {ref.removeprefix("refs/heads/"): commit for commit, ref in pairs}


def move_branch(git_dir: Path, branch: str, commit: str | None, expected: str | None) -> bool:
    """Move a branch from the commit where it must be; False where it is elsewhere.

    Without `expected` it must not exist; without `commit` it is deleted. Raises `GitError` for anything else that git
    does not do.
    """
    _check(*(one for one in (commit, expected) if one))
    if not is_branch_name(branch):
        raise GitError(f"{branch!r} is not the name of a branch.")
    ref, old = f"refs/heads/{branch}", expected or "0" * len(commit or "")
    change = ("-d", ref, old) if commit is None else (ref, commit, old)
    if commit is not None and not has_commit(git_dir, commit):  # git would take any object
        raise GitError(f"{git_dir} has no commit {commit}. Push it there first.")
    try:
        run_git("update-ref", "--no-deref", *change, git_dir=git_dir)
    except GitError:
        if tip_of(git_dir, branch) == expected:
            raise
        return False
    return True


def make_bare(source: Path, target: Path, branch: str | None = None) -> None:
    """Make a bare repository with the main branch of another: of a work tree, or of a bare one.

    What is not committed is left out. A folder that is no repository becomes one with a single commit. `branch`
    defaults to the main branch that the source has. Raises `GitError` where the target exists, and where the source
    has no such branch.
    """
    if os.path.lexists(target):
        raise GitError(f"{target} is there already. Move it away to make it again.")
    if not source.is_dir():
        raise GitError(f"{source} is not a folder.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as folder:
        made = Path(folder, "made.git")
        chosen = branch or _main_of(source) or "main"
        if not is_branch_name(chosen):
            raise GitError(f"{chosen!r} is not the name of a branch.")
        run_git("init", "--quiet", "--bare", "--template=", "--end-of-options", str(made))
        run_git("symbolic-ref", "HEAD", f"refs/heads/{chosen}", git_dir=made)
        if is_bare(source) or is_work_tree(source):
            _copy_branch(source, made, chosen)
        else:
            _first_commit(source, made, chosen)
        try:
            made.rename(target)
        except OSError:
            raise GitError(f"{target} is there already: somebody else has just made it.") from None


def _main_of(source: Path) -> str | None:
    if not is_bare(source):
        return branch_of(source)
    named = _unless(1, "symbolic-ref", "--quiet", "--short", "HEAD", git_dir=source)
    return named.decode("utf-8", "replace").strip() if named else None


def _copy_branch(source: Path, made: Path, branch: str) -> None:
    ref = f"refs/heads/{branch}"
    run_git(
        *("fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head"),
        *("--end-of-options", str(source.resolve()), f"{ref}:{ref}"),
        git_dir=made,
        protocol="file",
        seconds=SECONDS_REMOTE,
        largest=LARGEST_MIRROR,
    )


def _first_commit(source: Path, made: Path, branch: str) -> None:
    """The files of an ordinary folder, but for what its .gitignore names, as a commit of a fixed date."""
    with tempfile.TemporaryDirectory(prefix="cicd-index-") as folder:
        environ = {"GIT_INDEX_FILE": str(Path(folder, "index")), "GIT_WORK_TREE": str(source.resolve())}
        run_git("add", "--all", git_dir=made, work_tree=source, environ=environ, largest=LARGEST_MIRROR)
        tree = run_git("write-tree", git_dir=made, environ=environ).decode().strip()
    commit = make_commit(made, tree, (), "Begin\n", OURSELVES, _EPOCH)
    move_branch(made, branch, commit, None)


def has_commit(git_dir: Path, commit: str) -> bool:
    """Whether a repository has a commit of that id."""
    _check(commit)
    try:
        run_git("cat-file", "-e", f"{commit}^{{commit}}", git_dir=git_dir)
    except GitError as error:
        if error.status is None or error.status < 0:
            raise
        return False
    return True


def merge_base(git_dir: Path, one: str, other: str) -> str | None:
    """The commit at which two histories part; None where they share none."""
    _check(one, other)
    answer = _unless(1, "merge-base", "--end-of-options", one, other, git_dir=git_dir)
    return answer.decode().split()[0] if answer else None


def merged_tree(git_dir: Path, base: str, head: str) -> str | None:
    """The files of the merge of two commits, as a tree; None for a conflict, and where they share no history."""
    if merge_base(git_dir, base, head) is None:
        return None
    asked = ("merge-tree", "--write-tree", "--no-messages", base, head)
    answer = _unless(1, *asked, git_dir=git_dir, environ=_environ(head))
    return answer.decode().split()[0] if answer else None


def make_commit(
    git_dir: Path, tree: str, parents: Sequence[str], message: str, author: Author, date: str
) -> str:
    """Make a commit. Everything that its id follows from is an argument; we are its committer."""
    environ = {
        **_environ(parents[0] if parents else tree),
        "GIT_AUTHOR_NAME": author.name,
        "GIT_AUTHOR_EMAIL": author.mail,
        "GIT_AUTHOR_DATE": date,
        "GIT_COMMITTER_NAME": OUR_NAME,
        "GIT_COMMITTER_EMAIL": OUR_MAIL,
        "GIT_COMMITTER_DATE": date,
    }
    with tempfile.NamedTemporaryFile(prefix="cicd-message-") as file:
        file.write(_cleaned(message).encode("utf-8", "replace"))
        file.flush()
        before = [word for parent in parents for word in ("-p", parent)]
        made = run_git(
            *("commit-tree", "--no-gpg-sign", *before, "-F", file.name, tree),
            git_dir=git_dir,
            environ=environ,
        )
    return made.decode().strip()


def date_of(git_dir: Path, commit: str) -> str:
    """The committer's date of a commit, as git takes it: seconds and zone."""
    _check(commit)
    shown = run_git("cat-file", "commit", commit, git_dir=git_dir).split(b"\n\n", 1)[0]
    found = re.search(rb"^committer .*> (\d{1,10}) ([+-]\d{4})$", shown, re.MULTILINE)
    return f"@{found[1].decode()} {found[2].decode()}" if found else _EPOCH


def author_of(text: str) -> Author:
    """An author as git takes one: from `name <mail>`, or a name alone."""
    written = _AUTHOR.fullmatch(text)
    name = written["name"] if written else text
    plain = " ".join(re.sub(r"[<>\x00-\x1f\x7f]", " ", name).split()).strip(".,:;\"'\\ ")[:100]
    mail = written["mail"] if written else f"{re.sub(r'[^A-Za-z0-9._-]+', '-', plain) or 'nobody'}@localhost"
    return Author(plain or "nobody", mail)


def _cleaned(message: str) -> str:
    """A message as a commit holds it: no NUL, one newline at its end."""
    return message.replace("\0", "\ufffd").strip("\n") + "\n"


def _environ(commit: str) -> dict[str, str]:
    """Settings that overrule a repository's own, and no attributes of any commit (git from 2.41 on reads them)."""
    keys = {f"GIT_CONFIG_KEY_{place}": key for place, key in enumerate(_OVERRULED)}
    values = {f"GIT_CONFIG_VALUE_{place}": value for place, value in enumerate(_OVERRULED.values())}
    return {
        **keys,
        **values,
        "GIT_CONFIG_COUNT": str(len(_OVERRULED)),
        "GIT_ATTR_SOURCE": _EMPTY_TREES[len(commit)],
    }


def _check(*commits: str) -> None:
    for commit in commits:
        if not is_commit_id(commit):
            raise GitError(f"{commit!r} is not the full id of a commit.")


def _unless(
    status: int, *arguments: str, git_dir: Path, environ: Mapping[str, str] | None = None
) -> bytes | None:
    """What git answers; None where it ends with this status, which says no."""
    try:
        return run_git(*arguments, git_dir=git_dir, environ=environ)
    except GitError as error:
        if error.status != status:
            raise
        return None


def _patched_tree(git_dir: Path, base: str, patch: str) -> str:
    """The files of a commit with a patch applied, as a tree. Raises `PatchRefused` where it does not apply."""
    data = patch.encode("utf-8", "surrogateescape")
    if not patch.strip():
        raise PatchRefused("The patch is empty.")
    if len(data) > LARGEST_PATCH:
        raise PatchRefused(f"The patch has more than {LARGEST_PATCH // 1024**2} MiB. Split the task.")
    if (path := path_outside(patch)) is not None:
        raise PatchRefused(f"The patch names {path!r}, which lies outside of the repository.")
    with tempfile.TemporaryDirectory(prefix="cicd-patch-") as folder:
        file = Path(folder, "patch")
        file.write_bytes(data if data.endswith(b"\n") else data + b"\n")
        environ = {**_environ(base), "GIT_INDEX_FILE": str(Path(folder, "index"))}
        run_git("read-tree", "--end-of-options", base, git_dir=git_dir, environ=environ)
        try:
            run_git("apply", "--cached", "--whitespace=nowarn", str(file), git_dir=git_dir, environ=environ)
        except GitError as error:
            raise PatchRefused(f"The patch does not apply to {base}: {error}") from None
        return run_git("write-tree", git_dir=git_dir, environ=environ).decode().strip()


class _Change(NamedTuple):
    """A path that a patch changes: its mode before and after (`000000` for none), and the new object."""

    before: str
    mode: str
    blob: str
    path: str


def _refuse_changes(git_dir: Path, base: str, tree: str) -> None:
    """Look at what came of a patch, however it was written. Raises `PatchRefused` for what an agent may not change."""
    changes = tuple(_changes(git_dir, base, tree))
    if not changes:
        raise PatchRefused("The patch changes nothing.")
    for change in changes:
        parts = change.path.lower().split("/")
        if any(part == ".git" or part.startswith("git~") for part in parts):
            raise PatchRefused(f"The patch changes {change.path!r}, which belongs to git itself.")
        if "160000" in (change.before, change.mode) or parts[-1] == ".gitmodules":
            raise PatchRefused(f"The patch changes the submodule or submodules of {change.path!r}.")
        if change.mode == "120000":
            _refuse_link(git_dir, change)


def _changes(git_dir: Path, base: str, tree: str) -> Iterator[_Change]:
    asked = ("diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", "--end-of-options")
    fields = run_git(*asked, f"{base}^{{tree}}", tree, git_dir=git_dir, environ=_environ(base)).split(b"\0")
    for about, path in zip(fields[:-1:2], fields[1::2], strict=False):
        before, mode, _, blob, _ = about.decode().lstrip(":").split()
        yield _Change(before, mode, blob, path.decode("utf-8", "backslashreplace"))


def _refuse_link(git_dir: Path, change: _Change) -> None:
    """A link may go up from its own folder, but not above the top, and then only down."""
    run = run_git("cat-file", "blob", change.blob, git_dir=git_dir)
    parts = [part for part in run.decode("utf-8", "backslashreplace").split("/") if part != "."]
    up = next((place for place, part in enumerate(parts) if part != ".."), len(parts))
    if run.startswith(b"/") or not run or ".." in parts[up:] or up > change.path.count("/"):
        raise PatchRefused(
            f"The patch makes {change.path!r} a link to {'/'.join(parts)[:200]!r}, which leads out of the repository "
            "or takes a way that cannot be followed safely."
        )
