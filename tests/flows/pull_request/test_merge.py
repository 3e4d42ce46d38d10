import pytest

from cicd_defs.facts.github.refusals import MergeRefused
from cicd_defs.flows.pull_request.claim import NotOurs, acting_claim
from cicd_defs.flows.pull_request.decide import decide_merge
from cicd_defs.flows.pull_request.merge import Merged, NotMerged, has_done, merge
from tests.flows.memory import task
from tests.flows.pull_request.place import MERGES, NAME


def orders(place, monkeypatch):
    """The orders that the forge gets from now on."""
    got, real = [], place.here.forge.merge

    def seen(order, now):
        got.append(order)
        return real(order, now)

    monkeypatch.setattr(place.here.forge, "merge", seen)
    return got


def test_what_may_be_merged_is_merged_once_and_followed_up(place, monkeypatch):
    found = place.open()
    kept = place.store.tasks.add(task())
    place.store.tasks.set_status(kept.key, "pull_request", place.here.clock.now(), 1)
    claim, _ = place.evaluated()
    got = orders(place, monkeypatch)
    made = merge(place.line, claim, "run-1")
    assert isinstance(made, Merged)
    assert (made.head, made.base, made.method) == (found.head_sha, found.base_sha, "squash")
    assert place.here.repository.branches == {"main": made.commit}
    assert (place.store.tasks.get(kept.key).status, place.now().state) == ("merged", "merged")
    assert [order.message for order in got] == ["Do change (#1)"]
    for _ in range(2):
        assert merge(place.line, claim, "run-1").commit == made.commit
    assert len(got) == 1
    assert [entry.action for entry in place.store.audit.entries()].count("merged") == 1


@pytest.mark.parametrize(
    ("project", "reason"),
    [
        ({"mode": "observe", **MERGES}, "only observes"),
        ({"mode": "comment", **MERGES}, "only comments"),
        ({"merge": {"approvals": 0}}, "The decision is to hold."),
        ({"validation": {"auto_merge": True}}, "The decision is to hold."),
    ],
)
def test_where_nothing_is_to_be_merged_nothing_is(place, project, reason, monkeypatch):
    place.declare(**project)
    place.open()
    claim, _ = place.evaluated()
    got = orders(place, monkeypatch)
    made = merge(place.line, claim, "run-1")
    assert (isinstance(made, NotMerged), reason in made.reason, got) == (True, True, [])
    assert place.now().state == "open"


def test_without_a_decision_nothing_is_merged(place, monkeypatch):
    place.open()
    claim, _ = place.claimed()
    assert merge(place.line, claim, "run-1").reason == "There is no decision of this evaluation."


def test_a_decision_to_merge_an_older_head_is_void_for_a_newer_one(place, monkeypatch):
    place.open()
    place.evaluated()
    place.push("change", {"more.py": "1"})
    claim, _ = place.claimed("run-2")
    got = orders(place, monkeypatch)
    assert "no decision of this evaluation" in merge(place.line, claim, "run-2").reason
    assert got == []


def test_a_decision_under_another_policy_is_void(place, monkeypatch):
    place.open()
    claim, _ = place.evaluated()
    got = orders(place, monkeypatch)
    place.declare(**MERGES, deployment={"start_command": "true"})
    with pytest.raises(NotOurs):
        merge(place.line, claim, "run-1")
    assert got == []


@pytest.mark.parametrize("what", ["change", "main"])
def test_what_moved_after_the_decision_is_not_merged_and_evaluated_again(place, what):
    place.open()
    claim, _ = place.evaluated()
    before = place.here.repository.branches["main"]
    place.push(what, {"more.py": "1"})
    made = merge(place.line, claim, "run-1")
    assert (isinstance(made, NotMerged), place.now().state) == (True, "open")
    assert what == "main" or place.here.repository.branches["main"] == before
    [again] = place.asked()
    assert (again.job, again.subject.head, again.subject.base) == (
        "evaluate",
        place.now().head_sha,
        place.now().base_sha,
    )


def test_a_merge_that_the_forge_refuses_for_good_is_said_why(place, monkeypatch):
    place.open()
    claim, _ = place.evaluated()

    def refuse(order, now):
        raise MergeRefused("refused", "The branch is protected.")

    monkeypatch.setattr(place.here.forge, "merge", refuse)
    assert merge(place.line, claim, "run-1").reason == "The branch is protected."
    merge(place.line, claim, "run-1")
    assert [one.delivery for one in place.deliveries()] == [f"refused:{claim.subject.run_key(0)}"]


def test_a_run_that_lost_the_pull_request_merges_nothing(place, monkeypatch):
    place.open()
    claim, _ = place.evaluated()
    place.store.claims.void(claim, place.here.clock.now())
    place.store.claims.take(claim.subject, 1, "run-2", place.here.clock.now(), 9)
    got = orders(place, monkeypatch)
    assert "Another run acts" in merge(place.line, claim, "run-1").reason
    assert got == []


@pytest.mark.parametrize(
    ("project", "changes", "kept"),
    [
        (MERGES, {}, False),
        ({**MERGES, "merge": {"approvals": 0, "delete_branch": False}}, {}, True),
        (MERGES, {"from_fork": True}, True),
    ],
)
def test_the_branch_is_deleted_where_it_is_ours(place, project, changes, kept):
    place.declare(**project)
    place.open(**changes)
    claim, decision = place.evaluated()
    if decision.outcome != "merge":  # a fork's: an owner allows it
        place.review()
        assert decide_merge(place.line, claim).outcome == "merge"
    assert isinstance(merge(place.line, claim, "run-1"), Merged)
    assert ("change" in place.here.repository.branches) is kept


def test_a_branch_that_has_moved_on_is_left_alone(place, monkeypatch):
    place.open()
    claim, _ = place.evaluated()
    real = place.here.forge.merge

    def merged_meanwhile(order, now):
        commit = real(order, now)
        place.push("change", {"more.py": "1"})
        return commit

    monkeypatch.setattr(place.here.forge, "merge", merged_meanwhile)
    merge(place.line, claim, "run-1")
    assert "change" in place.here.repository.branches


def test_a_claim_ends_when_both_last_steps_were_looked_at_in_whatever_order(place):
    for number, steps in enumerate((("merged", "fixed"), ("fixed", "merged")), 1):
        place.open(f"c{number}", {f"{number}.py": "1"})
        claim, _ = place.evaluated(number, f"run-{number}")
        has_done(place.line, claim, steps[0], "x")
        assert place.store.claims.current(NAME, number).state == "held"
        has_done(place.line, claim, steps[1], "x")
        assert place.store.claims.current(NAME, number).state == "done"


def test_after_an_approval_a_later_run_merges_without_evaluating_again(place):
    place.declare(validation={"auto_merge": True})
    place.open()
    claim, decision = place.evaluated()
    for step in ("merged", "fixed"):
        has_done(place.line, claim, step, "x")
    assert decision.outcome == "hold"
    place.review()
    later = acting_claim(place.line, claim.subject.partition, "run-2")
    assert decide_merge(place.line, later).outcome == "merge"
    assert isinstance(merge(place.line, later, "run-2"), Merged)
    assert len(place.sandbox.prepared) == 1
