"""The command line that holds a sandbox: each flag was tried out against what it is to hold back.

Bubblewrap started by root is no sandbox (root's files and the kernel's settings stay writable), so root changes to a
user of its own first. Bubblewrap's own environment can be read inside, so it is started with an empty one.
"""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cicd_defs.adapters.sandbox.toolchains import HOME, PIP, TOOLS
from cicd_defs.facts.reports.steps import Limits

INNER_UID = 10_001
SOCKET = "/run/packages.sock"
RELAY = "/opt/relay.py"
MARKER = "CICD_SANDBOX"
"""The variable in bubblewrap's environment by which what runs in a workspace is found."""

_TMP_BYTES, _SHM_BYTES, _OPEN_FILES = 268_435_456, 67_108_864, 4096
_ROOTS_VIEW = Path("/mnt")
"""Where root's start of a sandbox, in a mount namespace of its own, sees the workspace, which others cannot reach."""

ETC = {
    "passwd": f"root:x:0:0:root:/nonexistent:/usr/sbin/nologin\nsandbox:x:{INNER_UID}:{INNER_UID}::{HOME}:/bin/bash\n",
    "group": f"root:x:0:\nsandbox:x:{INNER_UID}:\n",
    "hosts": "127.0.0.1 localhost sandbox\n::1 localhost\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
}
"""Files below /etc that a sandbox has of its own."""


@dataclass(frozen=True)
class Place:
    """A workspace as its profile needs to know it. `uid` is None for an ordinary user's.

    `folder` holds `src`, `tools`, `etc` and `relay.py`. `pip` is a folder with our pip in it, where it is needed.
    """

    folder: Path
    marker: str
    uid: int | None
    limits: Limits
    cgroups: tuple[Path, ...] = ()
    socket: Path | None = None
    pip: Path | None = None
    processes: int = 0


@dataclass(frozen=True)
class Start:
    """What is run in a workspace: words, folder inside, whole environment inside, seconds, with packages or without."""

    command: Sequence[str]
    folder: str
    env: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 60.0
    packages: bool = False


def bwrap_arguments(place: Place, start: Start, seccomp: int, status: int) -> list[str]:
    """Bubblewrap's options. `seccomp` and `status` are open files: the filter to read, and where to tell the status."""
    view = place.folder if place.uid is None else _ROOTS_VIEW
    shared = [("etc/" + name, "/etc/" + name) for name in ETC]
    shared += [("packages.sock", SOCKET), ("relay.py", RELAY)] if start.packages else []
    shared += [("pip", PIP)] if place.pip else []
    where = {"packages.sock": place.socket, "pip": place.pip} if place.uid is None else {}
    return [
        *("--ro-bind", "/usr", "/usr", *_system_folders()),
        *("--ro-bind-try", "/etc/alternatives", "/etc/alternatives", "--ro-bind-try", "/etc/ssl", "/etc/ssl"),
        *("--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"),
        *(
            word
            for name, inside in shared
            for word in ("--ro-bind", str(where.get(name) or view / name), inside)
        ),
        *("--proc", "/proc", "--dev", "/dev", "--size", str(_TMP_BYTES), "--tmpfs", "/tmp"),  # noqa: S108
        *("--size", str(_SHM_BYTES), "--tmpfs", "/dev/shm"),  # noqa: S108
        *("--bind", str(view / "src"), "/src", "--bind", str(view / "tools"), TOOLS),
        *("--remount-ro", "/", "--remount-ro", "/dev", "--clearenv"),
        *(word for name, value in start.env.items() for word in ("--setenv", name, value)),
        *("--unshare-user", "--uid", str(INNER_UID), "--gid", str(INNER_UID), "--disable-userns"),
        *("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"),
        *("--die-with-parent", "--new-session", "--cap-drop", "ALL", "--hostname", "sandbox"),
        *("--seccomp", str(seccomp), "--json-status-fd", str(status), "--chdir", start.folder),
    ]


def launcher(place: Place, start: Start, arguments: int) -> list[str]:
    """The words to run; `arguments` is the open file that holds bubblewrap's options.

    The process joins its groups, becomes the workspace's user if we are root, takes its limits, becomes bubblewrap.
    """
    lines = [
        "set -e",
        *(f"echo $$ > {shlex.quote(str(folder / 'cgroup.procs'))}" for folder in place.cgroups),
    ]
    command = [*_limits(place, start), "bwrap", "--args", str(arguments), "--"]
    rest = ["sh", *start.command]
    if place.uid is None:
        return ["/bin/sh", "-c", "\n".join([*lines, f'exec {shlex.join(command)} "$@"']), *rest]
    view = str(_ROOTS_VIEW)
    mounts = [(place.folder, view)]
    mounts += [(place.socket, f"{view}/packages.sock")] if place.socket and start.packages else []
    mounts += [(place.pip, f"{view}/pip")] if place.pip else []
    lines += ["mount --bind " + shlex.join([str(source), target]) for source, target in mounts]
    user = [
        "setpriv",
        "--reuid",
        str(place.uid),
        "--regid",
        str(place.uid),
        "--clear-groups",
        "--no-new-privs",
    ]
    lines.append(f'exec {shlex.join([*user, *command])} "$@"')
    return ["unshare", "--mount", "--propagation", "slave", "/bin/sh", "-c", "\n".join(lines), *rest]


def _limits(place: Place, start: Start) -> list[str]:
    limits = place.limits
    processes = place.processes + limits.processes
    seconds = int(start.seconds * limits.cpus) + 5
    return [
        "prlimit",
        f"--nproc={processes}:{processes}",
        f"--nofile={_OPEN_FILES}:{_OPEN_FILES}",
        "--core=0:0",
        f"--fsize={limits.disk_mb << 20}",
        f"--cpu={seconds}",
    ]


def _system_folders() -> list[str]:
    """The folders beside /usr: links into it on most systems, folders on some."""
    words = []
    for name in ("lib", "lib32", "lib64", "libx32", "bin", "sbin"):
        folder = Path("/") / name
        if folder.is_symlink():
            words += ["--symlink", str(folder.readlink()), str(folder)]
        elif folder.is_dir():
            words += ["--ro-bind", str(folder), str(folder)]
    return words
