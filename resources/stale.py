"""What killed git processes leave in a mirror. Whoever calls this holds the mirror's lock: nobody else works there."""

from __future__ import annotations

from pathlib import Path

_LOCKS = ("*.lock", "objects/info/*.lock", "refs/**/*.lock")


def remove_stale_locks(git_dir: Path) -> None:
    """Take away the lock files of git processes that are gone: git would refuse to work beside them, for ever."""
    for pattern in _LOCKS:
        for lock in git_dir.glob(pattern):
            lock.unlink(missing_ok=True)


def size_on_disk(folder: Path) -> int:
    """The bytes of all files below a folder."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())
