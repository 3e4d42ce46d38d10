"""Claims: one run acts for a pull request, whoever asks and whenever."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cicd_defs.adapters.store.engine import open_store
from tests.adapters.store.processes import at_once
from tests.adapters.store.samples import NOW, after, subject

OLD, NEW = subject(), subject(head="d" * 40)


def take(store, what=OLD, generation=0, holder="run1", most=5):
    return store.claims.take(what, generation, holder, NOW, most)


def state(store):
    claim = store.claims.current("acme/shop", 42)
    return claim and (claim.subject, claim.generation, claim.holder, claim.state)


def test_the_first_claim_is_taken_and_held(store):
    assert store.claims.generation(OLD) == 0
    assert store.claims.current("acme/shop", 42) is None
    claim = take(store)
    assert (claim.subject, claim.generation, claim.taken_at) == (OLD, 0, NOW)
    assert store.claims.current("acme/shop", 42) == claim
    assert store.claims.holds(claim)
    assert store.claims.generation(OLD) == 0


@pytest.mark.parametrize(
    "other",
    [subject(head="e" * 40), subject(base="e" * 40), subject(policy="e" * 64), subject(project="other")],
)
def test_any_other_subject_of_the_pull_request_is_one_higher(store, other):
    take(store)
    assert store.claims.generation(other) == 1
    claim = take(store, other, 1, "run2")
    assert (claim.subject, claim.generation, claim.holder) == (other, 1, "run2")
    assert store.claims.generation(OLD) == 2, "a head that comes back is evaluated again"


def test_another_run_does_not_get_what_is_held_or_has_ended(store):
    claim = take(store)
    assert take(store, holder="run2") is None
    store.claims.end(claim, after(1))
    assert state(store) == (OLD, 0, "run1", "done")
    assert take(store, holder="run2") is None
    assert take(store, holder="run1") is None
    assert store.claims.generation(OLD) == 0


def test_who_holds_it_and_asks_again_is_given_it_again(store):
    claim = take(store)
    assert take(store, most=1) == claim


def test_a_newer_head_takes_over_and_the_older_run_has_lost_it(store):
    old = take(store)
    new = take(store, NEW, store.claims.generation(NEW), "run2")
    assert (store.claims.holds(old), store.claims.holds(new)) == (False, True)
    assert not store.claims.beat(old, after(1))
    store.claims.end(old, after(1))
    store.claims.void(old, after(1))
    assert state(store) == (NEW, 1, "run2", "held")
    assert take(store, OLD, 0, "run3") is None, "it was asked for before the newer head came"


def test_two_heads_that_were_asked_for_before_either_came_do_not_share_a_generation(store):
    take(store, OLD, 0, "run1")
    new = take(store, NEW, 0, "run2")
    assert new.generation == 1
    assert take(store, NEW, 0, "run2") == new
    assert take(store, OLD, 0, "run1") is None


def test_a_claim_whose_holder_died_is_freed_for_the_next_generation(store):
    dead = take(store)
    store.claims.void(dead, after(1))
    assert state(store) == (OLD, 0, "run1", "void")
    assert (store.claims.generation(OLD), store.claims.generation(NEW)) == (1, 1)
    assert take(store, holder="run2") is None
    assert take(store, generation=1, holder="run2").generation == 1
    assert not store.claims.holds(dead)


def test_an_ended_claim_can_be_freed_for_another_evaluation(store):
    claim = take(store)
    store.claims.end(claim, after(1))
    store.claims.void(claim, after(2))
    assert store.claims.generation(OLD) == 1


def test_beats_tell_which_claims_are_stale(store):
    claim = take(store)
    take(store, subject(number=43), holder="run2")
    assert store.claims.beat(claim, after(60))
    assert [each.subject.number for each in store.claims.stale(after(30))] == [43]
    assert [each.subject.number for each in store.claims.stale(after(61))] == [43, 42]
    store.claims.end(claim, after(70))
    assert [each.subject.number for each in store.claims.stale(after(99))] == [43]


def test_no_more_are_held_than_may_be(store):
    first = take(store, subject(number=1), most=2)
    take(store, subject(number=2, repository="acme/other"), most=2)
    assert take(store, subject(number=3), most=2) is None
    assert take(store, subject(number=1, head="f" * 40), 1, "run2", most=2), "it takes its own place over"
    store.claims.end(first, NOW)
    assert take(store, subject(number=3), most=2) is None, "that claim is not the first one's any more"
    store.claims.end(store.claims.current("acme/shop", 1), NOW)
    assert take(store, subject(number=3), most=2)


def take_the_same(store, place):
    return take(store, holder=f"run{place}") is not None


def take_others(store, place):
    taken = [take(store, subject(number=10 * place + n), holder=f"run{place}", most=7) for n in range(5)]
    return sum(claim is not None for claim in taken)


def take_newer(store, place):
    claims = []
    for round_ in range(10):
        what = subject(head=f"{place:02}{round_:038}")
        claims.append(take(store, what, store.claims.generation(what), f"run{place}"))
    return [claim.generation for claim in claims if claim]


def test_of_processes_that_want_the_same_claim_one_gets_it(store, url):
    assert sum(at_once(url, take_the_same)) == 1


def test_processes_together_hold_no_more_than_may_be_held(store, url):
    assert sum(at_once(url, take_others)) == 7
    assert len(store.claims.stale(after(1))) == 7


def test_no_generation_is_given_to_two_subjects(store, url):
    given_out = [number for numbers in at_once(url, take_newer) for number in numbers]
    assert len(set(given_out)) == len(given_out)
    assert store.claims.current("acme/shop", 42).generation == max(given_out)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["take", "take", "stale take", "void", "end", "beat"]),
        st.sampled_from("abc"),
        st.sampled_from(["run1", "run2", "run3"]),
    ),
    max_size=25,
)


@given(steps=STEPS)
@settings(max_examples=40)
def test_whatever_happens_generations_never_fall_and_one_claim_holds(steps, tmp_path_factory):
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('claims')}/store.db", migrate=True)
    taken, seen, highest = [], set(), -1
    for deed, head, holder in steps:
        what = subject(head=head * 40)
        generation = store.claims.generation(what)
        if "take" in deed:
            claim = take(store, what, max(generation - (deed == "stale take"), 0), holder)
            if claim and claim not in taken:
                assert claim.generation not in seen
                seen.add(claim.generation)
                taken.append(claim)
        elif taken and deed == "beat":
            assert store.claims.beat(taken[-1], NOW) == store.claims.holds(taken[-1])
        elif taken:
            getattr(store.claims, deed)(taken[-1], NOW)
        now_there = store.claims.current("acme/shop", 42)
        assert (now_there.generation if now_there else -1) >= highest
        highest = now_there.generation if now_there else -1
        assert sum(store.claims.holds(claim) for claim in taken) <= 1
    store.close()
