"""What stood in files of earlier commits, and stands there no more: read from git, for those who look for secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from cicd_defs.adapters import git
from cicd_defs.adapters.git import Git, GitError, blobs_at, command_line, run_git
from cicd_defs.spec.model import Project
from resources.bounded import LARGEST_ANSWER, Ended, Stopped, run_bounded
from resources.repositories import Snapshot, local_path

MOST_COMMITS = 500
LARGEST_VERSION = 1024 * 1024
MOST_BYTES = LARGEST_ANSWER // 2
"""Bytes of all versions of files that are read in one go."""


class Version(NamedTuple):
    """A file as it was in a commit; `commit` may be git's name for the one before (`abc^`)."""

    path: str
    commit: str
    content: bytes


class History(NamedTuple):
    """What earlier commits had in their files, the oldest first, without what stands there today.

    `told` says which commits these are. `kept` are those of the commits asked about that are still part of it.
    """

    versions: tuple[Version, ...]
    told: str
    kept: frozenset[str] = frozenset()


class Histories(Protocol):
    """Who knows what stood in earlier commits."""

    def history(
        self, project: Project, folder: Path, snapshot: Snapshot, since: str | None, commits: frozenset[str]
    ) -> History:
        """The commits after `since` up to a snapshot; without it, or where it is not to be had, the newest ones.

        `commits` are those of which it is asked whether they are still there. Raises `GitError`.
        """


class GitHistories:
    """Histories of work trees, and of mirrors that are deeper than those that only files are read from."""

    def __init__(self, remote: Git) -> None:
        self._remote = remote

    def history(
        self, project: Project, folder: Path, snapshot: Snapshot, since: str | None, commits: frozenset[str]
    ) -> History:
        """See `Histories`. At most `MOST_COMMITS` commits are read; `told` says where that was not all."""
        if snapshot.commit is None:
            return History((), "the folder is no git repository of its own and has no history")
        place = self._place(project, folder, snapshot)
        head = snapshot.commit
        connected = since is not None and _is_ancestor(place, since, head)
        start = since if connected else None
        kept = commits if connected else frozenset(one for one in commits if _may_be_there(place, one, head))
        versions, told = _read(place, head, start)
        gone = f"{since[:12]}, up to which it was read before, is not in it any more; " if since else ""
        return History(versions, told if connected else f"{gone}{told}", kept)

    def _place(self, project: Project, folder: Path, snapshot: Snapshot) -> Path:
        if not snapshot.mirrored:
            return Path(snapshot.place) / ".git"
        address = local_path(project.repository, folder) or project.repository
        # One commit more, whose files are what the oldest one is compared with.
        return self._remote.mirror(address, project.branch, depth=MOST_COMMITS + 1)


def _is_ancestor(place: Path, commit: str, head: str) -> bool:
    """Whether a commit is part of a history. One that is not there (any more), is not."""
    name = commit.removesuffix("^")
    if not git.is_commit_id(name):
        return False
    try:
        run_git("merge-base", "--is-ancestor", name, head, git_dir=place)
    except GitError:
        return False
    return True


def _may_be_there(place: Path, commit: str, head: str) -> bool:
    """Whether a commit is part of a history; one that is older than a shallow mirror reaches may well be."""
    if _is_ancestor(place, commit, head):
        return True
    name = commit.removesuffix("^")
    return (place / "shallow").exists() and git.is_commit_id(name) and not _exists(place, name)


def _exists(place: Path, commit: str) -> bool:
    try:
        run_git("cat-file", "-e", f"{commit}^{{commit}}", git_dir=place)
    except GitError:
        return False
    return True


class Change(NamedTuple):
    """A file that a commit changed: the ids of what stood there before and after."""

    commit: str
    path: str
    before: str
    after: str


def _read(place: Path, head: str, since: str | None) -> tuple[tuple[Version, ...], str]:
    commits = _commits(place, head, since)
    changes = [change for change in _changes(place, head, since) if change.commit in commits]
    wanted = _wanted(changes, blobs_at(place, head), since)
    sizes = _sizes(place, list(wanted))
    chosen, left = _within_bounds(wanted, sizes)
    contents = _contents(place, chosen)
    versions = tuple(Version(*wanted[blob], contents[blob]) for blob in chosen if blob in contents)
    cut = ""
    if left:
        cut = f"; {len(left)} versions of files that are too large, the first of {wanted[left[0]][0]}, were not read"
    return versions, f"{_told(place, head, since, commits)}{cut}"


