"""Who did what: a chain of entries, each with a hash over itself and the one before it."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from cicd_defs.adapters.store.database import one_at_a_time, reading, record, writing
from cicd_defs.adapters.store.tables import audit, plain
from cicd_defs.facts.records.evaluations import AuditEntry

BEFORE_THE_FIRST = "0" * 64
PAGE = 500


class Verified(NamedTuple):
    """How many links of the chain hold, and what is wrong with the first that does not; empty where all hold."""

    links: int
    broken: str


class Audit:
    """Who did what, hash-chained. Entries are added only: the database refuses to change or delete one."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def append(self, actor: str, action: str, subject: str, detail: dict[str, Any], now: datetime) -> None:
        """Add a link to the chain."""
        entry = {
            "at": now.astimezone(UTC),
            "actor": plain(actor),
            "action": plain(action),
            "subject": plain(subject),
            "detail": json.loads(json.dumps(detail, allow_nan=False)),
        }
        with writing(self._engine) as db:
            one_at_a_time(db, "audit")
            newest = sa.select(audit.c.sequence, audit.c.hash).order_by(audit.c.sequence.desc()).limit(1)
            last = db.execute(newest).first()
            entry |= {"sequence": last.sequence + 1 if last else 1}
            entry |= {"prev_hash": last.hash if last else BEFORE_THE_FIRST}
            db.execute(sa.insert(audit).values(**entry, hash=chained(entry)))

    def verify(self) -> Verified:
        """Compute every hash again, from the first entry on."""
        hash_before, count = BEFORE_THE_FIRST, 0
        for row in self._rows():
            entry = dict(row._mapping)
            if entry["sequence"] != count + 1:
                return Verified(
                    count, f"entry {count + 1} is missing: {entry['sequence']} comes after {count}"
                )
            if entry["prev_hash"] != hash_before:
                return Verified(count, f"entry {count + 1} does not follow from the one before it")
            if entry.pop("hash") != chained(entry):
                return Verified(count, f"entry {count + 1} is not what was written")
            hash_before, count = row.hash, count + 1
        return Verified(count, "")

    def entries(self) -> Iterator[AuditEntry]:
        """All entries, oldest first."""
        for row in self._rows():
            yield record(AuditEntry, audit, row)

    def newest(self, limit: int) -> tuple[AuditEntry, ...]:
        """The newest entries, newest first."""
        query = sa.select(audit).order_by(audit.c.sequence.desc()).limit(limit)
        with reading(self._engine) as db:
            return tuple(record(AuditEntry, audit, row) for row in db.execute(query))

    def _rows(self) -> Iterator[sa.Row[Any]]:
        """All rows in their order, some hundred at a time."""
        query = sa.select(audit).order_by(audit.c.sequence).limit(PAGE)
        rows: Sequence[sa.Row[Any]] = ()
        while not rows or len(rows) == PAGE:
            after = audit.c.sequence > rows[-1].sequence if rows else sa.true()
            with reading(self._engine) as db:
                rows = db.execute(query.where(after)).all()
            yield from rows
            if not rows:
                return


def chained(entry: dict[str, Any]) -> str:
    """Return the SHA-256 of an entry as canonical JSON, which holds the hash of the one before it."""
    told = {**entry, "at": entry["at"].astimezone(UTC).isoformat(timespec="microseconds")}
    return hashlib.sha256(json.dumps(told, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
