"""Against a real PostgreSQL and a real Redis, by DATABASE_URL and REDIS_URL."""

import os

import psycopg
import pytest

from notes.cache import RedisCache
from notes.store import LATEST, PostgresStore

pytestmark = pytest.mark.integration


@pytest.fixture
def store() -> PostgresStore:
    address = os.environ["DATABASE_URL"]
    with psycopg.connect(address) as connection:
        connection.execute("DROP TABLE IF EXISTS notes")
    store = PostgresStore(address)
    store.prepare()
    return store


@pytest.fixture
def cache() -> RedisCache:
    cache = RedisCache(os.environ["REDIS_URL"])
    cache.forget()
    return cache


def test_notes_are_kept_in_the_database(store):
    for number in range(LATEST + 5):
        store.add(f"note {number}; DROP TABLE notes")
    assert len(store.latest()) == LATEST
    assert store.latest()[0].startswith(f"note {LATEST + 4};")


def test_the_cache_asks_once(cache):
    asked = []

    def read() -> list[str]:
        asked.append(1)
        return ["milk"]

    assert [cache.latest(read), cache.latest(read)] == [["milk"], ["milk"]]
    assert len(asked) == 1


def test_both_answer(store, cache):
    store.ping()
    cache.ping()
