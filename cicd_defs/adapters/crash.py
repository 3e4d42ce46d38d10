"""Points at which a process can be made to kill itself, so that tests can see what a sudden death leaves behind.

Nothing is armed until a door calls `arm` with what its settings say.
"""

import os
import signal
import threading
from dataclasses import dataclass
from pathlib import Path

_lock = threading.Lock()


@dataclass
class _Point:
    """A point that is armed in this process, and how often it was reached."""

    after: int
    marker: Path | None
    reached: int = 0


_armed: dict[str, _Point] = {}


def arm(points: str) -> None:
    """Arm a point: `name`, `name@3` (the third time), or `name@3:/path/to/marker`; or several, with commas between.

    With a marker the process dies once only: the file is made just before it dies, and where it is there nothing
    happens. So a process that is started again with the same settings lives. What was armed before is disarmed, by an
    empty text too. Raises `ValueError` for a count that is no positive number.
    """
    named = dict(_read(point) for point in points.split(",") if point)
    with _lock:
        _armed.clear()
        _armed.update(named)


def _read(text: str) -> tuple[str, _Point]:
    name, at, rest = text.partition("@")
    count, _, marker = rest.partition(":")
    if at and not (count.isdecimal() and int(count) > 0):
        raise ValueError(
            f"{text!r}: after the @ a count from 1 must follow, as in `inbox:after_commit@2`. Correct CICD_CRASH."
        )
    return name, _Point(int(count or 1), Path(marker) if marker else None)


def crashpoint(name: str) -> None:
    """Kill this process (SIGKILL) where this point is armed and was reached often enough; else do nothing."""
    point = _armed.get(name)
    if point is None:
        return
    with _lock:
        point.reached += 1
        if point.reached != point.after or not _mark(point.marker):
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
