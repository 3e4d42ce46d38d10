"""How far tasks and evaluations have come, for people who read the store: projects, validation pipelines, workflows."""

import uuid
from datetime import datetime
from typing import Any

from cicd_defs.adapters.store.overview.executions import Executions
from cicd_defs.adapters.store.overview.pipelines import Pipelines
from cicd_defs.adapters.store.overview.projects import Projects
from cicd_defs.facts.records.evaluations import Claim
from cicd_defs.facts.records.work import Task
from cicd_defs.spec.model import Project

VALIDATION, TASK = "pr_validation", "task_to_pr"
"""The workflows by the plans' names."""


class Progress:
    """Keeps rows that nothing is decided on: each can be written again, and is then what it was."""

    def __init__(self, projects: Projects, pipelines: Pipelines, executions: Executions) -> None:
        self._projects, self._pipelines, self._executions = projects, pipelines, executions

    def evaluation_began(self, project: Project, claim: Claim, url: str, now: datetime) -> None:
        """Note that a run evaluates a head, and the project as its file is."""
        self._projects.put(
            project.name,
            project.forge_name,
            now,
            deployment_settings=project.deployment.model_dump(mode="json"),
            auto_merge_enabled=project.validation.auto_merge,
        )
        row = self._pipelines.begin(_id(claim), claim.subject, claim.generation, now, pr_url=url)
        self._executions.begin(row.id, VALIDATION, claim.subject.project, claim.subject.partition, now)

    def evaluation_came_to(self, claim: Claim, step: str, now: datetime) -> None:
        """Note the step that an evaluation has come to."""
        self._executions.step(_id(claim), step, now)

    def evaluation_ended(self, claim: Claim, status: str, results: dict[str, Any], now: datetime) -> None:
        """Note how an evaluation ended: its decision, and what each part said."""
        self._pipelines.complete(_id(claim), status, results, now)
        self._executions.end(_id(claim), "done", now, result={"decision": status})

    def task_came_to(self, task: Task, step: str, now: datetime) -> None:
        """Note the step that a task has come to."""
        self._executions.begin(task.id, TASK, task.project, task.key, now)
        self._executions.step(task.id, step, now)

    def task_ended(self, task: Task, status: str, now: datetime) -> None:
        """Note how a task ended."""
        self._executions.begin(task.id, TASK, task.project, task.key, now)
        self._executions.end(task.id, status, now, result={"pull_request": task.pull_request})


def _id(claim: Claim) -> str:
    """The id of an evaluation: the same for the same head, base, policy and generation."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, claim.subject.run_key(claim.generation)))
