"""What killed git processes leave in a mirror. Whoever calls this holds the mirror's lock: nobody else works there."""

from __future__ import annotations

import os
from pathlib import Path

_LOCKS = ("*.lock", "objects/info/*.lock", "refs/**/*.lock")


def remove_stale_locks(git_dir: Path) -> None:
    """Take away the lock files of git processes that are gone: git would refuse to work beside them, for ever."""
    for pattern in _LOCKS:
        for lock in git_dir.glob(pattern):
            lock.unlink(missing_ok=True)


def size_on_disk(folder: Path) -> int:
    """The bytes of all files below a folder."""
    places = [Path(here) / name for here, _, names in os.walk(folder) for name in names]
    return sum(place.lstat().st_size for place in places)
