"""Keys of clients."""

import hashlib

import pytest
import sqlalchemy as sa

from cicd_defs.adapters.store.database import reading
from cicd_defs.adapters.store.tables import api_keys
from tests.adapters.store.samples import NOW, after


def test_a_key_opens_what_it_was_made_for(store):
    key, made = store.keys.create("laptop", "ann", ["tasks:write"], NOW)
    assert key.startswith("cicd_")
    assert len(key) == 5 + 43
    assert (made.prefix, made.scopes, made.last_used_at) == (key[:11], ("tasks:write",), None)
    assert store.keys.check(key, after(1)) == made.model_copy(update={"last_used_at": after(1)})


def test_only_the_hash_of_a_key_is_kept(store):
    key, _ = store.keys.create("laptop", "ann", [], NOW)
    with reading(store.engine) as db:
        row = dict(db.execute(sa.select(api_keys)).one()._mapping)
    assert row["sha256"] == hashlib.sha256(key.encode()).hexdigest()
    assert key not in str(row)
    assert len(row["prefix"]) == 11


@pytest.mark.parametrize("shown", ["", "cicd_", "cicd_wrong", "nul \0", "half \ud800", "x" * 10_000])
def test_an_unknown_key_opens_nothing(store, shown):
    store.keys.create("laptop", "ann", [], NOW)
    assert store.keys.check(shown, NOW) is None


def test_an_expired_or_revoked_key_opens_nothing(store):
    key, _ = store.keys.create("short", "ann", [], NOW, expires_at=after(10))
    other, made = store.keys.create("long", "bob", [], after(1))
    assert store.keys.check(key, after(9)).name == "short"
    assert store.keys.check(key, after(10)) is None
    assert store.keys.revoke(made.prefix, after(20)) == 1
    assert store.keys.revoke(made.id, after(30)) == 0
    assert store.keys.check(other, after(21)) is None
    assert [(each.name, each.revoked_at) for each in store.keys.list()] == [
        ("short", None),
        ("long", after(20)),
    ]


def test_a_use_is_noted_once_a_minute(store):
    key, _ = store.keys.create("busy", "ann", [], NOW)
    for second in (1, 30, 61, 90):
        store.keys.check(key, after(second))
    assert store.keys.list()[0].last_used_at == after(61)
