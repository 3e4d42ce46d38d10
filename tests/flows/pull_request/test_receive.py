import json

import pytest

from cicd_defs.facts.github.pull_requests import Check
from cicd_defs.flows.pull_request.merge import LAST_STEPS, has_done
from tests.flows.pull_request.place import NAME

FORK = {"number": 1, "head": {"sha": "a" * 40}, "base": {"ref": "main"}}


def done(place, number=1):
    """A pull request whose evaluation has ended."""
    claim, _ = place.evaluated(number)
    for step in LAST_STEPS:
        has_done(place.line, claim, step, "x")
    return claim


@pytest.mark.parametrize("action", ["opened", "reopened", "synchronize"])
def test_a_new_head_is_evaluated_as_it_is_now_whatever_the_event_says(place, action):
    found = place.open()
    place.post(action=action)
    [run] = place.asked()
    assert (run.job, run.subject.head, run.subject.base) == ("evaluate", found.head_sha, found.base_sha)
    assert run.key == f"{NAME}:1:{found.head_sha}:{found.base_sha}:{run.subject.policy[:12]}:0"
    assert (place.ends(), place.reached) == (["asked"], ["sensor:asked"])


def test_a_change_of_base_is_evaluated(place):
    place.open()
    place.post(action="edited", changes={"base": {"ref": {"from": "old"}}})
    assert [run.job for run in place.asked()] == ["evaluate"]


@pytest.mark.parametrize("action", ["labeled", "unlabeled", "converted_to_draft", "ready_for_review"])
def test_what_changes_the_forge_s_evidence_only_has_it_decided_again(place, action):
    place.open()
    done(place)
    place.post(action=action)
    assert [run.job for run in place.asked()] == ["decide"]


def test_a_review_before_any_evaluation_has_it_evaluated(place):
    place.open()
    place.post("pull_request_review")
    assert [run.job for run in place.asked()] == ["evaluate"]


@pytest.mark.parametrize(
    ("kind", "changes", "note"),
    [
        ("pull_request", {"action": "closed"}, "closed"),
        ("pull_request", {"action": "assigned"}, "same head, base and evidence"),
        ("pull_request", {"action": "edited"}, "same head, base and evidence"),
        ("pull_request_review", {"action": "reopened"}, "changes no approval"),
        ("pull_request", {"repository": {"full_name": "acme/other"}}, "No project file declares acme/other"),
        ("pull_request", {"number": 9, "pull_request": FORK | {"number": 9}}, "no such pull request"),
        ("issue_comment", {}, "nothing follows"),
        ("ping", {}, "nothing follows"),
        ("push", {"ref": "refs/heads/other"}, "not the branch"),
        ("push", {"ref": "refs/tags/v1"}, "no branch"),
        ("push", {"after": "0" * 40}, "was deleted"),
        ("check_run", {"action": "created"}, "no result yet"),
        ("status", {"state": "pending"}, "pending"),
    ],
)
def test_what_nothing_follows_from_is_ignored_with_the_reason(place, kind, changes, note):
    place.open()
    place.post(kind, **changes)
    assert place.asked() == ()
    [kept] = place.deliveries()
    assert (kept.state, note in kept.note) == ("ignored", True), kept.note


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"state": "closed"}, "Pull request 1 is closed"),
        ({"state": "merged"}, "Pull request 1 is merged"),
        ({"base_ref": "old"}, "It merges into old; the project's branch is main"),
    ],
)
def test_a_pull_request_that_is_not_evaluated_is_said_why(place, changes, note):
    place.here.repository.branches["old"] = place.here.repository.branches["main"]
    place.open(**changes)
    place.post()
    assert place.asked() == ()
    assert note in place.deliveries()[0].note


@pytest.mark.parametrize("text", [b"{", b"[]", b'{"action": NaN}', b"\xff", b'{"repository": {}}'])
def test_what_cannot_be_read_is_quarantined_and_keeps_nobody_waiting(place, text):
    place.open()
    place.put("pull_request", text)
    place.post()
    assert len(place.asked()) == 1
    assert place.ends() == ["quarantined", "asked"]


def test_a_push_to_the_base_becomes_one_delivery_for_each_open_pull_request(place):
    for branch, state in (("one", "open"), ("two", "open"), ("three", "closed")):
        place.open(branch, state=state)
    place.post("push")
    assert place.asked() == ()
    assert place.ends() == ["done", "new", "new"]
    assert "2 open pull requests" in place.deliveries()[0].note
    assert [run.subject.number for run in place.asked()] == [1, 2]


def test_a_push_that_dies_half_way_is_spread_once(place):
    place.open()
    place.post("push")
    first = place.deliveries()[0]
    place.asked()
    with place.store.engine.begin() as db:
        db.exec_driver_sql("UPDATE inbox SET state = 'new' WHERE id = 1")
    place.asked()
    assert [one.delivery for one in place.deliveries()] == [first.delivery, f"{first.delivery}:1"]


@pytest.mark.parametrize(
    ("kind", "fields"), [("check_run", {}), ("check_suite", {}), ("status", {"state": "failure"})]
)
def test_a_check_concerns_the_pull_requests_at_its_commit(place, kind, fields):
    place.open("one", {"a.py": "1"})
    found = place.open("two", {"b.py": "2"})
    commit = {"head_sha": found.head_sha}
    place.post(kind, **(fields | {"sha": found.head_sha} if kind == "status" else {kind: commit}))
    place.asked()
    assert [run.subject.number for run in place.asked()] == [2]


