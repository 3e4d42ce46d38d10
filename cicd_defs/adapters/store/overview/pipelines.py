"""Evaluations of pull requests as rows: which began, how each ended, and what it found in short."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cicd_defs.adapters.store.database import StoreError, add_once, reading, record, writing
from cicd_defs.adapters.store.tables import validation_pipelines
from cicd_defs.facts.records.evaluations import Subject
from cicd_defs.facts.value import Value


class ValidationPipeline(Value):
    """One evaluation of a pull request. `environment_id` names its sandbox or preview, where it has one."""

    id: str
    agent_run_id: str | None = None
    project: str
    repository: str
    pr_number: int
    pr_url: str = ""
    head: str
    generation: int
    status: str
    validation_results: dict[str, Any] = {}
    environment_id: str = ""
    created_at: datetime
    completed_at: datetime | None = None


class Pipelines:
    """Evaluations of pull requests."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def begin(
        self,
        pipeline_id: str,
        subject: Subject,
        generation: int,
        now: datetime,
        *,
        agent_run_id: str | None = None,
        pr_url: str = "",
    ) -> ValidationPipeline:
        """Keep that an evaluation began; where one of this head and generation is there, return that."""
        row = ValidationPipeline(
            id=pipeline_id,
            agent_run_id=agent_run_id,
            project=subject.project,
            repository=subject.repository,
            pr_number=subject.number,
            pr_url=pr_url,
            head=subject.head,
            generation=generation,
            status="running",
            created_at=now,
        )
        key = ("repository", "pr_number", "head", "generation")
        where = sa.and_(*(validation_pipelines.c[name] == getattr(row, name) for name in key))
        with writing(self._engine) as db:
            add_once(db, validation_pipelines, row.model_dump(), list(key))
            there = db.execute(sa.select(validation_pipelines).where(where)).one()
            return record(ValidationPipeline, validation_pipelines, there)

    def complete(self, pipeline_id: str, status: str, results: dict[str, Any], now: datetime) -> None:
        """Keep how an evaluation ended. Raises `StoreError` where it never began."""
        values = {"status": status, "validation_results": results, "completed_at": now}
        this = validation_pipelines.c.id == pipeline_id
        with writing(self._engine) as db:
            changed = db.execute(sa.update(validation_pipelines).where(this).values(values)).rowcount
        if not changed:
            raise StoreError(f"{pipeline_id}: no such evaluation began. Begin it before it is completed.")

    def of_pull_request(self, repository: str, number: int) -> tuple[ValidationPipeline, ...]:
        """The evaluations of a pull request, oldest first."""
        table = validation_pipelines
        query = sa.select(table).where(table.c.repository == repository, table.c.pr_number == number)
        with reading(self._engine) as db:
            rows = db.execute(query.order_by(table.c.created_at, table.c.generation))
            return tuple(record(ValidationPipeline, table, row) for row in rows)