def _commits(place: Path, head: str, since: str | None) -> dict[str, None]:
    """The newest commits of a range, but for those that a shallow mirror cuts off from what came before them."""
    shallow = place / "shallow"
    edge = set(shallow.read_text().split()) if shallow.exists() else set()
    listed = run_git("rev-list", f"--max-count={MOST_COMMITS}", *_range(head, since), git_dir=place)
    return dict.fromkeys(commit for commit in listed.decode().split() if commit not in edge)


def _range(head: str, since: str | None) -> tuple[str, ...]:
    return ("--end-of-options", head, *((f"^{since}",) if since else ()), "--")


def _told(place: Path, head: str, since: str | None, commits: Mapping[str, None]) -> str:
    """Which commits were read, in words, and where it was cut."""
    after = f" after {since[:12]}" if since else ""
    try:
        total = int(run_git("rev-list", "--count", *_range(head, since), git_dir=place))
    except (GitError, ValueError):
        total = len(commits)
    if total <= len(commits):
        return f"{len(commits)} commits{after}" if commits else f"no commits{after}"
    if not commits:
        return f"the history before {head[:12]} is not here"
    return f"the newest {len(commits)} commits{after}, cut before {list(commits)[-1][:12]}"


def _changes(place: Path, head: str, since: str | None) -> Iterator[Change]:
    """Every file that each commit changed, against each of its parents, the oldest commit first."""
    answer = run_git(
        *("log", "--raw", "-z", "-m", "--root", "--reverse", "--topo-order", "--no-abbrev", "--no-renames"),
        *(
            "--no-show-signature",
            "--no-ext-diff",
            "--no-textconv",
            "--no-mailmap",
            "--no-notes",
            "--no-decorate",
        ),
        *("--format=%x01%H", f"--max-count={MOST_COMMITS}", *_range(head, since)),
        git_dir=place,
    )
    commit, tokens = "", iter(answer.split(b"\0"))
    for token in tokens:
        bare = token.strip()
        if bare.startswith(b"\x01"):
            commit = bare[1:].decode()
        elif bare.startswith(b":"):
            modes = bare.decode().split()
            path = _path(next(tokens, b""))
            if path is not None and modes[1].startswith(("100", "000")):
                yield Change(commit, path, modes[2], modes[3])


def _path(raw: bytes) -> str | None:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return None


def _wanted(
    changes: Sequence[Change], today: Mapping[str, str], since: str | None
) -> dict[str, tuple[str, str]]:
    """The contents to read, each with its path and the first commit that had it; not what stands there today."""
    wanted: dict[str, tuple[str, str]] = {}
    for change in changes:
        before = since or f"{change.commit}^"
        for blob, commit in ((change.before, before), (change.after, change.commit)):
            if blob.strip("0") and today.get(change.path) != blob:
                wanted.setdefault(blob, (change.path, commit))
    return wanted


def _sizes(place: Path, blobs: Sequence[str]) -> dict[str, int]:
    lines = _ask(place, blobs, "--batch-check").answer.decode("utf-8", "replace").splitlines()
    told = [line.split() for line in lines]
    return {words[0]: int(words[2]) for words in told if len(words) == 3 and words[1] == "blob"}


def _within_bounds(
    wanted: Mapping[str, tuple[str, str]], sizes: Mapping[str, int]
) -> tuple[list[str], list[str]]:
    """The newest contents that fit, in the order in which they came, and those that do not."""
    chosen: list[str] = []
    left: list[str] = []
    room = MOST_BYTES
    for blob in reversed(list(wanted)):
        size = sizes.get(blob, LARGEST_VERSION + 1)
        fits = size <= min(room, LARGEST_VERSION)
        (chosen if fits else left).append(blob)
        room -= size if fits else 0
    return chosen[::-1], left


def _contents(place: Path, blobs: Sequence[str]) -> dict[str, bytes]:
    answer, position = _ask(place, blobs, "--batch").answer, 0
    contents: dict[str, bytes] = {}
    while position < len(answer):
        end = answer.index(b"\n", position)
        blob, _, size = answer[position:end].decode().split()
        contents[blob] = answer[end + 1 : end + 1 + int(size)]
        position = end + 1 + int(size) + 1
    return contents


def _ask(place: Path, blobs: Sequence[str], how: str) -> Ended:
    """What git says of some objects. Raises `GitError` where it does not answer."""
    if not blobs:
        return Ended(0, b"", "")
    asked = "".join(f"{blob}\n" for blob in blobs).encode()
    try:
        ended = run_bounded(command_line("cat-file", how, git_dir=place), Path("/"), git.environment(), asked)
    except Stopped as stopped:
        raise GitError(f"The history of {place} cannot be read: git cat-file {stopped}.") from stopped
    if ended.code != 0:
        raise GitError(f"The history of {place} cannot be read: git cat-file ended with {ended.code}.")
    return ended
