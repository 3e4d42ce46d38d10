"""Workflows of ours as rows: which run, at which step each is, and how it ended."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cicd_defs.adapters.store.database import StoreError, add_once, reading, record, writing
from cicd_defs.adapters.store.tables import workflow_executions
from cicd_defs.facts.value import Value


class WorkflowExecution(Value):
    """One run of a workflow for a subject: a task's key, or a pull request's partition."""

    id: str
    workflow: str
    project: str
    subject: str
    status: str = "running"
    current_step: str = ""
    result: dict[str, Any] = {}
    error: str = ""
    started_at: datetime
    updated_at: datetime
    completed_at: datetime | None = None


class Executions:
    """Workflows of ours. One that has ended keeps its end."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def begin(self, execution_id: str, workflow: str, project: str, subject: str, now: datetime) -> bool:
        """Keep that a workflow began; False where this one is there already."""
        row = WorkflowExecution(
            id=execution_id,
            workflow=workflow,
            project=project,
            subject=subject,
            started_at=now,
            updated_at=now,
        )
        with writing(self._engine) as db:
            return add_once(db, workflow_executions, row.model_dump(), ["id"])

    def step(self, execution_id: str, name: str, now: datetime) -> None:
        """Note the step that it has come to. Raises `StoreError` where it never began."""
        self._change(execution_id, {"current_step": name, "updated_at": now})

    def end(
        self,
        execution_id: str,
        status: str,
        now: datetime,
        *,
        result: dict[str, Any] | None = None,
        error: str = "",
    ) -> None:
        """Keep how it ended: done, failed or cancelled. Raises `StoreError` where it never began."""
        values = {"status": status, "result": result or {}, "error": error}
        self._change(execution_id, {**values, "updated_at": now, "completed_at": now})

    def get(self, execution_id: str) -> WorkflowExecution | None:
        """The execution of that id."""
        found = self._some(workflow_executions.c.id == execution_id)
        return found[0] if found else None

    def of_subject(self, subject: str) -> tuple[WorkflowExecution, ...]:
        """Those of a task or a pull request, oldest first."""
        return self._some(workflow_executions.c.subject == subject)

    def running(self) -> tuple[WorkflowExecution, ...]:
        """Those that have not ended, oldest first."""
        return self._some(workflow_executions.c.completed_at.is_(None))

    def _change(self, execution_id: str, values: dict[str, Any]) -> None:
        this = workflow_executions.c.id == execution_id
        running = workflow_executions.c.completed_at.is_(None)
        with writing(self._engine) as db:
            changed = db.execute(sa.update(workflow_executions).where(this, running).values(values)).rowcount
        if not changed and self.get(execution_id) is None:
            raise StoreError(f"{execution_id}: no such workflow began. Begin it before its steps.")

    def _some(self, where: sa.ColumnElement[bool]) -> tuple[WorkflowExecution, ...]:
        order = (workflow_executions.c.started_at, workflow_executions.c.id)
        with reading(self._engine) as db:
            rows = db.execute(sa.select(workflow_executions).where(where).order_by(*order))
            return tuple(record(WorkflowExecution, workflow_executions, row) for row in rows)
