"""Deliveries: kept once, and given out until they have ended."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from cicd_defs.adapters.store import inbox as module
from cicd_defs.adapters.store.database import StoreError, reading
from cicd_defs.adapters.store.engine import open_store
from cicd_defs.adapters.store.inbox import GroupCommitInbox
from cicd_defs.adapters.store.tables import inbox
from tests.adapters.store.processes import at_once
from tests.adapters.store.samples import HOSTILE, NOW, READABLE, after


def fill(store, *deliveries):
    for delivery in deliveries:
        assert store.inbox.add(delivery, "github", "push", b"{}", NOW)
    return [delivery.id for delivery in store.inbox.waiting(100)]


def test_a_body_is_kept_byte_for_byte(store):
    body = bytes(range(256)) * 4
    assert store.inbox.add("d1", "github", "pull_request", body, NOW)
    (delivery,) = store.inbox.waiting(10)
    assert (delivery.delivery, delivery.source, delivery.event) == ("d1", "github", "pull_request")
    assert (delivery.body, delivery.received_at, delivery.state) == (body, NOW, "new")
    with reading(store.engine) as db:
        assert db.execute(sa.select(inbox.c.body_sha256)).scalar() == hashlib.sha256(body).hexdigest()


def test_a_delivery_counts_once(store):
    assert store.inbox.add("d1", "github", "push", b"1", NOW)
    assert not store.inbox.add("d1", "github", "push", b"2", NOW)
    assert [delivery.body for delivery in store.inbox.waiting(10)] == [b"1"]


def test_deliveries_wait_oldest_first_until_they_have_ended(store):
    one, two, three, four = fill(store, "z", "y", "x", "w")
    store.inbox.asked([one, two], "key", after(1))
    store.inbox.asked([one], "key", after(2))
    store.inbox.asked([two], "newer", after(2))
    store.inbox.settle([three], "quarantined", HOSTILE, after(3))
    waiting = store.inbox.waiting(10)
    assert [(each.id, each.state, each.run_key, each.asked_at) for each in waiting] == [
        (one, "asked", "key", after(1)),
        (two, "asked", "newer", after(2)),
        (four, "new", None, None),
    ]
    assert store.inbox.depth() == 3
    assert [each.id for each in store.inbox.waiting(2)] == [one, two]


def test_what_cannot_be_read_is_kept_and_nothing_follows(store):
    assert store.inbox.add("d1", "github", "push", b"\xff", NOW, quarantined=HOSTILE)
    assert not store.inbox.add("d1", "github", "push", b"{}", NOW)
    assert (store.inbox.depth(), store.inbox.waiting(9)) == (0, ())
    with reading(store.engine) as db:
        assert db.execute(sa.select(inbox.c.state, inbox.c.note)).one() == ("quarantined", READABLE)


def test_a_look_in_vain_is_counted(store):
    (one,) = fill(store, "a")
    store.inbox.asked([one], "key", NOW)
    assert [store.inbox.tried(one, f"no {n}", NOW) for n in range(3)] == [1, 2, 3]
    (waiting,) = store.inbox.waiting(9)
    assert (waiting.attempts, waiting.note, waiting.state) == (3, "no 2", "asked")
    assert store.inbox.tried(one + 1, "no", NOW) == 0


def test_a_run_ends_what_it_was_asked_for(store):
    one, two, three = fill(store, "a", "b", "c")
    store.inbox.asked([one, two], "key", NOW)
    store.inbox.asked([three], "other", NOW)
    assert store.inbox.settle_run("key", "taken", NOW) == 2
    assert store.inbox.settle_run("key", "again", NOW) == 0
    assert [each.id for each in store.inbox.waiting(10)] == [three]


def test_what_has_ended_keeps_its_end(store):
    (one,) = fill(store, "a")
    store.inbox.settle([one], "ignored", HOSTILE, NOW)
    store.inbox.settle([one], "dead", "later", NOW)
    store.inbox.asked([one], "key", NOW)
    with reading(store.engine) as db:
        row = db.execute(sa.select(inbox.c.state, inbox.c.note, inbox.c.attempts)).one()
    assert row == ("ignored", READABLE, 0)


def test_the_writer_thread_keeps_each_delivery_once(store):
    grouped = GroupCommitInbox(store.engine)
    with ThreadPoolExecutor(16) as pool:
        adding = [pool.submit(grouped.add, f"d{n % 150}", "github", "push", b"{}", NOW) for n in range(300)]
        assert sum(each.result() for each in adding) == 150
    grouped.close()
    assert len(store.inbox.waiting(1000)) == 150


def test_the_same_delivery_twice_in_one_batch_is_new_once(store):
    rows = [module._row(name, "s", "e", b"", NOW, "") for name in ("b", "a", "b", "a", "c")]
    assert store.inbox._keep(rows) == [True, True, False, False, True]


def test_closing_writes_what_was_brought_and_takes_nothing_more(store):
    grouped = GroupCommitInbox(store.engine)
    brought = [grouped.submit(f"d{n}", "github", "push", b"{}", NOW) for n in range(200)]
    grouped.close()
    grouped.close()
    assert all(each.done() and each.result() for each in brought)
    assert len(store.inbox.waiting(1000)) == 200
    with pytest.raises(StoreError, match="closed"):
        grouped.add("late", "github", "push", b"{}", NOW)


def test_one_row_that_is_refused_takes_no_other_with_it(store):
    grouped = GroupCommitInbox(store.engine)
    good = [grouped.submit(f"d{n}", "github", "push", b"{}", NOW) for n in range(10)]
    bad = grouped.submit("bad", "github", None, b"{}", NOW)
    good += [grouped.submit(f"e{n}", "github", "push", b"{}", NOW) for n in range(10)]
    with pytest.raises(sa.exc.IntegrityError):
        bad.result()
    assert all(each.result() for each in good)
    grouped.close()


def test_a_store_that_is_gone_is_told_to_every_caller(tmp_path):
    store = open_store(f"sqlite:///{tmp_path}/store.db", migrate=True)
    with store.engine.connect() as db:
        db.exec_driver_sql("DROP TABLE inbox")
        db.commit()
    grouped = GroupCommitInbox(store.engine)
    adding = [grouped.submit(f"d{n}", "github", "push", b"{}", NOW) for n in range(3)]
    for each in adding:
        with pytest.raises(StoreError, match="Run `cicd db upgrade`"):
            each.result()
    grouped.close()
    store.close()


def test_batches_of_the_same_in_another_order_do_not_wait_for_each_other(store):
    def keep(name, backwards):
        rows = [module._row(f"{name}-{n:02}", "s", "e", b"", NOW, "") for n in range(64)]
        return sum(store.inbox._keep(rows[::-1] if backwards else rows))

    with ThreadPoolExecutor(4) as pool:
        keeping = [pool.submit(keep, n // 4, n % 2) for n in range(160)]
        assert sum(each.result() for each in keeping) == 40 * 64


def add_alone(store, place):
    return sum(store.inbox.add(f"d{n}", "github", "push", b"{}", NOW) for n in range(50))


def add_grouped(store, place):
    box = GroupCommitInbox(store.engine)
    adding = [
        box.submit(f"d{n}", "github", "push", b"{}", NOW) for n in (range(50), reversed(range(50)))[place % 2]
    ]
    return sum(each.result() for each in adding)


@pytest.mark.parametrize("add", [add_alone, add_grouped])
def test_processes_that_add_the_same_add_it_once(store, url, add):
    assert sum(at_once(url, add)) == 50
    assert len(store.inbox.waiting(1000)) == 50
