"""Killing processes of a running line from outside, at a moment that nobody chose."""

import os
import signal
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from cicd_defs.assembly import now
from tests.system.running import Running


def kill_line(line: Running) -> None:
    """Kill the daemon with its code server, and the runs that this one has started."""
    line.keeper.processes["daemon"].kill_group()


def kill_gateway(line: Running) -> None:
    """Kill the gateway."""
    line.keeper.processes["gateway"].kill_group()


def kill_run_at_work(line: Running, seconds: float = 180.0) -> None:
    """Kill the process of a run that holds a claim, while its sandbox is at work."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for pid in _at_work(line) if line.store.claims.stale(now() + timedelta(days=1)) else ():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                return
        time.sleep(0.05)
    raise AssertionError(f"no run was at work within {seconds:g} s. {line.told()}")


def _at_work(line: Running) -> list[int]:
    """Processes of runs that have started a sandbox."""
    found = []
    for pid in line.processes_of_home():
        with suppress(OSError):
            threads = Path(f"/proc/{pid}/task").iterdir()
            children = [child for thread in threads for child in (thread / "children").read_text().split()]
            if any(b"bwrap" in Path(f"/proc/{child}/cmdline").read_bytes() for child in children):
                found.append(pid)
    return found
