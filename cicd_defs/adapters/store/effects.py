"""The ledger of what was done to the world."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cicd_defs.adapters.crash import crashpoint
from cicd_defs.adapters.store.database import StoreError, add_once, reading, record, writing
from cicd_defs.adapters.store.tables import effects
from cicd_defs.facts.records.evaluations import Effect


class Effects:
    """The ledger of what was done to the world."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def get(self, key: str) -> Effect | None:
        """The effect of that key."""
        with reading(self._engine) as db:
            return _effect(db, key)

    def intend(self, key: str, kind: str, digest: str, now: datetime) -> Effect:
        """Write down that it is to be done; return what is written, also where it was there before."""
        values = {
            "key": key,
            "kind": kind,
            "digest": digest,
            "state": "intended",
            "intended_at": now,
            "at": now,
        }
        with writing(self._engine) as db:
            add_once(db, effects, values, ["key"])
            effect = _effect(db, key)
        crashpoint(f"effect:{kind}:intended")
        assert effect is not None
        return effect

    def done(self, key: str, external_id: str, now: datetime, digest: str = "") -> None:
        """Write down that it was done. Raises `StoreError` where it was never intended."""
        effect = self.get(key)
        if effect:
            crashpoint(f"effect:{effect.kind}:unrecorded")
        values = {"state": "done", "external_id": external_id, "detail": "", "at": now}
        self._change(key, values | ({"digest": digest} if digest else {}))

    def failed(self, key: str, detail: str, now: datetime) -> None:
        """Write down that it cannot be done. Raises `StoreError` where it was never intended."""
        self._change(key, {"state": "failed", "detail": detail, "at": now})

    def _change(self, key: str, values: dict[str, Any]) -> None:
        with writing(self._engine) as db:
            changed = db.execute(sa.update(effects).where(effects.c.key == key).values(values)).rowcount
        if not changed:
            raise StoreError(f"{key}: no such effect was intended. Write the intent down before the deed.")


def _effect(db: sa.Connection, key: str) -> Effect | None:
    row = db.execute(sa.select(effects).where(effects.c.key == key)).first()
    return record(Effect, effects, row) if row else None
