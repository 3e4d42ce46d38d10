"""A commit's files in bubblewrap, and how a step is run there."""

import json
import os
import platform
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cicd_defs.adapters.programs import Finished, Kept, Program, run_program
from cicd_defs.adapters.sandbox import profile, toolchains
from cicd_defs.adapters.sandbox.collect import Collected, collect
from cicd_defs.adapters.sandbox.errors import SandboxError
from cicd_defs.adapters.sandbox.housing import Housing
from cicd_defs.adapters.sandbox.limits.disk import watch_size
from cicd_defs.adapters.sandbox.limits.seccomp import filter_for
from cicd_defs.adapters.sandbox.profile import Place, Start
from cicd_defs.adapters.sandbox.results import not_started, result_of, script_problem
from cicd_defs.facts.reports.steps import Isolation, Limits, SandboxStep, StepResult

TOOLS = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
_NO_MIRROR = (
    "This step needs packages, and there is no package mirror: neither pip nor npm on this machine names an index. "
    "Set CICD_PYPI_UPSTREAM or CICD_NPM_UPSTREAM."
)
_KILLED = 137
_NO_PYTHON = "This step needs packages, which are handed in by /usr/bin/python3. Install Python there."


class BubblewrapWorkspace:
    """Where the steps for one commit run. `take_down` removes what it lives in."""

    def __init__(
        self,
        housing: Housing,
        limits: Limits,
        isolation: Isolation,
        take_down: Callable[[], None],
        socket: Path | None = None,
        pip: Path | None = None,
    ) -> None:
        self._housing, self._limits, self._isolation = housing, limits, isolation
        self._take_down, self._socket, self._pip = take_down, socket, pip
        self._left, self._turn = limits.seconds, threading.Lock()
        self.left_out: tuple[str, ...] = ()
        """Paths of the commit that are not there: links that lead out of it."""

    @property
    def isolation(self) -> Isolation:
        """What holds it."""
        return self._isolation

    @property
    def uid(self) -> int | None:
        """The user that it runs as; None for whoever started it."""
        return self._housing.uid

    @property
    def source(self) -> Path:
        """The folder that is `/src` inside."""
        return self._housing.inside / "src"

    def run(self, step: SandboxStep) -> StepResult:
        """Run one step in `/src/<folder>`. Whatever it starts ends with it. Never raises for what the step does."""
        with self._turn:
            seconds = min(step.seconds, self._left)
        problem = script_problem(step.run) or self._problem(step, seconds)
        if problem:
            return not_started(step, problem)
        before = self._housing.cgroup.memory_kills()
        folder = f"/src/{step.folder}"
        packages = step.network == "mirror"
        start = Start(_command(step.run, packages), folder, self._environment(step), seconds, packages)
        try:
            ended = self.start(start)
        except (SandboxError, OSError, ValueError) as error:
            return not_started(step, str(error))
        with self._turn:
            self._left -= ended.finished.seconds
        used_up = self._housing.cgroup.memory_kills() > before
        return _result(
            step, ended, f"Its memory of {self._limits.memory_mb:,} MB was used up." if used_up else ""
        )

    def start(self, start: Start) -> "Ended":
        """Run a command of ours inside, with no environment but the one given."""
        place = self._place()
        with _files(3) as (arguments, seccomp, status):
            os.write(seccomp, filter_for(platform.machine()))
            os.write(arguments, _joined(profile.bwrap_arguments(place, start, seccomp, status)))
            for file in (arguments, seccomp):
                os.lseek(file, 0, os.SEEK_SET)
            finished = run_program(
                Program(
                    profile.launcher(place, start, arguments),
                    {**TOOLS, profile.MARKER: self._housing.marker},
                    start.seconds,
                    folder=Path("/"),
                    kept=Kept(self._limits.output_bytes // 4, self._limits.output_bytes * 3 // 4),
                    together=True,
                    pass_fds=(arguments, seccomp, status),
                    watch=self._watch(),
                )
            )
            return Ended(finished, _has_run(status))

    def collect(self, patterns: Sequence[str]) -> Collected:
        """Regular files below `/src` that match these globs; `refused` of what is returned says what was not taken."""
        return collect(self.source, patterns)

    def destroy(self) -> None:
        """End everything that runs there, and remove it."""
        self._take_down()

    def _problem(self, step: SandboxStep, seconds: float) -> str:
        """Why a step cannot be started; empty where it can."""
        if seconds <= 0:
            return f"The {self._limits.seconds:.0f} seconds for all steps are used up."
        if ".." in PurePosixPath(step.folder).parts or step.folder.startswith("/"):
            return f"{step.folder} is no folder of the repository."
        if step.network == "mirror" and self._socket is None:
            return _NO_MIRROR
        if step.network == "mirror" and not Path("/usr/bin/python3").exists():
            return _NO_PYTHON
        return ""

    def _place(self) -> Place:
        housing = self._housing
        return Place(
            housing.inside,
            housing.marker,
            housing.uid,
            self._limits,
            tuple(housing.cgroup.unique),
            self._socket,
            self._pip,
            0 if housing.uid is not None else _threads_of(os.getuid()),
        )

    def _watch(self) -> Callable[[], str] | None:
        return None if self._housing.mounted else watch_size(self._housing.inside, self._limits.disk_mb)

    def _environment(self, step: SandboxStep) -> dict[str, str]:
        venv = toolchains.VENV if (self._housing.inside / "tools/venv").is_dir() else ""
        packages = toolchains.package_environment() if step.network == "mirror" else {}
        return {**toolchains.environment(venv), **packages, **step.env}


@dataclass(frozen=True)
class Ended:
    """How a start in the sandbox ended; `ran`: the sandbox was up, so the status is the command's."""

    finished: Finished
    ran: bool


def _command(script: str, packages: bool) -> list[str]:
    command = ["/bin/bash", "-eo", "pipefail", "-c", script]
    if packages:
        relay = ["/usr/bin/python3", "-I", "-S", profile.RELAY, profile.SOCKET, str(toolchains.PORT)]
        return [*relay, *command]
    return command


def _result(step: SandboxStep, ended: Ended, memory: str) -> StepResult:
    finished = ended.finished
    if finished.ended == "exited" and not ended.ran:
        return not_started(step, f"The sandbox did not start: {finished.out.text.strip()[-600:]}")
    killed = bool(memory) and (finished.code == _KILLED or finished.ended == "killed")
    return result_of(step, finished, memory, killed)


@contextmanager
def _files(count: int) -> Iterator[list[int]]:
    """Open files without a name, which hold only what is written to them."""
    files = [os.memfd_create(f"sandbox-{at}", os.MFD_CLOEXEC) for at in range(count)]
    try:
        yield files
    finally:
        for file in files:
            os.close(file)


def _joined(words: Sequence[str]) -> bytes:
    """Words as bubblewrap reads them from a file. Raises `SandboxError` for a zero byte, which would end a word."""
    if any("\0" in word for word in words):
        raise SandboxError("The command or environment of a step holds a zero byte.")
    return b"\0".join(word.encode() for word in words) + b"\0"


def _has_run(status: int) -> bool:
    """Whether bubblewrap told a status of the command: it does so only where the sandbox was up."""
    told = os.pread(status, 1 << 16, 0).decode("utf-8", "replace")
    return any("exit-code" in json.loads(line) for line in told.splitlines() if line.strip())


def _threads_of(uid: int) -> int:
    """How many threads a user has; the kernel counts these against the limit of processes."""
    count = 0
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal():
            try:
                if entry.stat().st_uid == uid:
                    count += int(Path(entry.path, "stat").read_text().rpartition(")")[2].split()[17])
            except OSError:
                continue
    return count
