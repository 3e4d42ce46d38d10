"""What a workspace may write: a file system of its own where we may mount one, else its size is watched."""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from cicd_defs.adapters.programs import Program, run_program

TOOLS = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
SECONDS = 60.0
_BYTES_A_FILE = 8192
_MOST_FOLDERS = 200_000


def mount_image(image: Path, folder: Path, megabytes: int) -> bool:
    """Mount a new file system of so many megabytes on a folder, without set-uid and devices. Needs root.

    False, with nothing left behind, where this machine does not let us.
    """
    with image.open("wb") as file:
        file.truncate(megabytes << 20)
    made = ("mkfs.ext4", "-q", "-F", "-m", "0", "-O", "^has_journal", "-i", str(_BYTES_A_FILE), str(image))
    if tool(*made) and tool("mount", "-o", "loop,nosuid,nodev", str(image), str(folder)):
        with suppress(OSError):
            (folder / "lost+found").rmdir()
        return True
    image.unlink()
    return False


def unmount(folder: Path) -> None:
    """Take away whatever is mounted on a folder."""
    for _ in range(8):  # somebody may have mounted upon it
        if not os.path.ismount(folder) or not tool("umount", "--lazy", str(folder)):
            return


def remove(folder: Path) -> None:
    """Remove a folder with all that is in it, however deep and whatever its permissions."""
    if not os.path.lexists(folder):
        return
    unmount(folder)
    if not tool("rm", "-rf", "--one-file-system", str(folder)):
        tool("chmod", "-R", "u+rwx", str(folder))
        tool("rm", "-rf", "--one-file-system", str(folder))


def tool(*command: str) -> bool:
    """Run a tool of the system; whether it succeeded."""
    return run_program(Program(command, TOOLS, SECONDS)).code == 0


def size_of(folder: Path) -> int:
    """Bytes that what is below a folder takes up; what cannot be read counts as nothing."""
    total, waiting, seen = 0, [os.fspath(folder)], 0
    while waiting and seen < _MOST_FOLDERS:
        seen += 1
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                with suppress(OSError):
                    total += entry.stat(follow_symlinks=False).st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
    return total


def watch_size(folder: Path, megabytes: int, pause: float = 0.5) -> Callable[[], str]:
    """A function to ask while a program runs: why to stop it, once a folder has grown over so many megabytes.

    Looks every `pause` seconds, less often where looking takes long.
    """
    next_look = 0.0

    def look() -> str:
        nonlocal next_look
        began = time.monotonic()
        if began < next_look:
            return ""
        size = size_of(folder)
        took = time.monotonic() - began
        next_look = began + max(pause, 10 * took)
        return f"It wrote more than {megabytes:,} MB." if size > megabytes << 20 else ""

    return look
