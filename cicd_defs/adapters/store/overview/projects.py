"""The projects that our other rows belong to, as their files said when they were last read."""

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cicd_defs.adapters.store.database import insert, reading, record, writing
from cicd_defs.adapters.store.tables import projects
from cicd_defs.facts.value import Value


class ProjectRow(Value):
    """A project as the store has it. The project's file is what decides; this row is a copy for those who read SQL."""

    id: str
    name: str
    repository_owner: str
    repository_name: str
    webhook_url: str | None = None
    deployment_settings: dict[str, Any] = {}
    auto_merge_enabled: bool = False
    created_at: datetime
    updated_at: datetime


class Projects:
    """The projects that our other rows belong to."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def put(
        self,
        name: str,
        repository: str,
        now: datetime,
        *,
        deployment_settings: dict[str, Any] | None = None,
        auto_merge_enabled: bool = False,
    ) -> ProjectRow:
        """Keep a project, in the place of what was kept under its name. `repository` is owner/name, or any address."""
        owner, _, repository_name = repository.rpartition("/")
        news = {
            "repository_owner": owner,
            "repository_name": repository_name,
            "deployment_settings": deployment_settings or {},
            "auto_merge_enabled": auto_merge_enabled,
            "updated_at": now,
        }
        first = {"id": str(uuid.uuid4()), "name": name, "created_at": now}
        with writing(self._engine) as db:
            statement = insert(db, projects).values(**first, **news)
            db.execute(statement.on_conflict_do_update(index_elements=["name"], set_=news))
            row = db.execute(sa.select(projects).where(projects.c.name == name)).one()
            return record(ProjectRow, projects, row)

    def get(self, name: str) -> ProjectRow | None:
        """The project of that name."""
        with reading(self._engine) as db:
            row = db.execute(sa.select(projects).where(projects.c.name == name)).first()
            return record(ProjectRow, projects, row) if row else None

    def list(self) -> tuple[ProjectRow, ...]:
        """All projects, by name."""
        with reading(self._engine) as db:
            rows = db.execute(sa.select(projects).order_by(projects.c.name))
            return tuple(record(ProjectRow, projects, row) for row in rows)
