"""Git, called one way only: an empty environment, no protocol but those asked for, nothing that a repository could run.

What a repository says is input. Its hooks, its file system monitor, its aliases, its remote helpers and its submodules
are never run, and no address reaches git that could be read as an option.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from cicd_defs.adapters.git.blobs import Blobs, Entry
from cicd_defs.adapters.git.stale import remove_stale_locks, size_on_disk
from cicd_defs.facts.tree import Tree
from cicd_defs.spec.addresses import HTTPS_ADDRESS, OWNER_NAME

LARGEST_FILE = 4 * 1024 * 1024
"""Bytes of a file above which it is listed but not read."""

MOST_FILES = 200_000
LARGEST_ANSWER = 256 * 1024 * 1024
LARGEST_MIRROR = 2 * 1024 * 1024 * 1024
LARGEST_LISTING = 16 * 1024 * 1024
GROWTH_LEFT_ALONE = 1024 * 1024
"""Bytes that a mirror may always grow by before it is packed again."""

SECONDS_LOCAL, SECONDS_LISTING, SECONDS_REMOTE, SECONDS_TO_TIDY = 60.0, 60.0, 600.0, 2.0

_FILLED_BY_TOOLS = (
    ".git .hg .svn node_modules bower_components .venv venv __pycache__ .eggs .tox .nox .mypy_cache .ruff_cache"
    " .pytest_cache .hypothesis .gradle .terraform .direnv .idea .vscode"
)
_NOT_SOURCES = frozenset(_FILLED_BY_TOOLS.split())
"""Folders that tools fill: left out, unless somebody committed them."""

_OWNER_NAME, _HTTPS = re.compile(OWNER_NAME), re.compile(HTTPS_ADDRESS)
_BRANCH = re.compile(r"(?!.*(?:\.\.|//|/\.|@\{|\.lock(?:/|$)|[/.]$))[A-Za-z0-9_][A-Za-z0-9._/@#=-]{0,200}")
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_PASSED_ON = (
    "HTTPS_PROXY",
    "https_proxy",
    "NO_PROXY",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "GIT_SSL_CAINFO",
)

_SETTINGS = (
    "protocol.allow=never",
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    "core.sshCommand=false",
    "core.askPass=",
    "safe.bareRepository=explicit",
    "submodule.recurse=false",
    "transfer.fsckObjects=true",
    "http.followRedirects=false",
    "credential.helper=",
    "gc.auto=0",
    "maintenance.auto=false",
)


_UNREACHED = (
    "Could not resolve",
    "Failed to connect",
    "Couldn't connect",
    "Connection refused",
    "Connection reset",
    "timed out",
    "SSL",
    "certificate",
    "gnutls",
)
"""What git and its curl say, in their own words, where a server is not reached."""


class GitError(Exception):
    """Git could not do what was asked: what, where, and what to do next. `status` is its exit status, if it ended."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class Git:
    """Mirrors of remote repositories under one folder, and what is in them.

    `environ` is the environment to take proxy and certificate settings from; nothing else of it reaches git.
    """

    def __init__(self, mirrors: Path, environ: Mapping[str, str] | None = None) -> None:
        self._mirrors = mirrors
        self._environ = {name: value for name, value in (environ or {}).items() if name in _PASSED_ON}

    def mirror(self, repository: str | Path, branch: str | None = None, depth: int = 1) -> Path:
        """Bring a repository here and return its git directory; of one branch, or of all.

        `repository` is GitHub's owner/name, an https address, or an explicit local path. Of the history `depth` commits
        are kept. Raises `GitError` for an address that is none of these, and where the repository cannot be had.
        """
        address, protocol = _address(repository)
        if branch is not None and not _BRANCH.fullmatch(branch):
            raise GitError(f"{branch!r} is not the name of a branch.")
        ref = f"refs/heads/{branch or '*'}"
        git_dir = self._mirrors / _folder_of(address)
        with _locked(git_dir.with_suffix(".lock")):
            remove_stale_locks(git_dir)
            if not (git_dir / "HEAD").exists():
                run_git("init", "--quiet", "--bare", "--template=", "--end-of-options", str(git_dir))
            run_git(
                *(
                    "fetch",
                    "--quiet",
                    "--no-tags",
                    "--no-recurse-submodules",
                    f"--depth={depth}",
                    "--force",
                    "--prune",
                ),
                *("--no-write-fetch-head", "--end-of-options", address, f"+{ref}:{ref}"),
                git_dir=git_dir,
                protocol=protocol,
                environ=self._environ,
                seconds=SECONDS_REMOTE,
                largest=LARGEST_MIRROR,
            )
            _keep_small(git_dir)
        return git_dir

    def tags(self, repository: str | Path) -> dict[str, str]:
        """The tags that a repository has now, each with the commit behind it; annotated ones are followed to theirs.

        `repository` is as for `mirror`. Nothing is fetched. Raises `GitError` where the repository cannot be had.
        """
        address, protocol = _address(repository)
        answer = run_git(
            *("ls-remote", "--tags", "--end-of-options", address),
            git_dir=Path("/nonexistent"),  # no configuration of the folder that we happen to be in
            protocol=protocol,
            environ=self._environ,
            seconds=SECONDS_LISTING,
            largest=LARGEST_LISTING,
        )
        return _tags(answer)

    def commit(self, git_dir: Path, branch: str) -> str:
        """The commit at the tip of a branch. Raises `GitError` where there is no such branch."""
        return commit_of(git_dir, f"refs/heads/{branch}")

    def tree_at(self, git_dir: Path, commit: str) -> Tree:
        """The files of one commit; see `tree_at`."""
        return tree_at(git_dir, commit)


