"""Writing a commit's files into a folder: bytes as they are in git, nothing that the repository says is followed.

No filters, no line endings, no attributes, no hooks; submodules are left out. The folder must be ours alone while this
goes on.
"""

import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

from cicd_defs.adapters.git import command_line, environment, is_commit_id, run_git
from cicd_defs.adapters.programs import end_group
from cicd_defs.adapters.sandbox.errors import SandboxError
from cicd_defs.adapters.sandbox.limits.disk import tool

MOST_FILES = 200_000
_LINK, _PROGRAM = "120000", "100755"
_LONGEST_LINK = 4096
_PART = 1 << 20


class Entry(NamedTuple):
    """A file or link of a commit."""

    path: bytes
    mode: str
    blob: str
    size: int


def export(git_dir: Path, commit: str, folder: Path, largest: int) -> tuple[str, ...]:
    """Write a commit's files into an empty folder; return the paths that were left out.

    Those are links that lead out of the folder, and what lies in `.git`. `largest` is how many bytes there may be in
    all. Raises `SandboxError` where there is more, and `GitError` where git cannot read the commit.
    """
    if not is_commit_id(commit):
        raise SandboxError(f"{commit!r} is not the full id of a commit.")
    entries = _entries(git_dir, commit)
    total = sum(entry.size for entry in entries)
    if len(entries) > MOST_FILES or total > largest:
        raise SandboxError(
            f"Commit {commit[:12]} has {len(entries):,} files of {total / 1e6:,.0f} MB; at most {MOST_FILES:,} files "
            f"of {largest / 1e6:,.0f} MB fit. Raise the limit of written files for this project."
        )
    wanted = [entry for entry in entries if _is_plain(entry.path)]
    left = [os.fsdecode(entry.path) for entry in entries if not _is_plain(entry.path)]
    links: list[tuple[bytes, bytes]] = []
    for entry, content in _contents(git_dir, wanted):
        if entry.mode == _LINK:
            links.append((entry.path, content.read(_LONGEST_LINK)))
        else:
            _write(folder, entry, content)
    for path, target in links:  # last: nothing is written through them
        if _stays_inside(path, target):
            os.symlink(target, _place(folder, path))  # noqa: PTH211 - a path need not be text
        else:
            left.append(os.fsdecode(path))
    return tuple(sorted(left))


def give(folder: Path, uid: int) -> None:
    """Make a folder and all below it a user's; links are not followed. Raises `SandboxError` where it cannot be."""
    if not tool("chown", "--recursive", "--no-dereference", f"{uid}:{uid}", str(folder)):
        raise SandboxError(f"{folder} cannot be given to user id {uid}: root may not do so here.")


def _entries(git_dir: Path, commit: str) -> list[Entry]:
    listing = run_git("ls-tree", "-r", "-z", "-l", "--full-tree", "--end-of-options", commit, git_dir=git_dir)
    found = []
    for line in listing.split(b"\0")[:-1]:
        about, _, path = line.partition(b"\t")
        mode, kind, blob, size = about.decode().split()
        if kind == "blob":
            found.append(Entry(path, mode, blob, int(size)))
    return found


def _is_plain(path: bytes) -> bool:
    """Whether each part of a path is an ordinary name. Git refuses others, but a tree may be made by hand."""
    parts = path.split(b"/")
    return not any(part in {b"", b".", b".."} or part.lower() == b".git" for part in parts)


def _stays_inside(path: bytes, target: bytes) -> bool:
    if target.startswith(b"/") or b"\0" in target or not target:
        return False
    depth = path.count(b"/")
    for part in PurePosixPath(os.fsdecode(target)).parts:
        depth += -1 if part == ".." else 1
        if depth < 0:
            return False
    return True


def _place(folder: Path, path: bytes) -> bytes:
    place = os.path.join(os.fsencode(folder), path)  # noqa: PTH118 - a path need not be text
    os.makedirs(os.path.dirname(place), exist_ok=True)  # noqa: PTH103, PTH120
    return place


def _write(folder: Path, entry: Entry, content: IO[bytes]) -> None:
    mode = 0o755 if entry.mode == _PROGRAM else 0o644
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(_place(folder, entry.path), flags, mode), "wb") as file:
        while part := content.read(_PART):
            file.write(part)


class _Part:
    """The next so many bytes of a stream."""

    def __init__(self, stream: IO[bytes], count: int) -> None:
        self._stream, self.left = stream, count

    def read(self, count: int) -> bytes:
        part = self._stream.read(min(count, self.left))
        if not part and self.left:
            raise SandboxError(
                "git ended in the middle of a file. Try again; else check the repository with git fsck."
            )
        self.left -= len(part)
        return part


def _contents(git_dir: Path, entries: Sequence[Entry]) -> Iterator[tuple[Entry, "IO[bytes]"]]:
    """Each entry with its content, to be read before the next is asked for. One `git cat-file` for all."""
    with tempfile.TemporaryFile() as asked:
        asked.write(b"".join(entry.blob.encode() + b"\n" for entry in entries))
        asked.seek(0)
        process = subprocess.Popen(  # noqa: S603 - the hardened command line
            command_line("cat-file", "--batch", "--buffer", git_dir=git_dir),
            env=environment(),
            stdin=asked,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    assert process.stdout
    try:
        for entry in entries:
            header = process.stdout.readline().decode().split()
            if header[1:] != ["blob", str(entry.size)]:
                raise SandboxError(
                    f"git does not give {os.fsdecode(entry.path)!r}: {' '.join(header) or 'it ended'}."
                )
            part = _Part(process.stdout, entry.size)
            yield entry, part  # type: ignore[misc]
            while part.read(_PART):
                pass
            process.stdout.read(1)
    finally:
        end_group(process)
        process.stdout.close()
