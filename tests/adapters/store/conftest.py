"""A store of each kind: SQLite always, PostgreSQL where its server is installed."""

import pytest

from cicd_defs.adapters.store.engine import open_store, upgrade
from tests.postgres import missing, running_postgres

KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.system)]


@pytest.fixture(scope="session")
def postgres():
    if missing():
        pytest.skip(missing())
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def made(postgres):
    """A database with our tables, to be copied."""
    name = postgres.create()
    upgrade(postgres.url(name))
    return name


@pytest.fixture(params=KINDS)
def empty_url(request, tmp_path):
    """The address of a store that has no tables yet."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/home/store.db"
        return
    server = request.getfixturevalue("postgres")
    name = server.create()
    yield server.url(name)
    server.drop(name)


@pytest.fixture(params=KINDS)
def url(request, tmp_path):
    """The address of a store with all tables and no rows."""
    if request.param == "sqlite":
        place = f"sqlite:///{tmp_path}/home/store.db"
        upgrade(place)
        yield place
        return
    server = request.getfixturevalue("postgres")
    name = server.create(request.getfixturevalue("made"))
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def store(url):
    opened = open_store(url)
    yield opened
    opened.close()