def test_many_events_of_one_head_are_one_run(place):
    place.open()
    for _ in range(4):
        place.post()
    [run] = place.asked()
    assert run.deliveries == (1, 2, 3, 4)


def test_it_is_asked_for_again_under_the_same_key_until_a_run_has_taken_it(place):
    place.open()
    place.post()
    [first] = place.asked()
    asked_at = place.deliveries()[0].asked_at
    place.wait(5)
    assert [run.key for run in place.asked()] == [first.key]
    assert place.deliveries()[0].asked_at == asked_at
    place.claimed("run-1", key=first.key)
    assert (place.asked(), place.ends()) == ((), ["done"])
    assert place.deliveries()[0].note == "Run run-1 has taken it."


def test_a_head_that_moves_before_its_run_began_is_asked_for_under_another_key(place):
    place.open()
    place.post()
    [before] = place.asked()
    place.push("change", {"more.py": "1"})
    [after] = place.asked()
    assert (before.key != after.key, after.subject.head) == (True, place.now().head_sha)


def test_what_always_fails_is_dead_after_ten_looks_and_keeps_nobody_waiting(place, monkeypatch):
    place.open("one")
    place.open("two")
    real = place.here.forge.pull_request

    def broken(repository, number):
        if number == 1:
            raise RuntimeError("poison")
        return real(repository, number)

    monkeypatch.setattr(place.here.forge, "pull_request", broken)
    place.post(number=1)
    place.post(number=2)
    for _ in range(9):
        assert [run.subject.number for run in place.asked()] == [2]
    assert place.ends() == ["new", "asked"]
    place.asked()
    assert place.ends() == ["dead", "asked"]
    assert "RuntimeError: poison" in place.deliveries()[0].note


def test_a_hundred_that_fail_leave_room_for_the_next_once_they_are_dead(place, monkeypatch):
    place.open()
    real = place.here.forge.pull_request
    fails = {"on": True}

    def broken(repository, number):
        if number == 7 and fails["on"]:
            raise RuntimeError("poison")
        return real(repository, number)

    monkeypatch.setattr(place.here.forge, "pull_request", broken)
    for _ in range(100):
        place.post(number=7)
    place.post(number=1)
    for _ in range(10):
        place.asked()
    assert [run.subject.number for run in place.asked()] == [1]


def decided(place, **event):
    place.post(**(event or {"action": "labeled"}))
    [run] = place.asked()
    return run.key


def test_events_that_come_together_share_one_decision(place):
    place.open()
    done(place)
    place.post(action="labeled")
    place.post("pull_request_review")
    [run] = place.asked()
    assert (run.job, run.deliveries) == ("decide", (1, 2))


def test_the_same_evidence_that_comes_back_is_decided_on_again(place):
    """A label on, off and on: the third decision is not taken for the first."""
    place.open()
    done(place)
    keys = []
    for labels in (("x",), (), ("x",)):
        row = place.here.forge.rows[1]
        place.here.forge.rows[1] = row.model_copy(update={"labels": labels})
        keys.append(decided(place))
        place.store.inbox.settle_run(keys[-1], "decided", place.here.clock.now())
    assert len(set(keys)) == 3


def test_a_decision_that_was_asked_for_keeps_its_key_when_more_comes(place):
    place.open()
    done(place)
    first = decided(place)
    place.review()
    place.post("pull_request_review")
    runs = place.asked()
    assert first in [run.key for run in runs]
    assert sorted(ids for run in runs for ids in run.deliveries) == [1, 2]


def test_a_decision_s_key_tells_the_evidence_apart_but_not_our_own_check(place):
    place.open()
    done(place)
    first = decided(place)
    place.store.inbox.settle_run(first, "x", place.here.clock.now())
    ours = Check(name="cicd-defs", commit=place.now().head_sha, state="pending")
    place.here.forge.put_check(NAME, ours, place.here.clock.now())
    same = decided(place)
    place.store.inbox.settle_run(same, "x", place.here.clock.now())
    place.check("lint", "failure")
    other = decided(place)
    digests = [key.rsplit(":", 2)[1] for key in (first, same, other)]
    assert digests[0] == digests[1] != digests[2]


def test_a_new_policy_is_evaluated_again_where_an_event_comes(place):
    place.open()
    done(place)
    place.declare(validation={"auto_merge": True}, merge={"approvals": 1})
    place.post(action="labeled")
    [run] = place.asked()
    assert (run.job, run.key.endswith(":1")) == ("evaluate", True)


def test_an_event_s_words_are_never_taken_for_the_truth(place):
    """The head, base and state in the body are a stranger's: the forge is asked."""
    place.open(state="closed")
    lie = {"number": 1, "head": {"sha": "f" * 40}, "base": {"ref": "main", "sha": "e" * 40}, "merged": True}
    place.put("pull_request", json.dumps({
        "action": "opened", "number": 1, "pull_request": lie, "repository": {"full_name": NAME},
    }).encode())  # fmt: skip
    assert (place.asked(), place.ends()) == ((), ["ignored"])
