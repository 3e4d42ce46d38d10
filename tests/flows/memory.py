"""The world in memory, for tests of flows: plain classes that fit the protocols. Their fields show what was done."""

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cicd_defs.facts.records.work import Task
from cicd_defs.facts.reports.agents import AgentRequest, AgentSnapshot
from cicd_defs.flows.line import Limits, Line
from cicd_defs.spec.model import Project
from tests.flows.memory_forge import MemoryForge, MemoryRepository
from tests.flows.memory_store import (
    Crashes,
    Died,
    MemoryAgentRuns,
    MemoryAudit,
    MemoryClaims,
    MemoryEffects,
    MemoryEvidence,
    MemoryInbox,
    MemoryNotifications,
    MemoryProjects,
    MemoryTasks,
)

__all__ = ["FILES", "START", "Crashes", "Died", "World", "task", "world"]

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class MemoryTime:
    """A clock that moves when somebody sleeps."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class MemoryBackend:
    """An agent whose words are written down in advance: one snapshot for each look, the last one for good."""

    name = "memory"

    def __init__(self, *said: AgentSnapshot, cancels: str = "stopped") -> None:
        self.said, self.cancels = list(said), cancels
        self.created: dict[str, AgentRequest] = {}
        self.cancelled: list[str] = []
        self.faults: list[Exception] = []

    def create(self, request: AgentRequest, key: str) -> str:
        self.created.setdefault(key, request)
        return f"at-backend:{key}"

    def get(self, reference: str) -> AgentSnapshot:
        if self.faults:
            raise self.faults.pop()
        return self.said.pop(0) if len(self.said) > 1 else self.said[0]

    def cancel(self, reference: str) -> str:
        self.cancelled.append(reference)
        return self.cancels


class MemoryStarter:
    def __init__(self) -> None:
        self.started: list[str] = []

    def start(self, run_id: str) -> int:
        self.started.append(run_id)
        return 1000 + len(self.started)


@dataclass
class World:
    """All of it, and the `line` that flows take."""

    projects: MemoryProjects
    repository: MemoryRepository
    backend: MemoryBackend
    limits: Limits = field(default_factory=Limits)
    clock: MemoryTime = field(default_factory=MemoryTime)
    crashes: Crashes = field(default_factory=Crashes)

    def __post_init__(self) -> None:
        self.inbox, self.tasks, self.agent_runs = MemoryInbox(), MemoryTasks(), MemoryAgentRuns()
        self.claims, self.evidence = MemoryClaims(), MemoryEvidence()
        self.effects = MemoryEffects(self.crashes)
        self.audit, self.notifications = MemoryAudit(), MemoryNotifications()
        self.forge, self.starter = MemoryForge(self.repository), MemoryStarter()
        self._ids = itertools.count(1)

    @property
    def line(self) -> Line:
        return Line(
            projects=self.projects,
            inbox=self.inbox,
            tasks=self.tasks,
            agent_runs=self.agent_runs,
            claims=self.claims,
            evidence=self.evidence,
            effects=self.effects,
            audit=self.audit,
            notifications=self.notifications,
            forge=self.forge,
            repositories=self.repository,
            sandbox=None,
            no_sandbox="There is no sandbox in memory.",
            backend=lambda _: self.backend,
            starter=self.starter,
            limits=self.limits,
            now=self.clock.now,
            new_id=lambda: f"id-{next(self._ids)}",
        )


FILES = {
    "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\nrequires-python = ">=3.11"\n'
    'dependencies = ["httpx>=0.27"]\n'
    "[tool.ruff]\n[tool.pytest.ini_options]\n",
    "src/shop/__init__.py": "",
    "src/shop/cart.py": "def total(prices):\n    return sum(prices)\n",
    "src/shop/mail.py": "def send(address):\n    return address\n",
    "tests/test_cart.py": "from shop.cart import total\n\n\ndef test_total():\n    assert total([1, 2]) == 3\n",
    "README.md": "# Shop\n",
    ".env": "CART_TOKEN=secret-of-the-cart\n",
}


def world(files: dict[str, str] = FILES, *said: AgentSnapshot, **changes: Any) -> World:
    """A world with one project `shop`, and a back end that says `said`. `changes` are keys of the project."""
    project = Project.model_validate({"name": "shop", "repository": "acme/shop", **changes})
    return World(MemoryProjects(project), MemoryRepository(files), MemoryBackend(*said))


def task(**changes: Any) -> Task:
    values: dict[str, Any] = {
        "id": "task-id",
        "key": "shop-1",
        "number": 1,
        "project": "shop",
        "title": "Give a discount in the cart",
        "description": "The total of the cart should take a discount.",
        "requirements": ("`total` takes a discount in per cent",),
        "acceptance_criteria": ("a discount of 10 on 100 gives 90",),
        "asked_by": "ann",
        "created_at": START,
        "updated_at": START,
    }
    return Task.model_validate({**values, **changes})
