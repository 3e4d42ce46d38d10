"""The line that flows work on: everything that touches the world, put together by a door."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from cicd_defs.flows.protocols import (
    AgentBackend,
    AgentRuns,
    AgentStarter,
    AuditLog,
    Claims,
    Effects,
    Evidence,
    Forge,
    Inbox,
    Notifications,
    Progress,
    Repositories,
    Sandbox,
    Tasks,
    Unkept,
)
from cicd_defs.spec.model import Project


@dataclass(frozen=True)
class Limits:
    """What an operator allows: validations at once, minutes for each, agents at once, seconds for each agent run."""

    validations: int = 5
    validation_minutes: int = 30
    agents: int = 5
    agent_seconds: float = 300.0


def _nothing(point: str) -> None:
    """Nothing happens at a named point, but in fault tests."""


class Projects(Protocol):
    """The declared projects of which the file is well. A file is read when it is asked for, as it is then."""

    def get(self, name: str) -> Project | None:
        """The project of that name."""

    def of_repository(self, repository: str) -> Project | None:
        """The project whose repository has that name on the forge."""

    def names(self) -> tuple[str, ...]:
        """The names of all projects."""


@dataclass(frozen=True)
class Line:
    """What the flows of the delivery line need. `sandbox` is None where there is none; `no_sandbox` says why, and what
    to do. `new_id` makes ids, `now` tells the time in UTC, `reached` is
    called at named points, where fault tests end the process."""

    projects: Projects
    inbox: Inbox
    tasks: Tasks
    agent_runs: AgentRuns
    claims: Claims
    evidence: Evidence
    effects: Effects
    audit: AuditLog
    notifications: Notifications
    forge: Forge
    repositories: Repositories
    sandbox: Sandbox | None
    no_sandbox: str
    backend: Callable[[str], AgentBackend]
    starter: AgentStarter
    limits: Limits
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    reached: Callable[[str], None] = _nothing
    progress: Progress = field(default_factory=Unkept)


def repository_name(project: Project) -> str:
    """What the forge calls a project's repository."""
    return project.forge_name
