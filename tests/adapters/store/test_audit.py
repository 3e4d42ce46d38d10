"""The chain of who did what: it is added to, and shows where it was changed."""

import pytest
import sqlalchemy as sa

from cicd_defs.adapters.store import audit as module
from cicd_defs.adapters.store.database import writing
from tests.adapters.store.processes import at_once
from tests.adapters.store.samples import HOSTILE, NOW, READABLE, after


def fill(store, count=5):
    for n in range(count):
        store.audit.append(
            "ann", "merge", f"shop#{n}", {"n": n, "x": [0.1, HOSTILE, {"b": 1, "a": 2}]}, after(n)
        )


def change(store, statement):
    """What somebody does who owns the database."""
    off, on = (
        (f"ALTER TABLE audit {word} TRIGGER USER" for word in ("DISABLE", "ENABLE"))
        if store.engine.dialect.name == "postgresql"
        else ("DROP TRIGGER audit_no_update", "DROP TRIGGER audit_no_delete")
    )
    with writing(store.engine) as db:
        for each in (off, on, statement) if "DROP" in on else (off, statement, on):
            db.exec_driver_sql(each)


def test_entries_come_back_in_their_order(store, monkeypatch):
    monkeypatch.setattr(module, "PAGE", 2)
    fill(store)
    store.audit.append(HOSTILE, "a", "s", {1: "number"}, NOW)
    entries = list(store.audit.entries())
    assert [entry.sequence for entry in entries] == [1, 2, 3, 4, 5, 6]
    assert entries[0].model_dump(exclude={"hash"}) == {
        "sequence": 1, "at": NOW, "actor": "ann", "action": "merge", "subject": "shop#0",
        "detail": {"n": 0, "x": [0.1, HOSTILE, {"b": 1, "a": 2}]},
    }  # fmt: skip
    assert list(store.audit.newest(2)) == entries[:-3:-1]
    assert (entries[5].actor, entries[5].detail) == (READABLE, {"1": "number"})
    assert store.audit.verify() == (6, "")


def test_an_empty_chain_holds(store):
    assert store.audit.verify() == (0, "")


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE audit SET actor = 'eve' WHERE sequence = 3", (2, "entry 3 is not what was written")),
        ("UPDATE audit SET at = '2020-01-01 00:00:00.000000' WHERE sequence = 1", (0, "entry 1 is not what")),
        ("UPDATE audit SET detail = '{}' WHERE sequence = 5", (4, "entry 5 is not what was written")),
        ("DELETE FROM audit WHERE sequence = 2", (1, "entry 2 is missing: 3 comes after 1")),
        ("DELETE FROM audit WHERE sequence = 1", (0, "entry 1 is missing")),
        ("UPDATE audit SET prev_hash = hash WHERE sequence = 4", (3, "entry 4 does not follow")),
        ("UPDATE audit SET hash = 'x' WHERE sequence = 4", (3, "entry 4 is not what was written")),
    ],
)
def test_the_first_broken_link_is_named(store, statement, said):
    fill(store)
    change(store, statement)
    links, broken = store.audit.verify()
    assert links == said[0]
    assert broken.startswith(said[1])


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'eve'", "DELETE FROM audit"])
def test_the_database_refuses_to_change_an_entry(store, statement):
    fill(store)
    with pytest.raises(sa.exc.DBAPIError, match="only added to"), writing(store.engine) as db:
        db.exec_driver_sql(statement)
    assert store.audit.verify() == (5, "")


def test_the_database_refuses_to_replace_an_entry_or_all(store):
    fill(store)
    sqlite = store.engine.dialect.name == "sqlite"
    every = "INSERT OR REPLACE INTO audit SELECT * FROM audit" if sqlite else "TRUNCATE audit"
    with pytest.raises(sa.exc.DBAPIError, match="only added to"), writing(store.engine) as db:
        db.exec_driver_sql(every)
    assert store.audit.verify() == (5, "")


def append_ten(store, place):
    for n in range(10):
        store.audit.append(f"process {place}", "did", f"{n}", {}, NOW)


def test_processes_that_append_make_one_chain(store, url):
    at_once(url, append_ten)
    assert store.audit.verify() == (40, "")
