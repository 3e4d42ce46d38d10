"""A sandbox that runs nothing: what each kind of step comes to is written down in advance."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cicd_defs.facts.reports.steps import Isolation, SandboxStep, StepResult

PASSED = b"<testsuite><testcase classname='t' name='a'/></testsuite>"


@dataclass
class MemorySandbox:
    """`ends` has what is different of a kind's result; `hanging` kinds never end.

    `files` is what is collected, else a report of one test that passed; `reports/junit.xml` stands for the report's
    name, there and in `refused`.
    """

    ends: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, bytes] | None = None
    refused: dict[str, str] = field(default_factory=dict)
    hanging: set[str] = field(default_factory=set)
    level: str = "full"
    during: Callable[[str], None] = lambda kind: None

    def __post_init__(self) -> None:
        self.prepared: list[str] = []
        self.destroyed: list[str] = []
        self.swept: list[list[str]] = []
        self.ran: list[SandboxStep] = []
        self.let_go = threading.Event()

    def isolation(self) -> Isolation:
        lacks = () if self.level == "full" else ("it limits no memory",)
        return Isolation(provider="memory", level=self.level, lacks=lacks)

    def prepare(self, git_dir: str, commit: str, name: str, limits: Any) -> "MemoryWorkspace":
        self.prepared.append(commit)
        return MemoryWorkspace(self, name)

    def sweep(self, keep: Any) -> int:
        self.swept.append(list(keep))
        return 0


class MemoryFiles(dict[str, bytes]):
    """Files by path; `refused` says why others that matched are not among them."""

    refused: dict[str, str]


@dataclass
class MemoryWorkspace:
    sandbox: MemorySandbox
    name: str

    @property
    def isolation(self) -> Isolation:
        return self.sandbox.isolation()

    def run(self, step: SandboxStep) -> StepResult:
        self.sandbox.ran.append(step)
        self.sandbox.during(step.kind)
        if step.kind in self.sandbox.hanging:
            self.sandbox.let_go.wait(20)
        end = {"exit_code": 0, **self.sandbox.ends.get(step.kind, {})}
        return StepResult(name=step.name, kind=step.kind, component=step.component, **end)

    def collect(self, patterns: Any) -> "MemoryFiles":
        names = {"reports/junit.xml": next(iter(patterns), "")}
        default = {} if self.sandbox.refused else {"reports/junit.xml": PASSED}
        given = default if self.sandbox.files is None else self.sandbox.files
        found = MemoryFiles({names.get(path, path): data for path, data in given.items()})
        found.refused = {names.get(path, path): why for path, why in self.sandbox.refused.items()}
        return found

    def destroy(self) -> None:
        self.sandbox.destroyed.append(self.name)
        self.sandbox.let_go.set()
