"""Where notes are kept."""

from typing import Protocol

import psycopg

LONGEST = 500
LATEST = 20


class Store(Protocol):
    """Keeps notes and knows the latest ones."""

    def add(self, note: str) -> None:
        """Keep a note."""

    def latest(self) -> list[str]:
        """The latest notes, the newest first."""

    def ping(self) -> None:
        """Raise where notes could not be kept now."""


class MemoryStore:
    """Keeps notes until the process ends."""

    def __init__(self) -> None:
        self._notes: list[str] = []

    def add(self, note: str) -> None:
        """Keep a note."""
        self._notes.append(note)

    def latest(self) -> list[str]:
        """The latest notes, the newest first."""
        return self._notes[: -LATEST - 1 : -1]

    def ping(self) -> None:
        """Memory always answers."""


class PostgresStore:
    """Keeps notes in PostgreSQL. A connection serves one request."""

    def __init__(self, address: str) -> None:
        self._address = address

    def prepare(self) -> None:
        """Make the table where there is none."""
        with psycopg.connect(self._address) as connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS notes"
                " (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note text NOT NULL)"
            )

    def add(self, note: str) -> None:
        """Keep a note."""
        with psycopg.connect(self._address) as connection:
            connection.execute("INSERT INTO notes (note) VALUES (%s)", (note,))

    def latest(self) -> list[str]:
        """The latest notes, the newest first."""
        with psycopg.connect(self._address) as connection:
            rows = connection.execute("SELECT note FROM notes ORDER BY id DESC LIMIT %s", (LATEST,))
            return [note for (note,) in rows]

    def ping(self) -> None:
        """Raise where the database does not answer."""
        with psycopg.connect(self._address, connect_timeout=2) as connection:
            connection.execute("SELECT 1")


def checked(text: str) -> str:
    """The note in a text; raises `ValueError` where there is none, or it is too long."""
    note = text.strip()
    if not note:
        raise ValueError("a note has at least one character")
    if len(note) > LONGEST:
        raise ValueError(f"a note has at most {LONGEST} characters")
    return note
