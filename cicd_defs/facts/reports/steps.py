"""What one step of a run reports, taken from outside the sandbox that it ran in."""

from typing import Literal

from cicd_defs.facts.value import Value

Ended = Literal["exited", "timed_out", "killed", "not_started"]


class StepResult(Value):
    """How one step ended. `exit_code` is None where it did not exit by itself; `seconds` is wall time.

    `head` and `tail` are the beginning and the end of what it printed on both streams, control characters removed;
    `output_bytes` is how much it printed in all, `cut` whether something between head and tail is missing.
    `error` says why it did not start or was stopped.
    """

    name: str
    kind: str
    component: str = ""
    ended: Ended = "exited"
    exit_code: int | None = None
    seconds: float = 0.0
    head: str = ""
    tail: str = ""
    output_bytes: int = 0
    cut: bool = False
    error: str = ""

    @property
    def passed(self) -> bool:
        """Whether it exited with status 0."""
        return self.ended == "exited" and self.exit_code == 0


class SandboxStep(Value):
    """One step to run: a script for `bash -eo pipefail`, in a folder below the repository's top.

    `kind` is a `StepKind`'s word. `network`: "mirror" reaches the package mirror and nothing else. `reports` are
    globs, relative to the repository's top, of files that are collected afterwards. `report` is the one that must be
    there: its tests count, and without it nothing says that any ran.
    """

    name: str
    kind: str
    run: str
    component: str = ""
    folder: str = "."
    env: dict[str, str] = {}
    seconds: float
    network: Literal["none", "mirror"] = "none"
    reports: tuple[str, ...] = ()
    report: str = ""


class Isolation(Value):
    """What a sandbox holds back. `lacks` names, in words, what it does not.

    full: strangers' code may run. partial: code of people with write permission may. none: nothing is isolated.
    """

    provider: str
    level: Literal["full", "partial", "none"]
    lacks: tuple[str, ...] = ()


class Limits(Value):
    """What a sandbox may use: megabytes of memory and of files, processors, processes; seconds in all."""

    memory_mb: int = 2048
    disk_mb: int = 1024
    cpus: int = 2
    processes: int = 256
    seconds: float = 1800.0
    output_bytes: int = 1024 * 1024
