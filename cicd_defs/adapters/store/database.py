"""How every repository reads and writes: short transactions, and errors in words.

An engine belongs to its process. One that comes through a fork takes new connections and leaves its parent's alone.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from cicd_defs.facts.value import Value

BUSY_SECONDS = 10
_PARENTS: list[Any] = []
"""Connections of a parent process: kept, since closing them here could end them there."""

Record = TypeVar("Record", bound=Value)


class StoreError(Exception):
    """The store cannot be reached, or does not do what is asked of it: where, what, and what to do next."""


def _read_json(text: str) -> Any:
    """Parse a stored JSON text. A damaged one becomes an object that says so: it keeps no other row from being read."""
    try:
        return json.loads(text)
    except ValueError:
        return {"damaged": text}


def engine_for(url: str) -> sa.Engine:
    """Make the engine of an address; nothing is opened yet. Raises `StoreError` for one that makes no sense."""
    try:
        place = sa.make_url(url)
    except sa.exc.ArgumentError:
        raise StoreError(
            "DATABASE_URL is not an address of a database. "
            "Write sqlite:////path/to/store.db or postgresql://user:password@host:5432/name."
        ) from None
    options: dict[str, Any] = {
        "json_serializer": partial(json.dumps, allow_nan=False, separators=(",", ":")),
        "json_deserializer": _read_json,
        "hide_parameters": True,
    }
    if place.drivername in ("sqlite", "sqlite+pysqlite"):
        engine = sa.create_engine(_sqlite_place(place), connect_args={"timeout": BUSY_SECONDS}, **options)
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
    elif place.drivername == "postgresql+psycopg2":
        connect = {"connect_timeout": place.query.get("connect_timeout", str(BUSY_SECONDS))}
        options |= {"pool_size": 5, "max_overflow": 5, "pool_pre_ping": True, "connect_args": connect}
        engine = sa.create_engine(place, **options)
    else:
        raise StoreError(
            f"{_shown(place)}: {place.drivername} is no database that we keep our store in. "
            "Set DATABASE_URL to sqlite:////path/to/store.db or postgresql+psycopg2://user@host/name."
        )
    sa.event.listen(engine, "connect", _note_process)
    sa.event.listen(engine, "checkout", _refuse_parents)
    return engine


def _sqlite_place(place: sa.URL) -> sa.URL:
    """The address with the file's whole path. A store in memory would end with its process."""
    if not place.database or place.database == ":memory:":
        raise StoreError(f"{_shown(place)}: our store needs a file. Write sqlite:////path/to/store.db.")
    return place.set(database=str(Path(place.database).absolute()))


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Set a new connection up. Python's driver begins no transaction by itself: `_begin_sqlite` does."""
    connection.isolation_level = None
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    """Begin; who writes takes the lock at once, for a reader that turns writer cannot wait for it."""
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _note_process(_connection: Any, record: Any) -> None:
    record.info["process"] = os.getpid()


def _refuse_parents(_connection: Any, record: Any, proxy: Any) -> None:
    """Leave a connection that was opened before a fork to the process that opened it."""
    if record.info["process"] != os.getpid():
        _PARENTS.append(record.dbapi_connection)
        record.dbapi_connection = proxy.dbapi_connection = None
        raise sa.exc.DisconnectionError("opened by a parent process")


def _shown(place: sa.URL) -> str:
    return place.render_as_string(hide_password=True)


def unreachable(place: sa.URL, error: Exception) -> StoreError:
    """Say in words why a store cannot be used; never with its password."""
    said = " ".join(str(getattr(error, "orig", None) or error).split())
    if place.password:
        said = said.replace(str(place.password), "***")
    if place.drivername.startswith("sqlite"):
        after = "See that this user can write its file and folder, that the disk is not full and that nothing locks it."
    else:
        after = "See that the server runs, and that DATABASE_URL names its host, user, password and database."
    if "no such table" in said or "UndefinedTable" in type(getattr(error, "orig", None)).__name__:
        after = "Run `cicd db upgrade`."
    return StoreError(f"{_shown(place)}: our store cannot be used: {said}. {after}")


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Give a connection that sees one state of the store. Raises `StoreError` where it cannot be reached."""
    try:
        with engine.connect() as connection:
            yield connection
    except (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError) as error:
        raise unreachable(engine.url, error) from error


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Give a connection in a transaction that is committed at the end, and undone where an exception leaves it.

    Do nothing slow inside: everybody else who writes waits. Raises `StoreError` where the store cannot be reached.
    """
    try:
        with engine.connect().execution_options(writes=True) as connection, connection.begin():
            yield connection
    except (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError) as error:
        raise unreachable(engine.url, error) from error


def insert(db: sa.Connection, table: sa.Table) -> Any:
    """Return the dialect's own INSERT, which knows ON CONFLICT."""
    return postgresql.insert(table) if db.dialect.name == "postgresql" else sqlite.insert(table)


def add_once(db: sa.Connection, table: sa.Table, values: Mapping[str, Any], unique: list[str]) -> bool:
    """Insert a row; False where one with the same `unique` columns is there."""
    statement = insert(db, table).values(dict(values)).on_conflict_do_nothing(index_elements=unique)
    return bool(db.execute(statement).rowcount)


def one_at_a_time(db: sa.Connection, what: str) -> None:
    """Let nobody else do the same thing until this transaction ends. On SQLite whoever writes is alone anyway."""
    if db.dialect.name == "postgresql":
        db.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(f"cicd:{what}", 0))))


def record(kind: type[Record], table: sa.Table, row: sa.Row[Any]) -> Record:
    """Read a row of a whole table into a record; columns that it does not have are left out."""
    return kind.model_validate({name: row._mapping[table.c[name]] for name in kind.model_fields})
