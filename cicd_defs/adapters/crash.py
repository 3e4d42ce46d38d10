"""Points at which a process can be made to kill itself, so that tests can see what a sudden death leaves behind.

Nothing is armed until a door calls `arm` with what its settings say.
"""

import os
import signal
import threading
from pathlib import Path

_lock = threading.Lock()


class _Armed:
    """What is armed in this process, and how often its point was reached."""

    name = ""
    after = 1
    marker: Path | None = None
    reached = 0


def arm(point: str) -> None:
    """Arm a point: `name`, `name@3` (the third time), or `name@3:/path/to/marker`. An empty text disarms.

    With a marker the process dies once only: the file is made just before it dies, and where it is there nothing
    happens. So a process that is started again with the same settings lives. Raises `ValueError` for a count that is
    no positive number.
    """
    name, at, rest = point.partition("@")
    count, _, marker = rest.partition(":")
    if at and not (count.isdecimal() and int(count) > 0):
        raise ValueError(
            f"{point!r}: after the @ a count from 1 must follow, as in `inbox:after_commit@2`. Correct CICD_CRASH."
        )
    with _lock:
        _Armed.name, _Armed.after, _Armed.reached = name, int(count or 1), 0
        _Armed.marker = Path(marker) if marker else None


def crashpoint(name: str) -> None:
    """Kill this process (SIGKILL) where this point is armed and was reached often enough; else do nothing."""
    if name != _Armed.name:
        return
    with _lock:
        _Armed.reached += 1
        if _Armed.reached != _Armed.after or not _mark(_Armed.marker):
            return
        os.kill(os.getpid(), signal.SIGKILL)


def _mark(marker: Path | None) -> bool:
    """Make the marker; False where it is there already."""
    if marker is None:
        return True
    try:
        marker.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
