"""Tasks, and what was prompted for them."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cicd_defs.adapters.store.database import (
    StoreError,
    add_once,
    one_at_a_time,
    reading,
    record,
    writing,
)
from cicd_defs.adapters.store.tables import codegen_requests, tasks
from cicd_defs.facts.records.work import PromptRecord, Task, TaskStatus


class Tasks:
    """Tasks, and what was prompted for them."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def add(self, task: Task) -> Task:
        """Keep a new task. Its `number` and `key` are given here: the next of its project."""
        with writing(self._engine) as db:
            one_at_a_time(db, f"tasks:{task.project}")
            highest = sa.select(sa.func.max(tasks.c.number)).where(tasks.c.project == task.project)
            number = (db.execute(highest).scalar() or 0) + 1
            numbered = task.model_copy(update={"number": number, "key": f"{task.project}-{number}"})
            db.execute(sa.insert(tasks).values(numbered.model_dump()))
        return numbered

    def get(self, key_or_id: str) -> Task | None:
        """The task of that key or id."""
        found = self._some((tasks.c.key == key_or_id) | (tasks.c.id == key_or_id))
        return found[0] if found else None

    def waiting(self, limit: int) -> tuple[Task, ...]:
        """Tasks of status submitted, oldest first."""
        return self._some(tasks.c.status == "submitted", limit)

    def set_status(
        self, key: str, status: TaskStatus, now: datetime, pull_request: int | None = None
    ) -> None:
        """Note how far a task has come. Without a number its pull request stays. Raises `StoreError` for no task."""
        values: dict[str, Any] = {"status": status, "updated_at": now}
        if pull_request is not None:
            values["pull_request"] = pull_request
        with writing(self._engine) as db:
            changed = db.execute(sa.update(tasks).where(tasks.c.key == key).values(values)).rowcount
        if not changed:
            raise StoreError(f"{key}: there is no such task. `cicd task list` names those that there are.")

    def of_pull_request(self, project: str, number: int) -> Task | None:
        """The task that a pull request was opened for."""
        found = self._some((tasks.c.project == project) & (tasks.c.pull_request == number))
        return found[-1] if found else None

    def listed(self, project: str | None = None, limit: int = 100) -> tuple[Task, ...]:
        """The newest tasks, of a project or of all, newest first."""
        query = sa.select(tasks).order_by(tasks.c.created_at.desc(), tasks.c.number.desc()).limit(limit)
        query = query if project is None else query.where(tasks.c.project == project)
        with reading(self._engine) as db:
            return tuple(record(Task, tasks, row) for row in db.execute(query))

    def add_request(self, record: PromptRecord) -> None:
        """Keep a prompt or a request of a pull request; one that is kept already stays as it is."""
        with writing(self._engine) as db:
            add_once(db, codegen_requests, record.model_dump(), ["id"])

    def requests(self, task_key: str) -> tuple[PromptRecord, ...]:
        """All of a task, oldest first."""
        order = (codegen_requests.c.created_at, codegen_requests.c.id)
        query = sa.select(codegen_requests).where(codegen_requests.c.task_key == task_key).order_by(*order)
        with reading(self._engine) as db:
            return tuple(record(PromptRecord, codegen_requests, row) for row in db.execute(query))

    def _some(self, where: sa.ColumnElement[bool], limit: int | None = None) -> tuple[Task, ...]:
        """Tasks, oldest first."""
        order = (tasks.c.created_at, tasks.c.project, tasks.c.number)
        with reading(self._engine) as db:
            rows = db.execute(sa.select(tasks).where(where).order_by(*order).limit(limit))
            return tuple(record(Task, tasks, row) for row in rows)