def _tags(listing: bytes) -> dict[str, str]:
    """The tags in what `git ls-remote` answers. `NAME^{}` is what an annotated tag leads to, and stands behind it."""
    found = {}
    for line in listing.decode("utf-8", "replace").splitlines():
        commit, _, ref = line.partition("\t")
        if _COMMIT.fullmatch(commit) and ref.startswith("refs/tags/"):
            found[ref.removeprefix("refs/tags/").removesuffix("^{}")] = commit
    return found


def _keep_small(git_dir: Path) -> None:
    """Drop what no branch holds any more, once a mirror has twice the size that it had when that was last done."""
    size, note = size_on_disk(git_dir), git_dir / "size-when-last-packed"
    noted = note.read_text() if note.exists() else ""
    if noted.isdecimal() and size <= 2 * int(noted) + GROWTH_LEFT_ALONE:
        return
    packing = (("repack", "-a", "-d", "-q"), ("prune", "--expire=now"))
    try:
        for command in packing if noted else ():  # the first time, a mirror is as small as it gets
            run_git(*command, git_dir=git_dir, seconds=SECONDS_REMOTE, largest=LARGEST_MIRROR)
    except GitError:
        return  # the mirror is whole either way; the next fetch tries again
    note.write_text(str(size_on_disk(git_dir)))


def is_commit_id(text: str) -> bool:
    """Whether a text is the full id of a commit."""
    return bool(_COMMIT.fullmatch(text))


def commit_of(git_dir: Path, ref: str) -> str:
    """The commit that a full ref or HEAD points to. Raises `GitError` where it points to none."""
    answer = run_git(
        "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}", git_dir=git_dir
    )
    return answer.decode().strip()


def tree_at(git_dir: Path, commit: str) -> Tree:
    """The files of one commit. Links and submodules are left out, and paths that are not UTF-8.

    Their content is read when it is asked for, all through one `git cat-file --batch`.
    """
    entries = {entry.path: entry for entry in _entries(git_dir, commit)}
    command = command_line("cat-file", "--batch", git_dir=git_dir)
    blobs = Blobs(command, environment(), entries, LARGEST_FILE)
    return Tree(tuple(sorted(entries)), blobs.read)


