"""The ledger: an intent for each deed, whoever asks how often."""

import subprocess
import sys

import pytest

from cicd_defs.adapters.store.database import StoreError
from cicd_defs.adapters.store.engine import open_store
from tests.adapters.store.processes import at_once
from tests.adapters.store.samples import HOSTILE, NOW, READABLE, after


def intend(store, key="comment:42", digest="1"):
    return store.effects.intend(key, "comment", digest, NOW)


def told(effect):
    return effect.state, effect.external_id, effect.digest, effect.detail, effect.at


def test_an_effect_goes_from_intent_to_done(store):
    assert store.effects.get("comment:42") is None
    assert told(intend(store)) == ("intended", "", "1", "", NOW)
    store.effects.done("comment:42", "99", after(1))
    assert told(store.effects.get("comment:42")) == ("done", "99", "1", "", after(1))


def test_the_first_intent_stays(store):
    intend(store)
    store.effects.done("comment:42", "99", after(1), digest="2")
    again = intend(store, digest="3")
    assert told(again) == ("done", "99", "2", "", after(1))


def test_what_cannot_be_done_says_why_until_it_is(store):
    intend(store)
    store.effects.failed("comment:42", HOSTILE, after(1))
    assert told(intend(store)) == ("failed", "", "1", READABLE, after(1))
    store.effects.done("comment:42", "99", after(2))
    assert told(store.effects.get("comment:42")) == ("done", "99", "1", "", after(2))


@pytest.mark.parametrize("deed", ["done", "failed"])
def test_what_was_never_intended_is_not_recorded(store, deed):
    with pytest.raises(StoreError, match="Write the intent down"):
        getattr(store.effects, deed)("merge:1", "x", NOW)


def intend_ten(store, place):
    return [intend(store, f"k{n}", f"{place}").digest for n in range(10)]


def test_processes_that_intend_the_same_all_see_the_first(store, url):
    answers = at_once(url, intend_ten)
    assert all(answer == answers[0] for answer in answers)


PROGRAM = """
import sys
from datetime import UTC, datetime
from cicd_defs.adapters.crash import arm
from cicd_defs.adapters.store.engine import open_store
url, point = sys.argv[1:]
arm(point)
store, now = open_store(url), datetime.now(UTC)
store.inbox.add("d1", "github", "push", b"{}", now)
store.effects.intend("merge:1", "merge", "x", now)
store.effects.done("merge:1", "abc", now)
"""


@pytest.mark.parametrize(
    ("point", "deliveries", "effect"),
    [
        ("inbox:before_commit", 0, None),
        ("inbox:after_commit", 1, None),
        ("effect:merge:intended", 1, "intended"),
        ("effect:merge:unrecorded", 1, "intended"),
        ("effect:comment:intended", 1, "done"),
    ],
)
def test_a_death_leaves_what_was_committed_and_the_next_process_goes_on(
    url, tmp_path, point, deliveries, effect
):
    command = [sys.executable, "-c", PROGRAM, url, f"{point}@1:{tmp_path / 'marker'}"]
    dies = effect != "done"
    assert subprocess.run(command, check=False).returncode == (-9 if dies else 0)
    store = open_store(url)
    found = store.effects.get("merge:1")
    assert (len(store.inbox.waiting(9)), found and found.state) == (deliveries, effect)
    subprocess.run(command, check=True)
    assert (len(store.inbox.waiting(9)), store.effects.get("merge:1").state) == (1, "done")
    store.close()
