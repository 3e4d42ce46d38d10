"""One server of PostgreSQL for all tests of the running line."""

import pytest

from tests.postgres import missing, running_postgres


@pytest.fixture(scope="session")
def postgres():
    if missing():
        pytest.skip(missing())
    with running_postgres() as server:
        yield server
