"""The store: opened at an address, brought up to date, and handed over as one object for each repository."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from cicd_defs.adapters.store.agent_runs import AgentRuns
from cicd_defs.adapters.store.audit import Audit
from cicd_defs.adapters.store.claims import Claims
from cicd_defs.adapters.store.database import (
    BUSY_SECONDS,
    StoreError,
    engine_for,
    one_at_a_time,
    reading,
    unreachable,
    writing,
)
from cicd_defs.adapters.store.effects import Effects
from cicd_defs.adapters.store.evidence import Evidence
from cicd_defs.adapters.store.inbox import Inbox
from cicd_defs.adapters.store.keys import Keys
from cicd_defs.adapters.store.notifications import Notifications
from cicd_defs.adapters.store.overview.executions import Executions
from cicd_defs.adapters.store.overview.pipelines import Pipelines
from cicd_defs.adapters.store.overview.projects import Projects
from cicd_defs.adapters.store.tasks import Tasks

__all__ = ["NEWEST", "Store", "StoreError", "open_store", "upgrade"]

MIGRATIONS = Path(__file__).parent / "migrations"
NEWEST = "0001"
"""The newest version of the tables: `migrations/versions` has it as its last."""


@dataclass(frozen=True)
class Store:
    """Everything that we keep, one object for each subject. Threads may share it; each process opens its own."""

    url: str
    engine: sa.Engine
    inbox: Inbox
    tasks: Tasks
    agent_runs: AgentRuns
    claims: Claims
    evidence: Evidence
    effects: Effects
    audit: Audit
    notifications: Notifications
    keys: Keys
    projects: Projects
    pipelines: Pipelines
    executions: Executions

    def close(self) -> None:
        """Close its connections."""
        self.engine.dispose()


def open_store(url: str, migrate: bool = False) -> Store:
    """Open the store at an SQLAlchemy address: `sqlite:////path/store.db` or `postgresql+psycopg2://…`.

    `migrate` brings its tables up to date first; several processes may do so at once. Raises `StoreError` where it
    cannot be opened, or where its tables are of another version.
    """
    engine = engine_for(url)
    try:
        _prepare(engine)
        if _version(engine) != NEWEST:
            if not migrate:
                raise StoreError(f"{_shown(engine)}: its tables are not up to date. Run `cicd db upgrade`.")
            _upgrade(engine)
    except BaseException:
        engine.dispose()
        raise
    return _store(url, engine)


def upgrade(url: str) -> str:
    """Bring the tables at an address up to date; return their version. Raises `StoreError`."""
    open_store(url, migrate=True).close()
    return NEWEST


def _store(url: str, engine: sa.Engine) -> Store:
    return Store(
        url=url,
        engine=engine,
        inbox=Inbox(engine),
        tasks=Tasks(engine),
        agent_runs=AgentRuns(engine),
        claims=Claims(engine),
        evidence=Evidence(engine),
        effects=Effects(engine),
        audit=Audit(engine),
        notifications=Notifications(engine),
        keys=Keys(engine),
        projects=Projects(engine),
        pipelines=Pipelines(engine),
        executions=Executions(engine),
    )


def _prepare(engine: sa.Engine) -> None:
    """Make the file of a SQLite store, readable by its owner only, and set its journal to WAL, which it then keeps."""
    if engine.dialect.name != "sqlite":
        return
    file = Path(str(engine.url.database))
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StoreError(
            f"{file}: our store cannot be opened: {error.strerror}. Set CICD_HOME or DATABASE_URL to a place "
            "that this user can write to."
        ) from None
    _to_wal(engine)


def _to_wal(engine: sa.Engine) -> None:
    """Change the journal. SQLite does not wait for others here, so we do."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            with engine.connect() as connection:
                driver = connection.connection.driver_connection
                assert driver is not None
                if driver.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                    driver.execute("PRAGMA journal_mode=WAL")
                return
        except (sa.exc.DatabaseError, engine.dialect.loaded_dbapi.DatabaseError) as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise unreachable(engine.url, error) from error
            time.sleep(0.05)


def _version(engine: sa.Engine) -> str | None:
    """The version of the tables; None where there are none."""
    with reading(engine) as db:
        if not sa.inspect(db).has_table("alembic_version"):
            return None
        return db.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade(engine: sa.Engine) -> None:
    """Run what is missing of the migrations, in one transaction: whoever comes second finds nothing left to do."""
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with writing(engine) as db:
        one_at_a_time(db, "migrations")
        config.attributes["connection"] = db
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise StoreError(
                f"{_shown(engine)}: its tables were made by a newer version of this program: {error}. "
                "Use that version, or another DATABASE_URL."
            ) from error


def _shown(engine: sa.Engine) -> str:
    return engine.url.render_as_string(hide_password=True)
