"""Taking files out of a workspace: regular ones only, never through a link, never more than so many."""

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from cicd_defs.facts.globs import pattern_of

MOST_FILES = 1_000
LARGEST_FILE = 8 * 1024 * 1024
LARGEST_SUM = 64 * 1024 * 1024
_MOST_SEEN, _DEEPEST = 200_000, 60
_NEVER = frozenset({".git", "node_modules"})


class Collected(dict[str, bytes]):
    """Files by path. `refused` says, by path, why something that matched is not among them."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: dict[str, str] = {}


def collect(top: Path, patterns: Sequence[str]) -> Collected:
    """The files below a folder that match one of the globs. Nothing may run there while this goes on."""
    found = Collected()
    globs = [pattern_of(pattern) for pattern in patterns]
    if not globs:
        return found
    start = os.open(top, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        for path, name, folder, status in _walk(start, "", [0], found):
            leads = stat.S_ISLNK(status.st_mode) and any(_may_lead(path, pattern) for pattern in patterns)
            if leads or any(glob.fullmatch(path) for glob in globs):
                _take(found, path, name, folder)
    finally:
        os.close(start)
    return found


def _walk(
    folder: int, prefix: str, seen: list[int], found: Collected
) -> Iterator[tuple[str, str, int, os.stat_result]]:
    """Everything below an open folder but folders: path, name, the open folder that it is in, status."""
    with os.scandir(folder) as entries:
        listed = sorted(entries, key=lambda entry: entry.name) if seen[0] < _MOST_SEEN else []
    for entry in listed:
        seen[0] += 1
        path = f"{prefix}{entry.name}"
        if seen[0] > _MOST_SEEN:
            found.refused.setdefault("", f"Only the first {_MOST_SEEN:,} files were looked at.")
            return
        with suppress(OSError):
            status = os.stat(entry.name, dir_fd=folder, follow_symlinks=False)
            if not stat.S_ISDIR(status.st_mode):
                yield path, entry.name, folder, status
            elif entry.name not in _NEVER and prefix.count("/") < _DEEPEST:
                inner = os.open(
                    entry.name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder
                )
                try:
                    yield from _walk(inner, path + "/", seen, found)
                finally:
                    os.close(inner)


def _take(found: Collected, path: str, name: str, folder: int) -> None:
    """Read one file that matched, or note why not."""
    if len(found) >= MOST_FILES:
        found.refused[path] = f"More than {MOST_FILES:,} files match."
        return
    try:
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except OSError as error:
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
        linked = stat.S_ISLNK(status.st_mode)
        found.refused[path] = "It is a link; links are not followed." if linked else f"{error.strerror}."
        return
    with os.fdopen(file, "rb") as opened:
        held = os.fstat(file)
        room = min(LARGEST_FILE, LARGEST_SUM - sum(map(len, found.values())))
        if not stat.S_ISREG(held.st_mode):
            found.refused[path] = "It is no regular file."
        elif held.st_size > room:
            found.refused[path] = f"It has {held.st_size:,} bytes; {room:,} are left to take."
        else:
            found[path] = opened.read(room)


def _may_lead(path: str, pattern: str) -> bool:
    """Whether a path may be a folder on the way to what a glob matches."""
    parts, steps = path.split("/"), pattern.removeprefix("./").split("/")
    for part, step in zip(parts, steps, strict=False):
        if "**" in step:
            return False  # it may be anywhere, so a link there is nothing that was expected
        if not pattern_of(step).fullmatch(part):
            return False
    return len(parts) < len(steps)
