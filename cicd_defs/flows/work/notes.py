"""Calling a person: a task's status and one notification."""

from typing import Literal

from cicd_defs.facts.records.work import Task
from cicd_defs.flows.line import Line


def call_person(
    line: Line, task: Task, status: Literal["failed", "needs_a_person"], about: str, reason: str
) -> None:
    """Note that a task does not go on by itself, and notify people once of this matter (`about`).

    `failed`: nothing came of it. `needs_a_person`: there is a pull request, and somebody has to look at it.
    """
    line.tasks.set_status(task.key, status, line.now())
    body = {
        "task": task.key,
        "title": task.title,
        "status": status,
        "pull_request": task.pull_request,
        "reason": reason,
        "next": "Look at the reason, then submit the task again, better described, or go on by hand.",
    }
    line.notifications.add("needs_a_person", task.project, f"{task.key}:{about}", body, line.now())