def sizes_at(git_dir: Path, commit: str) -> dict[str, int]:
    """The size in bytes of each file of one commit."""
    return {entry.path: entry.size for entry in _entries(git_dir, commit)}


def blobs_at(git_dir: Path, commit: str) -> dict[str, str]:
    """The id of each file's content at one commit."""
    return {entry.path: entry.blob for entry in _entries(git_dir, commit)}


def _entries(git_dir: Path, commit: str) -> Iterator[Entry]:
    if not _COMMIT.fullmatch(commit):
        raise GitError(f"{commit!r} is not the full id of a commit.")
    listing = run_git("ls-tree", "-r", "-z", "-l", "--full-tree", "--end-of-options", commit, git_dir=git_dir)
    lines = listing.split(b"\0")[:-1]
    if len(lines) > MOST_FILES:
        raise GitError(f"{commit} has {len(lines):,} files; at most {MOST_FILES:,} are read.")
    for line in lines:
        about, _, raw = line.partition(b"\t")
        mode, kind, blob, size = about.decode().split()
        path = _decoded(raw)
        if path is not None and kind == "blob" and mode.startswith("100"):
            yield Entry(path, blob, int(size))


def local_tree(path: Path) -> Tree:
    """The files below a folder as they are now, links left out.

    In a git work tree: what is tracked, and what is neither tracked nor ignored. Elsewhere: everything, but for
    folders that tools fill. Raises `GitError` where there is no such folder, and for a work tree that git cannot read:
    taken as an ordinary folder, it would give away what it ignores.
    """
    root = path.expanduser().resolve()
    if not root.is_dir():
        raise GitError(f"{path} is not a folder.")
    paths = _listed(root, own=True) if is_work_tree(root) else _listed(root) or _walked(root)
    if len(paths) > MOST_FILES:
        raise GitError(f"{path} has {len(paths):,} files; at most {MOST_FILES:,} are read.")
    return Tree(tuple(sorted(paths)), lambda name: read_below(root, name))


def is_work_tree(path: Path) -> bool:
    """Whether a folder is the top of a git work tree: it has a `.git` of its own, be it broken."""
    return os.path.lexists(path / ".git")


def head_of(path: Path) -> str | None:
    """The commit that a work tree is at; None for a folder that is none, and before the first commit.

    Raises `GitError` for a work tree that git cannot read.
    """
    if not is_work_tree(path):
        return None
    try:
        return _own(path, "rev-parse", "--verify", "--quiet", "HEAD^{commit}").decode().strip()
    except GitError:
        if _is_unborn(path):
            return None
        raise


def branch_of(path: Path) -> str | None:
    """The main branch of a git work tree: the remote's, where it is known, else the one checked out.

    None for a folder that is no work tree, and where no branch is checked out.
    """
    if head_of(path) is None:
        return None
    for name in ("refs/remotes/origin/HEAD", "HEAD"):
        try:
            found = _own(path, "symbolic-ref", "--quiet", "--short", name)
        except GitError:  # the name leads to no branch
            continue
        return found.decode("utf-8", "replace").strip().removeprefix("origin/") or None
    return None


def _own(path: Path, *arguments: str) -> bytes:
    """Ask a work tree's own repository: where it is broken, git must not go on to one around it."""
    try:
        return run_git(*arguments, git_dir=path.resolve() / ".git", work_tree=path)
    except GitError as error:
        raise GitError(
            f"{path} has a `.git` that git cannot read: {error} Repair or clone it again; without `.git` the folder is "
            "read as it is, with what would be ignored."
        ) from error


def _is_unborn(path: Path) -> bool:
    """Whether HEAD names a branch that is not there yet, and not one that is broken."""
    branch = _own(path, "symbolic-ref", "--quiet", "HEAD").decode("utf-8", "surrogateescape").strip()
    place = os.fsdecode(_own(path, "rev-parse", "--git-path", branch).rstrip(b"\n"))
    return not (path / place).exists() and not _own(path, "for-each-ref", "--format=%(refname)", branch)


