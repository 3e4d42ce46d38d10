"""The folder of a workspace and what goes with it: a user id, groups that limit it, a file system of its own.

`state.json` in it says what was set up, so that any process can take it down again, also one that did not build it.
"""

import hashlib
import json
import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cicd_defs.adapters.sandbox import profile
from cicd_defs.adapters.sandbox.errors import SandboxError
from cicd_defs.adapters.sandbox.limits.cgroups import Cgroup, make_cgroup
from cicd_defs.adapters.sandbox.limits.disk import mount_image, remove
from cicd_defs.adapters.sandbox.limits.slots import Slots
from cicd_defs.facts.reports.steps import Limits

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}")
_STATE, _IMAGE, _INSIDE = "state.json", "disk.img", "inside"
_SECONDS_TO_END = 10.0


@dataclass(frozen=True)
class Housing:
    """What a workspace lives in. `uid` is None for an ordinary user's; `mounted`: its disk is limited by itself."""

    folder: Path
    uid: int | None
    cgroup: Cgroup
    mounted: bool

    @property
    def inside(self) -> Path:
        """The folder that the workspace's user may enter."""
        return self.folder / _INSIDE

    @property
    def marker(self) -> str:
        """What tells its processes from others."""
        return marker_of(self.folder)


def marker_of(folder: Path) -> str:
    """What tells the processes of a workspace from others, in the environment of bubblewrap."""
    return hashlib.sha256(os.fsencode(folder)).hexdigest()[:24]


def folder_for(root: Path, name: str) -> Path:
    """The folder of a workspace of that name. Raises `SandboxError` for what is no name."""
    if not _NAME.fullmatch(name):
        raise SandboxError(
            f"{name!r} is no name for a workspace: letters, digits, dots, dashes and underscores only."
        )
    return root / name


def is_root() -> bool:
    """Whether we are root."""
    return os.geteuid() == 0


def build(folder: Path, limits: Limits, slots: Slots) -> Housing:
    """Build what a workspace lives in; what is there already is taken down first."""
    take_down(folder, slots)
    folder.mkdir(mode=0o700, parents=True)
    uid = slots.take(folder) if is_root() else None
    _note(folder, {"uid": uid, "cgroups": {}})
    cgroup = make_cgroup(f"cicd-sandbox-{marker_of(folder)}", limits)
    _note(folder, {"uid": uid, "cgroups": cgroup.folders})
    housing = Housing(folder, uid, cgroup, _disk(folder, uid, limits))
    _furnish(housing)
    return housing


def take_down(folder: Path, slots: Slots) -> None:
    """End what runs in a workspace and remove all of it. Raises `SandboxError` where something stays."""
    if not os.path.lexists(folder):
        return
    state = _noted(folder)
    cgroup, uid = Cgroup(state.get("cgroups", {})), state.get("uid")
    end_all(folder, cgroup, uid)
    remove(folder / _INSIDE)
    cgroup.remove()  # before the folder, whose state alone tells of it: this may die at any moment
    remove(folder)
    if os.path.lexists(folder):
        raise SandboxError(
            f"{folder} cannot be removed. Look at who owns what is in it, and remove it by hand."
        )
    if uid is not None and is_root():
        slots.release(uid, folder)


def _disk(folder: Path, uid: int | None, limits: Limits) -> bool:
    inside = folder / _INSIDE
    inside.mkdir(mode=0o700)
    return uid is not None and mount_image(folder / _IMAGE, inside, limits.disk_mb)


def _furnish(housing: Housing) -> None:
    """Make the folders and files that a sandbox sees; the workspace's user may enter, and write to two of them."""
    inside = housing.inside
    for name in ("src", "tools", "tools/tmp", "etc", "pip"):
        (inside / name).mkdir(mode=0o755)
    for name, text in profile.ETC.items():
        (inside / "etc" / name).write_text(text)
    (inside / "packages.sock").touch()
    (inside / "relay.py").write_bytes(Path(__file__).with_name("relay.py").read_bytes())
    if housing.uid is not None:
        for place in (inside, inside / "src", inside / "tools", inside / "tools/tmp"):
            os.chown(place, housing.uid, housing.uid)
        inside.chmod(0o700)


def _note(folder: Path, state: dict[str, Any]) -> None:
    (folder / (_STATE + ".new")).write_text(json.dumps(state))
    (folder / (_STATE + ".new")).replace(folder / _STATE)


def _noted(folder: Path) -> dict[str, Any]:
    """What was set up; nothing where it was not written down, or by somebody else."""
    with suppress(OSError, ValueError):
        if folder.lstat().st_uid != os.geteuid():
            return {}
        state = json.loads((folder / _STATE).read_text())
        if isinstance(state, dict):
            return state
    return {}


def end_all(folder: Path, cgroup: Cgroup, uid: int | None) -> None:
    """Kill all that runs in a workspace, also what another process of ours started there.

    Raises `SandboxError` for what does not end.
    """
    until = time.monotonic() + _SECONDS_TO_END
    while running := {*cgroup.processes(), *processes_of(marker_of(folder), uid)}:
        for pid in running:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > until:
            raise SandboxError(f"{len(running)} processes of {folder} do not end: {sorted(running)[:10]}.")
        time.sleep(0.02)


def processes_of(marker: str, uid: int | None) -> Iterator[int]:
    """The processes that have a workspace's marker, or run as its user."""
    sign = f"{profile.MARKER}={marker}".encode()
    for entry in os.scandir("/proc"):
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        with suppress(OSError):
            owner = entry.stat().st_uid
            is_its = uid is not None and uid != 0 and owner == uid
            is_its = is_its or sign in Path(entry.path, "environ").read_bytes().split(b"\0")
            if is_its and not _is_dead(Path(entry.path)):
                yield int(entry.name)


def _is_dead(process: Path) -> bool:
    """Whether a process is one that has ended and was not waited for."""
    return process.joinpath("stat").read_text().rpartition(")")[2].split()[0] in {"Z", "X"}
