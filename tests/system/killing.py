"""Killing processes of a running line from outside, at a moment that nobody chose."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from tests.system.running import Running


def kill_line(line: Running) -> None:
    """Kill the daemon with its code server, and the runs that this one has started."""
    line.processes["daemon"].kill_group()


def kill_gateway(line: Running) -> None:
    """Kill the gateway."""
    line.processes["gateway"].kill_group()


def kill_run_at_work(line: Running, seconds: float = 60.0) -> None:
    """Kill the process of a run while its sandbox is at work; nothing where none is within a minute."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for pid in _at_work(line):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                return
        time.sleep(0.05)


def _at_work(line: Running) -> list[int]:
    """Processes of runs that have started a sandbox."""
    ours, found = set(line.processes_of_home()), []
    for pid in ours:
        with suppress(OSError):
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            names = [Path(f"/proc/{child}/cmdline").read_bytes() for child in children]
            if any(b"bwrap" in name for name in names):
                found.append(pid)
    return found
