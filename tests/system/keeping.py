"""Processes that are kept running: those that die are started again, as an init system does."""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Process:
    """A process in a session of its own. `deaths` are the statuses with which it has ended by itself."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str]
    log: Path
    popen: "subprocess.Popen[bytes] | None" = None
    deaths: list[int] = field(default_factory=list)

    def start(self) -> None:
        """Start it; what it prints goes to the end of its log."""
        with self.log.open("ab") as log:
            self.popen = subprocess.Popen(
                self.command,
                env=dict(self.environ),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill_group(self) -> None:
        """SIGKILL for it and everything that it has started in its own session."""
        assert self.popen
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)

    def stop(self, seconds: float = 20.0) -> None:
        """Ask it to end, and kill what does not."""
        assert self.popen
        with contextlib.suppress(ProcessLookupError):
            self.popen.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.popen.wait(seconds)
        self.kill_group()
        self.popen.wait()


class Keeper:
    """Starts processes, starts them again when they die, and ends them."""

    def __init__(self) -> None:
        self.processes: dict[str, Process] = {}
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._thread.start()

    def keep(self, process: Process) -> None:
        """Start a process, and keep it running from now on."""
        process.start()
        self.processes[process.name] = process

    def is_at_work(self) -> bool:
        """Whether it has not failed itself."""
        return self._thread.is_alive()

    def _keep(self) -> None:
        while not self._ending.wait(0.2):
            for process in list(self.processes.values()):
                status = process.popen.poll() if process.popen else None
                if status is not None:
                    process.deaths.append(status)
                    process.start()

    def close(self) -> None:
        """End all of them."""
        self._ending.set()
        self._thread.join()
        for process in self.processes.values():
            process.stop()
