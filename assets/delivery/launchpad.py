"""A task from the launchpad: a partitioned asset cannot make its own key, so a job takes it."""

import dagster as dg

from assets.delivery.acting import user_errors
from cicd_defs.flows.line import Line
from cicd_defs.flows.work.submit_task import Asked, TaskRequest
from cicd_defs.flows.work.submit_task import submit_task as submit


class TaskConfig(dg.Config):
    """A task as a person writes it. The sensor `tasks` asks for all that follows."""

    project: str
    title: str
    description: str
    requirements: list[str] = []
    acceptance_criteria: list[str] = []
    priority: str = "medium"
    estimated_complexity: str = "medium"
    asked_by: str = "launchpad"


@dg.op
def take(context: dg.OpExecutionContext, config: TaskConfig, cicd_line: dg.ResourceParam[Line]) -> None:
    """Keep a task; its key is in the run's log."""
    fields = config.model_dump(exclude={"asked_by"})
    with user_errors():
        request = TaskRequest.model_validate(fields)
        asked = Asked(by=config.asked_by, at=cicd_line.now(), id=cicd_line.new_id())
        task = submit(cicd_line.tasks, cicd_line.audit, request, cicd_line.projects.names(), asked)
    context.log.info(f"Task {task.key} was submitted.")


@dg.job(description="Submit a task in plain words; write it under `config` in the launchpad.")
def submit_task() -> None:
    """Take one task."""
    take()
