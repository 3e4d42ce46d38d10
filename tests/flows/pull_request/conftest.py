"""A place to try pull requests at."""

import pytest

from cicd_defs.adapters.store.engine import open_store
from tests.flows.pull_request.place import place_at


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory):
    """The file of a store that has its tables and no rows."""
    file = tmp_path_factory.mktemp("store") / "store.db"
    opened = open_store(f"sqlite:///{file}", migrate=True)
    with opened.engine.connect() as db:
        db.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    opened.close()
    return file


@pytest.fixture
def place(tmp_path, empty_store):
    made = place_at(tmp_path, empty_store)
    yield made
    made.store.close()
