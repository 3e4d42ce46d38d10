"""Tasks, what was prompted for them, and the runs of agents."""

from datetime import datetime
from typing import Any, Literal

from cicd_defs.facts.reports.agents import AgentState
from cicd_defs.facts.value import Value

Priority = Literal["low", "medium", "high", "critical"]
Complexity = Literal["low", "medium", "high"]
TaskStatus = Literal[
    "submitted", "incomplete", "prompted", "running", "pull_request", "merged", "needs_a_person", "failed"
]


class Task(Value):
    """Work that somebody wants done in a project. `key` is the project and a number (`shop-17`), its partition.

    `lacks` names what is missing: where it has title and description, the work goes on and the lack is stated.
    """

    id: str
    key: str
    number: int
    project: str
    title: str
    description: str
    requirements: tuple[str, ...] = ()
    acceptance_criteria: tuple[str, ...] = ()
    priority: Priority = "medium"
    estimated_complexity: Complexity = "medium"
    status: TaskStatus = "submitted"
    lacks: tuple[str, ...] = ()
    asked_by: str
    pull_request: int | None = None
    created_at: datetime
    updated_at: datetime


class AgentRun(Value):
    """One run of an agent for a task. `intent` is its natural key: a task and an attempt have one run, whatever dies.

    `attempt` is 1 for the task itself, 2 and more for fixes of `pull_request` at `base`. `reference` is the run's name
    at its back end. `result` is the back end's last snapshot as JSON. `harvested`: its result was looked at, and became
    a commit or a note. `pid` is the supervisor's process.
    """

    id: str
    intent: str
    task_key: str
    project: str
    backend: str
    attempt: int
    prompt: str
    base: str
    state: AgentState = "queued"
    response_type: Literal["regular", "plan", "pr"] = "pr"
    progress: int = 0
    current_step: str = ""
    reference: str = ""
    result: dict[str, Any] = {}
    harvested: bool = False
    cancel_requested: bool = False
    pull_request: int | None = None
    pid: int | None = None
    heartbeat_at: datetime | None = None
    deadline_at: datetime | None = None
    created_at: datetime
    updated_at: datetime


class PromptRecord(Value):
    """A prompt that was written, or a pull request that was asked for: a row of `codegen_requests`."""

    id: str
    task_key: str
    kind: Literal["prompt", "create_pr", "fix"]
    text: str = ""
    digest: str = ""
    context_used: dict[str, Any] = {}
    options: dict[str, Any] = {}
    status: str = "done"
    created_at: datetime
