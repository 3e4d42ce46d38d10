"""Keys of clients. A key is shown once; only its SHA-256 is kept."""

import hashlib
import secrets
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from cicd_defs.adapters.store.database import reading, record, writing
from cicd_defs.adapters.store.tables import api_keys
from cicd_defs.facts.records.evaluations import ApiKey

BEGINS = "cicd_"
SHOWN = len(BEGINS) + 6
NOTED_AGAIN_AFTER = timedelta(minutes=1)
"""A use is noted at most this often, so that a busy client does not write at every request."""


class Keys:
    """Keys of clients."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def create(
        self, name: str, person: str, scopes: Sequence[str], now: datetime, expires_at: datetime | None = None
    ) -> tuple[str, ApiKey]:
        """Make a key for a person; return it, for this once, with what is kept of it."""
        key = BEGINS + secrets.token_urlsafe(32)
        kept = ApiKey(
            id=str(uuid.uuid4()),
            name=name,
            prefix=key[:SHOWN],
            person=person,
            scopes=tuple(scopes),
            created_at=now,
            expires_at=expires_at,
        )
        with writing(self._engine) as db:
            db.execute(sa.insert(api_keys).values(**kept.model_dump(), sha256=_digest(key)))
        return key, kept

    def check(self, key: str, now: datetime) -> ApiKey | None:
        """The key that a client shows, its use noted; None where it is unknown, expired or revoked."""
        with reading(self._engine) as db:
            row = db.execute(sa.select(api_keys).where(api_keys.c.sha256 == _digest(key))).first()
        found = record(ApiKey, api_keys, row) if row else None
        if found is None or found.revoked_at or (found.expires_at and found.expires_at <= now):
            return None
        if found.last_used_at is None or now - found.last_used_at >= NOTED_AGAIN_AFTER:
            with writing(self._engine) as db:
                db.execute(sa.update(api_keys).where(api_keys.c.id == found.id).values(last_used_at=now))
            return found.model_copy(update={"last_used_at": now})
        return found

    def list(self) -> tuple[ApiKey, ...]:
        """All keys, oldest first, revoked ones too."""
        with reading(self._engine) as db:
            rows = db.execute(sa.select(api_keys).order_by(api_keys.c.created_at, api_keys.c.id))
            return tuple(record(ApiKey, api_keys, row) for row in rows)

    def revoke(self, id_or_prefix: str, now: datetime) -> int:
        """Let keys of this id or prefix open nothing any more; return how many were revoked by this."""
        which = (api_keys.c.id == id_or_prefix) | (api_keys.c.prefix == id_or_prefix)
        with writing(self._engine) as db:
            change = sa.update(api_keys).where(which, api_keys.c.revoked_at.is_(None)).values(revoked_at=now)
            return db.execute(change).rowcount


def _digest(key: str) -> str:
    """The SHA-256 of a key. What cannot be encoded is no key of ours, and finds none."""
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
