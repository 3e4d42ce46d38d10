"""What people are to be told."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cicd_defs.adapters.store.database import add_once, reading, writing
from cicd_defs.adapters.store.tables import notifications


class Notifications:
    """What people are to be told."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def add(self, event: str, project: str, subject: str, body: dict[str, Any], now: datetime) -> bool:
        """Keep a notification; False where this event of this subject is there already."""
        values = {"event": event, "project": project, "subject": subject, "body": body, "created_at": now}
        with writing(self._engine) as db:
            return add_once(db, notifications, values, ["project", "event", "subject"])

    def newest(self, limit: int) -> tuple[dict[str, Any], ...]:
        """The newest notifications, newest first: event, project, subject, body, created_at."""
        columns = [notifications.c[name] for name in ("event", "project", "subject", "body", "created_at")]
        query = sa.select(*columns).order_by(notifications.c.id.desc()).limit(limit)
        with reading(self._engine) as db:
            return tuple(dict(row._mapping) for row in db.execute(query))
