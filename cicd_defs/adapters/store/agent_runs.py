"""Runs of agents, one for each intent."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cicd_defs.adapters.store.database import add_once, reading, record, writing
from cicd_defs.adapters.store.tables import agent_runs, projects
from cicd_defs.facts.records.work import AgentRun
from cicd_defs.facts.reports.agents import TERMINAL

FIXED = frozenset({"id", "intent", "task_key", "project", "attempt", "created_at", "updated_at"})
CHANGEABLE = frozenset(AgentRun.model_fields) - FIXED
ENDED = agent_runs.c.state.in_(sorted(TERMINAL))


class AgentRuns:
    """Runs of agents, one for each intent."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def intend(self, run: AgentRun) -> AgentRun:
        """Keep a new run, or return the one that has its intent already."""
        project = sa.select(projects.c.id).where(projects.c.name == run.project).scalar_subquery()
        with writing(self._engine) as db:
            add_once(db, agent_runs, {**run.model_dump(), "project_id": project}, ["intent"])
            row = db.execute(sa.select(agent_runs).where(agent_runs.c.intent == run.intent)).one()
            return record(AgentRun, agent_runs, row)

    def get(self, run_id: str) -> AgentRun | None:
        """The run of that id."""
        found = self._some(agent_runs.c.id == run_id)
        return found[0] if found else None

    def of_task(self, task_key: str) -> tuple[AgentRun, ...]:
        """The runs for a task, oldest first."""
        return self._some(agent_runs.c.task_key == task_key)

    def update(self, run_id: str, now: datetime, **columns: Any) -> None:
        """Change columns of a run that has not ended; one that has keeps its state, and takes `harvested` only.

        Raises `ValueError` for a column that is fixed or does not exist.
        """
        if unknown := sorted(set(columns) - CHANGEABLE):
            raise ValueError(f"{', '.join(unknown)} of an agent's run cannot be changed.")
        this = agent_runs.c.id == run_id
        with writing(self._engine) as db:
            change = sa.update(agent_runs).where(this, ~ENDED).values(**columns, updated_at=now)
            if not db.execute(change).rowcount and "harvested" in columns:
                harvest = {"harvested": columns["harvested"], "updated_at": now}
                db.execute(sa.update(agent_runs).where(this).values(harvest))

    def beat(self, run_id: str, now: datetime) -> bool:
        """Say that its supervisor lives; True where somebody asked for it to be cancelled."""
        this = agent_runs.c.id == run_id
        with writing(self._engine) as db:
            db.execute(sa.update(agent_runs).where(this, ~ENDED).values(heartbeat_at=now))
            return bool(db.execute(sa.select(agent_runs.c.cancel_requested).where(this)).scalar())

    def unharvested(self, limit: int) -> tuple[AgentRun, ...]:
        """Runs that have ended and of which the result was not looked at, oldest first."""
        return self._some(ENDED & ~agent_runs.c.harvested, limit)

    def silent(self, before: datetime) -> tuple[AgentRun, ...]:
        """Runs that have not ended and whose last heartbeat (or creation) is older."""
        last = sa.func.coalesce(agent_runs.c.heartbeat_at, agent_runs.c.created_at)
        return self._some(~ENDED & (last < before))

    def _some(self, where: sa.ColumnElement[bool], limit: int | None = None) -> tuple[AgentRun, ...]:
        """Runs, oldest first."""
        order = (agent_runs.c.created_at, agent_runs.c.attempt, agent_runs.c.id)
        with reading(self._engine) as db:
            rows = db.execute(sa.select(agent_runs).where(where).order_by(*order).limit(limit))
            return tuple(record(AgentRun, agent_runs, row) for row in rows)