def is_bare(path: Path) -> bool:
    """Whether a folder is a git repository without a work tree."""
    return (path / "HEAD").is_file() and (path / "objects").is_dir() and (path / "refs").is_dir()


def read_below(root: Path, name: str) -> bytes | None:
    """A regular file below a folder, without following a link out of it; None where it is not to be had."""
    place = root / name
    if not os.path.lexists(place):
        return None
    try:
        if not place.parent.resolve().is_relative_to(root):
            return None
        # A pipe would block, a link would lead away.
        file = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    held = os.fstat(file)
    if not _is_regular(held) or held.st_size > LARGEST_FILE:
        os.close(file)
        return None
    with os.fdopen(file, "rb") as opened:
        return opened.read(LARGEST_FILE + 1)[:LARGEST_FILE]


def _listed(root: Path, *, own: bool = False) -> set[str]:
    """The files that git lists below a folder; none where it is in no work tree. Its `own` must be readable."""
    command = ("ls-files", "-z", "-t", "--cached", "--others", "--exclude-standard")
    try:
        answer = _own(root, *command) if own else run_git(*command, work_tree=root)
    except GitError:
        if own:
            raise
        return set()
    found = set()
    for line in answer.split(b"\0")[:-1]:
        path = _decoded(line[2:])
        untracked = line.startswith(b"?")
        if path is None or (untracked and _NOT_SOURCES.intersection(path.split("/"))):
            continue
        if _stands_below(root, path):
            found.add(path)
    return found


def _walked(root: Path) -> set[str]:
    found: set[str] = set()
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in _NOT_SOURCES]
        here = os.path.relpath(folder, root)
        paths = [name if here == "." else f"{here}/{name}" for name in files]
        found.update(path for path in paths if _decoded(os.fsencode(path)) and _stands_below(root, path))
        if len(found) > MOST_FILES:
            break
    return found


def _stands_below(root: Path, path: str) -> bool:
    try:
        return _is_regular((root / path).lstat())
    except OSError:
        return False


def _is_regular(status: os.stat_result) -> bool:
    return (status.st_mode & 0o170000) == 0o100000


def _decoded(path: bytes) -> str | None:
    try:
        return path.decode()
    except UnicodeDecodeError:
        return None


def _address(repository: str | Path) -> tuple[str, str]:
    """What git is given, and the one protocol that it may use for it."""
    if isinstance(repository, Path):
        return str(repository.resolve()), "file"
    if _OWNER_NAME.fullmatch(repository):
        return f"https://github.com/{repository}.git", "https"
    if _HTTPS.fullmatch(repository):
        return repository, "https"
    raise GitError(
        f"{_shown(repository)} is not an address that repositories are fetched from. "
        "Write GitHub's owner/name, an https address without user name, or a path that begins with `.` or `/`."
    )


def _shown(address: str) -> str:
    """An address as an error repeats it: without what may be a password, short, on one line."""
    return repr(re.sub(r"(?<=//)[^/]*@", "***@", address)[:120])


def _folder_of(address: str) -> str:
    words = re.sub(r"[^A-Za-z0-9]+", "-", address.removeprefix("https://").removesuffix(".git")).strip("-")
    return f"{words[-60:].strip('-')}-{hashlib.sha256(address.encode()).hexdigest()[:12]}.git"


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Two runs that mirror one repository take turns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def command_line(
    *arguments: str, git_dir: Path | None = None, work_tree: Path | None = None, protocol: str | None = None
) -> list[str]:
    """The one way in which git is called. `protocol` is the only one that may be used; without it none may."""
    settings = [*_SETTINGS, *([f"protocol.{protocol}.allow=always"] if protocol else [])]
    # A local path stands in the control plane's own configuration: whoever owns the files, we may list them.
    settings += ["safe.directory=*"] if work_tree else []
    place = [f"--git-dir={git_dir}"] if git_dir else []
    place += ["-C", str(work_tree)] if work_tree else []
    return [_git(), "--no-pager", *(word for one in settings for word in ("-c", one)), *place, *arguments]


