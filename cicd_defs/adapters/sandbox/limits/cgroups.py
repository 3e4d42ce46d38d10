"""Limits for all processes of a sandbox together: control groups of either version, where we may make them."""

import os
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from cicd_defs.facts.reports.steps import Limits

MOUNT = Path("/sys/fs/cgroup")
CONTROLLERS = ("memory", "pids", "cpu")
_PERIOD = 100_000
"""Microseconds over which processor time is counted."""


class Cgroup:
    """The groups of one sandbox. `folders` is controller to folder; one folder for all in version 2."""

    def __init__(self, folders: Mapping[str, str]) -> None:
        self.folders = dict(folders)

    @property
    def unique(self) -> list[Path]:
        """Its folders, each once."""
        return [Path(folder) for folder in dict.fromkeys(self.folders.values())]

    def processes(self) -> set[int]:
        """The processes in it."""
        found: set[int] = set()
        for folder in self.unique:
            with suppress(OSError):
                found |= {int(line) for line in (folder / "cgroup.procs").read_text().split()}
        return found

    def memory_kills(self) -> int:
        """How many processes were killed because its memory was used up."""
        if "memory" not in self.folders:
            return 0
        for name in ("memory.events", "memory.oom_control"):
            with suppress(OSError, ValueError):
                lines = (Path(self.folders["memory"]) / name).read_text().splitlines()
                return int(dict(line.split(maxsplit=1) for line in lines)["oom_kill"])
        return 0

    def end(self, seconds: float = 5.0) -> None:
        """Kill what runs in it, as long as something does."""
        until = time.monotonic() + seconds
        while (running := self.processes()) and time.monotonic() < until:
            for pid in running:
                with suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)

    def remove(self) -> None:
        """End what runs in it, and the groups."""
        self.end()
        for folder in self.unique:
            with suppress(OSError):
                folder.rmdir()


def make_cgroup(
    name: str, limits: Limits, mount: Path = MOUNT, own: Path = Path("/proc/self/cgroup")
) -> Cgroup:
    """Groups of a name with these limits, below the groups that we are in ourselves. Has those that could be made."""
    with suppress(OSError):
        lines = [line.split(":", 2) for line in own.read_text().splitlines()]
        places = {kind: path for _, kinds, path in lines for kind in (kinds.split(",") if kinds else [""])}
        if (mount / "cgroup.controllers").exists():
            return _version_2(mount, places.get("", "/"), name, limits)
        return Cgroup(
            {
                kind: str(folder)
                for kind in CONTROLLERS
                if kind in places and (folder := _version_1(mount / kind, places[kind], name, kind, limits))
            }
        )
    return Cgroup({})


def lacking(cgroup: Cgroup) -> tuple[str, ...]:
    """What of the limits such a group does not hold, in words."""
    words = {
        "memory": "memory is not limited for all processes together",
        "pids": "the number of processes is limited for each user only",
        "cpu": "the share of the processors is not limited",
    }
    return tuple(words[kind] for kind in CONTROLLERS if kind not in cgroup.folders)


def _version_1(mount: Path, place: str, name: str, kind: str, limits: Limits) -> Path | None:
    folder = mount / place.lstrip("/") / name
    settings = {
        "memory": {
            "memory.limit_in_bytes": limits.memory_mb << 20,
            "memory.memsw.limit_in_bytes": limits.memory_mb << 20,
        },
        "pids": {"pids.max": limits.processes},
        "cpu": {"cpu.cfs_period_us": _PERIOD, "cpu.cfs_quota_us": limits.cpus * _PERIOD},
    }
    if _made(folder, [(key, str(value)) for key, value in settings[kind].items()]):
        return folder
    with suppress(OSError):
        folder.rmdir()
    return None


def _version_2(mount: Path, place: str, name: str, limits: Limits) -> Cgroup:
    """A group in the nearest one around us that may hand on its controllers."""
    settings = {
        "memory": [("memory.max", str(limits.memory_mb << 20)), ("memory.swap.max", "0")],
        "pids": [("pids.max", str(limits.processes))],
        "cpu": [("cpu.max", f"{limits.cpus * _PERIOD} {_PERIOD}")],
    }
    around = mount / place.lstrip("/")
    while around.is_relative_to(mount):
        for kind in CONTROLLERS:
            with suppress(OSError):
                (around / "cgroup.subtree_control").write_text(f"+{kind}")
        folder = around / name
        held = [kind for kind in CONTROLLERS if _made(folder, settings[kind])]
        if "memory" in held and "pids" in held:
            return Cgroup(dict.fromkeys(held, str(folder)))
        with suppress(OSError):
            folder.rmdir()
        around = around.parent
    return Cgroup({})


def _made(folder: Path, settings: Sequence[tuple[str, str]]) -> bool:
    """Make a group and set its limits; only the first of them must be there. False where that cannot be."""
    try:
        folder.mkdir(exist_ok=True)
        for at, (name, value) in enumerate(settings):
            if at == 0 or (folder / name).exists():
                (folder / name).write_text(value)
    except OSError:
        return False
    return True
