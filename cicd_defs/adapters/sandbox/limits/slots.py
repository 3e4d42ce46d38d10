"""A user id for each workspace, so that no two can see, stop or starve each other.

Which are taken is written in one folder of the machine, for all processes and all installations on it.
"""

import fcntl
import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cicd_defs.adapters.sandbox.errors import SandboxError

FOLDER = Path("/run/cicd-sandbox")
FIRST, COUNT = 20_000, 10_000


class Slots:
    """User ids to hand out. One is taken for as long as the workspace that it was taken for exists."""

    def __init__(self, folder: Path = FOLDER, first: int = FIRST, count: int = COUNT) -> None:
        self._folder, self._uids = folder, range(first, first + count)

    def take(self, workspace: Path) -> int:
        """A user id for a workspace whose folder is there. Raises `SandboxError` where all are taken."""
        with self._turn():
            busy = {int(entry.name) for entry in self._folder.iterdir() if self._is_taken(entry)}
            busy |= running_uids() | {user.pw_uid for user in pwd.getpwall()}
            for uid in self._uids:
                if uid not in busy:
                    (self._folder / str(uid)).write_text(str(workspace))
                    return uid
        raise SandboxError(
            f"All {len(self._uids):,} user ids for sandboxes are taken: {self._folder} lists by whom. Remove old ones."
        )

    def release(self, uid: int, workspace: Path) -> None:
        """Give a user id back, where it is still this workspace's."""
        with self._turn():
            slot = self._folder / str(uid)
            if slot.exists() and slot.read_text() == str(workspace):
                slot.unlink()

    @staticmethod
    def _is_taken(entry: Path) -> bool:
        return entry.name.isdecimal() and Path(entry.read_text() or "/nonexistent").is_dir()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = (self._folder / "lock").open("w")
        except OSError as error:
            raise SandboxError(f"{self._folder} cannot be written: {error.strerror}.") from error
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def running_uids() -> set[int]:
    """The user ids that processes run as."""
    found = set()
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal():
            with suppress(OSError):
                found.add(entry.stat().st_uid)
    return found
