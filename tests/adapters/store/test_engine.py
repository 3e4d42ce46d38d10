"""Opening, migrating and losing a store."""

import multiprocessing
import os
import stat

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import cicd_defs.adapters.store.forge.tables  # noqa: F401 - its tables belong to the metadata
from cicd_defs.adapters.store.database import reading, writing
from cicd_defs.adapters.store.engine import MIGRATIONS, NEWEST, StoreError, open_store, upgrade
from cicd_defs.adapters.store.metadata import metadata
from cicd_defs.adapters.store.tables import tasks
from tests.adapters.store.samples import NOW, task


def test_the_migrated_schema_is_that_of_the_tables(store):
    with reading(store.engine) as db:
        context = MigrationContext.configure(db, opts={"compare_type": True, "target_metadata": metadata})
        assert compare_metadata(context, metadata) == []


def test_the_newest_version_is_the_last_migration():
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [NEWEST]


def test_a_store_is_migrated_when_it_is_asked_for_only(empty_url):
    with pytest.raises(StoreError, match="Run `cicd db upgrade`"):
        open_store(empty_url)
    open_store(empty_url, migrate=True).close()
    assert upgrade(empty_url) == NEWEST
    open_store(empty_url).close()


def test_a_store_of_a_newer_program_is_left_alone(store, url):
    with writing(store.engine) as db:
        db.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="newer version of this program"):
        open_store(url, migrate=True)


def migrate_and_add(url: str, name: str) -> None:
    store = open_store(url, migrate=True)
    store.tasks.add(task(id=name))
    store.close()


def test_several_processes_migrate_at_once(empty_url):
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=migrate_and_add, args=(empty_url, f"t{n}")) for n in range(5)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0] * 5
    store = open_store(empty_url)
    assert sorted(task.number for task in store.tasks.waiting(10)) == [1, 2, 3, 4, 5]
    store.close()


def connection_of(store):
    """The connection that the store's pool gives out now."""
    with reading(store.engine) as db:
        return db.connection.driver_connection


def test_a_forked_process_takes_connections_of_its_own(store):
    store.tasks.add(task())
    parents = connection_of(store)
    child = os.fork()
    if child == 0:
        own = False
        try:
            store.tasks.add(task(id="t2"))
            own = connection_of(store) is not parents
        finally:
            os._exit(0 if own else 1)
    assert os.waitpid(child, 0)[1] == 0
    store.tasks.add(task(id="t3"))
    assert connection_of(store) is parents
    assert [task.id for task in store.tasks.waiting(10)] == ["t1", "t2", "t3"]


def test_a_transaction_that_fails_leaves_nothing(store):
    twice = [task(key="shop-1", number=1).model_dump(), task(key="shop-2", number=1).model_dump()]
    with pytest.raises(sa.exc.IntegrityError), writing(store.engine) as db:
        [db.execute(sa.insert(tasks).values(row)) for row in twice]
    assert store.tasks.get("shop-1") is None


def test_times_without_a_zone_are_refused(store):
    with pytest.raises(sa.exc.StatementError, match="a time without a zone"):
        store.notifications.add("e", "shop", "s", {}, NOW.replace(tzinfo=None))


def test_a_sqlite_store_is_durable_and_its_owner_s(tmp_path):
    place = tmp_path / "a" / "b" / "store.db"
    store = open_store(f"sqlite:///{place}", migrate=True)
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
    with reading(store.engine) as db:
        asked = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        pragmas = [db.exec_driver_sql(f"PRAGMA {name}").scalar() for name in asked]
    assert pragmas == ["wal", 2, 1, 10_000]
    store.close()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "DATABASE_URL is not an address"),
        ("mysql://u:secret@h/db", "mysql is no database"),
        ("sqlite://", "needs a file"),
        ("sqlite:////proc/store.db", "/proc/store.db: our store cannot be opened"),
        ("sqlite:////etc/passwd", "file is not a database"),
        ("postgresql+psycopg2://u:secret@127.0.0.1:1/db", "See that the server runs"),
    ],
)
def test_a_store_that_cannot_be_opened_says_where_what_and_what_next(url, said):
    with pytest.raises(StoreError, match=said) as caught:
        open_store(url, migrate=True)
    assert "secret" not in str(caught.value)
    assert str(caught.value).endswith(".")


@pytest.mark.system
def test_a_server_that_was_restarted_is_connected_to_again(postgres, made):
    name = postgres.create(made)
    store = open_store(postgres.url(name))
    store.tasks.add(task())
    postgres.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    assert store.tasks.get("shop-1") is not None
    store.close()
    postgres.drop(name)
    with pytest.raises(StoreError, match="does not exist"):
        store.tasks.get("shop-1")


def test_a_file_that_somebody_else_locks_is_an_error_in_words(tmp_path, monkeypatch):
    monkeypatch.setattr("cicd_defs.adapters.store.database.BUSY_SECONDS", 0.1)
    store = open_store(f"sqlite:///{tmp_path}/store.db", migrate=True)
    with writing(store.engine), pytest.raises(StoreError, match="database is locked"):
        store.tasks.add(task())
    store.close()
