"""Where orders are kept: SQLite on its own, PostgreSQL where `DATABASE_URL` names one."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from shop.basket import Quote

SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (
    id {serial},
    customer TEXT NOT NULL,
    total INTEGER NOT NULL,
    lines TEXT NOT NULL
)
"""


@dataclass(frozen=True)
class Order:
    """One order as it was placed. `total` is in cents."""

    number: int
    customer: str
    total: int
    lines: tuple[dict[str, Any], ...]


class Orders(Protocol):
    """A place that keeps orders."""

    kind: str

    def place(self, customer: str, quote: Quote) -> int:
        """Keep an order and return its number."""

    def find(self, number: int) -> Order | None:
        """The order with this number, or None."""


class SqlOrders:
    """Orders in a database that speaks DB-API 2. Each call has its own connection."""

    def __init__(self, kind: str, connect: Callable[[], Any], serial: str, mark: str) -> None:
        self.kind = kind
        self._connect = connect
        self._mark = mark
        with self._transaction() as cursor:
            cursor.execute(SCHEMA.format(serial=serial))

    def place(self, customer: str, quote: Quote) -> int:
        """Keep an order and return its number."""
        lines = json.dumps([asdict(line) for line in quote.lines])
        statement = (
            f"INSERT INTO orders (customer, total, lines) VALUES "  # nosec B608 # noqa: S608 - only marks
            f"({self._mark}, {self._mark}, {self._mark}) RETURNING id"
        )
        with self._transaction() as cursor:
            cursor.execute(statement, (customer, quote.total, lines))
            return int(cursor.fetchone()[0])

    def find(self, number: int) -> Order | None:
        """The order with this number, or None."""
        statement = f"SELECT id, customer, total, lines FROM orders WHERE id = {self._mark}"  # nosec B608 # noqa: S608
        with self._transaction() as cursor:
            cursor.execute(statement, (number,))
            row = cursor.fetchone()
        return Order(row[0], row[1], row[2], tuple(json.loads(row[3]))) if row else None

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        connection = self._connect()
        try:
            cursor = connection.cursor()
            yield cursor
            connection.commit()
        finally:
            connection.close()


def open_orders(url: str) -> Orders:
    """Orders at `sqlite:///path` or `postgresql://...`; anything else raises ValueError."""
    if url.startswith("sqlite:///"):
        path = url.removeprefix("sqlite:///")
        serial = "INTEGER PRIMARY KEY AUTOINCREMENT"
        return SqlOrders("sqlite", lambda: sqlite3.connect(path), serial, "?")
    if url.startswith(("postgresql://", "postgres://")):
        import psycopg2  # noqa: PLC0415 - an extra: the shop runs without it

        return SqlOrders("postgresql", lambda: psycopg2.connect(url), "SERIAL PRIMARY KEY", "%s")
    raise ValueError("DATABASE_URL must start with sqlite:/// or postgresql://")