def environment(protocol: str | None = None) -> dict[str, str]:
    """The whole environment of a git process."""
    return {
        "HOME": "/nonexistent",
        "PATH": f"{Path(_git()).parent}:/usr/bin:/bin",
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_ALLOW_PROTOCOL": protocol or "none",
    }


def run_git(
    *arguments: str,
    git_dir: Path | None = None,
    work_tree: Path | None = None,
    protocol: str | None = None,
    environ: Mapping[str, str] | None = None,
    seconds: float = SECONDS_LOCAL,
    largest: int = LARGEST_ANSWER,
) -> bytes:
    """Run git and return what it answered.

    Raises `GitError` where it fails, takes longer than `seconds`, or writes a file of more than `largest` bytes.
    """
    command = command_line(*arguments, git_dir=git_dir, work_tree=work_tree, protocol=protocol)
    env = {**environment(protocol), **(environ or {})}
    with tempfile.TemporaryFile() as answer, tempfile.TemporaryFile() as complaint:
        try:
            code = _run(_limited(command, largest), env, answer, complaint, seconds)
        except OSError as error:
            raise GitError(f"git could not be started: {error}.") from error
        if code != 0:
            raise GitError(_explained(arguments, code, _content(complaint), seconds, largest), code)
        return _content(answer)


def _limited(command: Sequence[str], largest: int) -> list[str]:
    """The same command, unable to write a file of more bytes. POSIX counts them in blocks of 512."""
    return ["/bin/sh", "-c", 'ulimit -f "$0" && exec "$@"', str(largest // 512), *command]


def _run(
    command: Sequence[str], env: Mapping[str, str], answer: IO[bytes], complaint: IO[bytes], seconds: float
) -> int | None:
    """The exit status, or None where it took too long. Whatever it started ends with it."""
    with subprocess.Popen(  # noqa: S603 - the command line above, without a shell's reading of it
        command, stdin=subprocess.DEVNULL, stdout=answer, stderr=complaint, env=env, start_new_session=True
    ) as process:
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        finally:
            if process.poll() is None:
                _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process with all that it started. Asked first: git takes its lock files away when it may."""
    os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(SECONDS_TO_TIDY)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _content(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def _explained(
    arguments: Sequence[str], code: int | None, complaint: bytes, seconds: float, largest: int
) -> str:
    verb, told = arguments[0], complaint.decode("utf-8", "replace").strip()[-600:]
    if code is None:
        return f"git {verb} took longer than {seconds:g} seconds and was stopped."
    too_large = ("File too large", f"died of signal {signal.SIGXFSZ.value}")
    if any(word in told for word in too_large) or code in (-signal.SIGXFSZ, 128 + signal.SIGXFSZ):
        return f"git {verb} was stopped: the repository needs more than {largest / 1024**2:,.4g} MiB."
    if "couldn't find remote ref" in told:
        return f"git {verb}: {told}. Name the branch that exists under `branch` in the project file."
    if "could not read Username" in told or "not found" in told:
        return f"git {verb}: {told}. The repository does not exist or is private; a local path to a clone works too."
    if any(word in told for word in _UNREACHED):
        return f"git {verb}: {told}. Check the network or HTTPS_PROXY; a path to a local clone works too."
    if "redirect" in told:
        return f"git {verb}: {told}. The address leads elsewhere; write the one that it leads to."
    return f"git {verb} failed ({code}): {told or 'it said nothing'}"


def _git() -> str:
    found = shutil.which("git")
    if found is None:
        raise GitError("git is not installed, or not on the PATH.")
    return found
