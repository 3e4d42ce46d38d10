"""Parts of a gateway in memory, plain classes that remember what was asked of them."""

import threading
from datetime import UTC, datetime

from cicd_defs.facts.records.evaluations import ApiKey
from cicd_defs.gateway.parts import GatewayParts

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SECRET = b"It's a Secret to Everybody"


class Inbox:
    """Deliveries in memory: `rows` by delivery id. Where `broken` is set, it is raised."""

    def __init__(self):
        self.rows = {}
        self.broken = None
        self._lock = threading.Lock()

    def add(self, delivery, source, event, body, now, quarantined=""):
        if self.broken:
            raise self.broken
        with self._lock:
            if delivery in self.rows:
                return False
            self.rows[delivery] = (source, event, body, now, quarantined)
            return True

    def depth(self):
        if self.broken:
            raise self.broken
        return len(self.rows)


class Tasks:
    """Tasks in memory, numbered as the store does."""

    def __init__(self):
        self.kept = []

    def add(self, task):
        number = 1 + sum(one.project == task.project for one in self.kept)
        self.kept.append(task.model_copy(update={"number": number, "key": f"{task.project}-{number}"}))
        return self.kept[-1]

    def get(self, key_or_id):
        return next((one for one in self.kept if key_or_id in (one.key, one.id)), None)


class Audit:
    """What was done, in order."""

    def __init__(self):
        self.entries = []

    def append(self, actor, action, subject, detail, now):
        self.entries.append((actor, action, subject, detail))


class Keys:
    """Keys in memory: `cicd_read`, `cicd_task`, …, each with the one scope; `cicd_shop` for tasks of shop."""

    def check(self, plain, now):
        name = plain.removeprefix("cicd_")
        scopes = {"shop": ("task", "project:shop")}.get(name, (name,))
        if name not in ("read", "task", "approve", "merge", "admin", "shop"):
            return None
        return ApiKey(id="1", name=name, prefix=plain[:8], person="mona", scopes=scopes, created_at=now)


def parts(**changes) -> GatewayParts:
    """Parts of which only what differs is said."""
    given = {
        "inbox": Inbox(),
        "tasks": Tasks(),
        "keys": Keys(),
        "audit": Audit(),
        "projects": lambda: ("shop",),
        "secrets": (SECRET,),
        "now": lambda: NOW,
        "new_id": lambda: "00000000-0000-0000-0000-000000000001",
    }
    return GatewayParts(**{**given, **changes})
