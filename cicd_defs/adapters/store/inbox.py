"""Deliveries: what came in, kept before it is acknowledged."""

import hashlib
import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cicd_defs.adapters.crash import crashpoint
from cicd_defs.adapters.store.database import StoreError, insert, reading, record, writing
from cicd_defs.adapters.store.tables import inbox
from cicd_defs.facts.records.deliveries import Delivery, DeliveryState

OPEN = ("new", "asked")
LARGEST_BATCH = 64

Row = dict[str, Any]


class Inbox:
    """Deliveries. What is added is there for good once `add` returns."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def add(
        self, delivery: str, source: str, event: str, body: bytes, now: datetime, quarantined: str = ""
    ) -> bool:
        """Keep an event, committed; False where this delivery id is there already.

        `quarantined` says why it cannot be read: it is kept in that state with this note, and nothing follows from it.
        """
        return self._keep([_row(delivery, source, event, body, now, quarantined)])[0]

    def _keep(self, rows: Sequence[Row]) -> list[bool]:
        """Insert rows in one transaction; tell for each whether it is new."""
        first = {row["delivery"]: place for place, row in reversed(list(enumerate(rows)))}
        with writing(self._engine) as db:  # in the order of their ids: two writers cannot wait for each other
            statement = insert(db, inbox).on_conflict_do_nothing(index_elements=["delivery"])
            ordered = [rows[first[delivery]] for delivery in sorted(first)]
            new = {row.delivery for row in db.execute(statement.returning(inbox.c.delivery), ordered)}
            crashpoint("inbox:before_commit")
        crashpoint("inbox:after_commit")
        return [row["delivery"] in new and first[row["delivery"]] == place for place, row in enumerate(rows)]

    def depth(self) -> int:
        """How many deliveries are new or asked."""
        query = sa.select(sa.func.count()).select_from(inbox).where(inbox.c.state.in_(OPEN))
        with reading(self._engine) as db:
            return db.execute(query).scalar_one()

    def waiting(self, limit: int) -> tuple[Delivery, ...]:
        """Deliveries that are new or asked, oldest first."""
        query = sa.select(inbox).where(inbox.c.state.in_(OPEN)).order_by(inbox.c.id).limit(limit)
        with reading(self._engine) as db:
            return tuple(record(Delivery, inbox, row) for row in db.execute(query))

    def after(self, seen: int, event: str, limit: int) -> tuple[Delivery, ...]:
        """Deliveries of one event with a higher id, in whatever state, oldest first."""
        where = (inbox.c.id > seen) & (inbox.c.event == event)
        query = sa.select(inbox).where(where).order_by(inbox.c.id).limit(limit)
        with reading(self._engine) as db:
            return tuple(record(Delivery, inbox, row) for row in db.execute(query))

    def asked(self, ids: Sequence[int], run_key: str, now: datetime) -> None:
        """Note the run that was asked for. One that was asked for under this key before keeps its time."""
        as_before = (inbox.c.state == "asked") & (inbox.c.run_key == run_key)
        which = inbox.c.id.in_(ids) & inbox.c.state.in_(OPEN) & ~sa.func.coalesce(as_before, sa.false())
        self._change(which, state="asked", run_key=run_key, asked_at=now)

    def tried(self, delivery_id: int, note: str, now: datetime) -> int:  # noqa: ARG002 - the protocol's words
        """Note that a delivery could not be looked at; return how often that has been."""
        with writing(self._engine) as db:
            change = sa.update(inbox).where(inbox.c.id == delivery_id, inbox.c.state.in_(OPEN))
            db.execute(change.values(attempts=inbox.c.attempts + 1, note=note))
            return db.execute(sa.select(inbox.c.attempts).where(inbox.c.id == delivery_id)).scalar() or 0

    def settle(self, ids: Sequence[int], state: DeliveryState, note: str, now: datetime) -> None:
        """End deliveries: nothing more follows from them. What has ended already keeps its end."""
        self._change(inbox.c.id.in_(ids) & inbox.c.state.in_(OPEN), state=state, note=note, ended_at=now)

    def settle_run(self, run_key: str, note: str, now: datetime) -> int:
        """End, as done, all deliveries that a run was asked for under this key; return how many."""
        where = (inbox.c.run_key == run_key) & (inbox.c.state == "asked")
        return self._change(where, state="done", note=note, ended_at=now)

    def _change(self, where: sa.ColumnElement[bool], **values: Any) -> int:
        with writing(self._engine) as db:
            return db.execute(sa.update(inbox).where(where).values(values)).rowcount


class GroupCommitInbox(Inbox):
    """An inbox for many callers at once: one thread writes what they bring, up to 64 deliveries in one commit."""

    def __init__(self, engine: sa.Engine) -> None:
        super().__init__(engine)
        self._queue: queue.SimpleQueue[tuple[Row, Future[bool]] | None] = queue.SimpleQueue()
        self._closed = False
        self._closing = threading.Lock()
        self._writer = threading.Thread(target=self._write, name="inbox-writer", daemon=True)
        self._writer.start()

    def add(
        self, delivery: str, source: str, event: str, body: bytes, now: datetime, quarantined: str = ""
    ) -> bool:
        """Keep an event, committed; False where this delivery id is there already."""
        return self.submit(delivery, source, event, body, now, quarantined).result()

    def submit(
        self, delivery: str, source: str, event: str, body: bytes, now: datetime, quarantined: str = ""
    ) -> "Future[bool]":
        """Begin to keep an event. The future ends once it is committed, with what `add` returns, or with `StoreError`.

        Raises `StoreError` where the inbox was closed.
        """
        future: Future[bool] = Future()
        row = _row(delivery, source, event, body, now, quarantined)
        with self._closing:
            if self._closed:
                raise StoreError("The inbox is closed: the gateway is stopping. Send the event again.")
            self._queue.put((row, future))
        return future

    def close(self) -> None:
        """Write what was brought so far, and end the thread."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._writer.join()

    def _write(self) -> None:
        """Write batches until the inbox is closed."""
        more = True
        while more:
            batch, more = self._batch()
            if batch:
                self._commit(batch)

    def _batch(self) -> "tuple[list[tuple[Row, Future[bool]]], bool]":
        """Wait for a delivery, and take with it those that wait too; False once nothing follows."""
        batch: list[tuple[Row, Future[bool]]] = []
        while len(batch) < LARGEST_BATCH:
            try:
                item = self._queue.get(block=not batch)
            except queue.Empty:
                break
            if item is None:
                return batch, False
            batch.append(item)
        return batch, True

    def _commit(self, batch: "list[tuple[Row, Future[bool]]]") -> None:
        """Write a batch, and tell each caller. Where the database refuses one row, the others are written alone."""
        try:
            kept = self._keep([row for row, _ in batch])
        except Exception as error:  # whatever happened, each caller must hear of it
            if len(batch) > 1 and not isinstance(error, StoreError):
                for item in batch:
                    self._commit([item])
                return
            for _, future in batch:
                future.set_exception(error)
            return
        for (_, future), new in zip(batch, kept, strict=True):
            future.set_result(new)


def _row(delivery: str, source: str, event: str, body: bytes, now: datetime, quarantined: str) -> Row:
    return {
        "delivery": delivery,
        "source": source,
        "event": event,
        "body": body,
        "body_sha256": hashlib.sha256(body).hexdigest(),
        "received_at": now,
        "state": "quarantined" if quarantined else "new",
        "ended_at": now if quarantined else None,
        "note": quarantined,
    }
