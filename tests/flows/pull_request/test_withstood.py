"""Ways in which the line once went wrong, each with what happens now."""

import dataclasses
from datetime import timedelta

import pytest

from cicd_defs.facts.changes.diff import ChangedFile, Diff
from cicd_defs.flows.pull_request import claim as claims
from cicd_defs.flows.pull_request.claim import NotOurs, diff_of
from cicd_defs.flows.pull_request.decide import decide_merge
from cicd_defs.flows.pull_request.merge import Merged, NotMerged, merge
from cicd_defs.flows.pull_request.receive import LONGEST_ID, own_delivery
from cicd_defs.flows.run.recover import TOO_LONG, forget_runs, give_up, recover_claims


def label(place, *labels):
    found = place.now()
    place.here.forge.rows[1] = found.model_copy(update={"labels": labels})


def test_a_decision_that_was_made_before_does_not_count_when_it_comes_back(place):
    place.open()
    label(place, "do-not-merge")
    claim, held = place.evaluated()
    label(place)
    merging = decide_merge(place.line, claim)  # and the process dies before it merges
    label(place, "do-not-merge")
    again = decide_merge(place.line, claim)
    assert [one.outcome for one in (held, merging, again)] == ["hold", "merge", "hold"]
    assert isinstance(merge(place.line, claim, "run-1"), NotMerged)
    assert place.now().state == "open"


def test_what_changes_between_decision_and_merge_counts_and_is_decided_on_again(place):
    place.open()
    claim, decision = place.evaluated()
    label(place, "do-not-merge")
    before = len(place.deliveries())
    assert decision.outcome == "merge"
    assert isinstance(merge(place.line, claim, "run-1"), NotMerged)
    assert len(place.deliveries()) == before + 1


def test_events_of_a_head_that_is_evaluated_now_wait_as_one(place):
    place.open()
    claim, _ = place.evaluated()
    for _ in range(30):
        place.post(action="labeled")
    assert place.asked() == ()
    assert place.ends().count("done") == 30
    assert place.store.inbox.depth() == 1  # it is decided on once more when the run ends
    assert place.asked() == ()
    place.store.claims.end(claim, place.here.clock.now())
    assert [run.job for run in place.asked()] == ["decide"]


def test_events_of_one_pull_request_keep_no_other_waiting_and_slots_are_not_overdrawn(place):
    for number in range(1, 7):
        place.open(f"change-{number}")
        place.post(number=number)
    first = place.asked()
    assert len(first) == place.line.limits.validations
    assert {run.key for run in place.asked()} == {run.key for run in first}  # until they have taken theirs
    for run in first:
        place.claimed(f"run-{run.subject.number}", run.subject.number, run.key)
    assert place.asked() == ()
    for run in first:
        found = place.store.claims.current("acme/shop", run.subject.number)
        place.store.claims.end(found, place.here.clock.now())
    assert {run.subject.number for run in place.asked()} == {4, 5, 6}


def test_a_claim_whose_project_file_is_gone_is_freed_in_the_end(place):
    place.open()
    place.claimed()
    place.here.forge.pull_request = unreachable
    place.wait(60)
    assert recover_claims(place.line) == ()
    place.wait(TOO_LONG.total_seconds())
    assert [claim.holder for claim in recover_claims(place.line)] == ["run-1"]
    assert place.store.claims.stale(place.here.clock.now() + timedelta(days=1)) == ()


def unreachable(repository, number):
    raise RuntimeError("No project file declares it.")


def test_a_run_whose_policy_changed_gives_its_claim_up_and_the_head_is_evaluated_again(place):
    place.open()
    claim, _ = place.claimed()
    give_up(place.line, claim.subject.partition, "run-2")  # not its own
    assert place.store.claims.current("acme/shop", 1).state == "held"
    place.declare(merge={"approvals": 2})
    give_up(place.line, claim.subject.partition, "run-1")
    [again] = place.asked()
    assert (again.job, again.subject.policy != claim.subject.policy) == ("evaluate", True)


def test_facts_that_cannot_be_had_leave_no_claim(place, monkeypatch):
    place.open()
    monkeypatch.setattr(claims, "diff_of", lambda line, subject: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        place.claimed()
    assert place.store.claims.current("acme/shop", 1) is None


def test_a_subject_whose_runs_die_five_times_is_held_and_a_person_is_called_once(place):
    place.open()
    for death in range(5):
        place.claimed(f"run-{death}")
        place.wait(60)
        assert len(recover_claims(place.line)) == 1
        place.asked()
    assert place.store.claims.current("acme/shop", 1).state == "done"
    [decision] = place.store.evidence.decisions("acme/shop", 1)
    assert decision.outcome == "hold"
    assert [one["event"] for one in place.store.notifications.newest(10)] == ["needs_a_person"]
    assert place.now().state == "open"


def test_a_run_that_holds_its_claim_is_never_taken_for_dead_by_a_late_event(place):
    place.open()
    place.post()
    [run] = place.asked()
    place.claimed("run-1", 1, run.key)
    place.post(action="labeled")
    place.asked()
    place.wait(200)
    looked_up = []
    forget_runs(place.line, lambda key: looked_up.append(key) or True)
    assert run.key not in looked_up


LONG = {"one name": "c" * 256, "below": f"a/{'b' * 50_000}", "the whole": "/".join(["d" * 200] * 30)}


@pytest.mark.parametrize("name", LONG.values(), ids=LONG)
def test_a_name_that_no_file_system_takes_is_not_looked_at_and_holds(place, name):
    place.open()
    files = tuple(ChangedFile(path=path, old_path=path, status="added") for path in (name, "a.py"))
    line = dataclasses.replace(place.line, repositories=Diffing(Diff(files=files)))
    read = diff_of(line, place.subject())
    assert ([file.path for file in read.files], read.cut) == (["a.py"], True)


class Diffing:
    """Repositories in which each change is the same."""

    def __init__(self, found: Diff) -> None:
        self.found = found

    def diff(self, git_dir, base, head):
        return self.found


def test_ids_of_our_own_deliveries_fit_a_store(place):
    long = f"recovered:{'o' * 100}/{'n' * 100}:1:{'a' * 64}:{'b' * 64}"
    assert len(own_delivery(long)) <= LONGEST_ID
    assert own_delivery(long) == own_delivery(long) != own_delivery(f"{long}x")
    assert own_delivery("short") == "short"


def test_a_second_merge_of_the_same_decision_is_the_first(place):
    place.open()
    claim, _ = place.evaluated()
    made = [merge(place.line, claim, "run-1") for _ in range(2)]
    assert [type(one) for one in made] == [Merged, Merged]
    assert made[0].commit == made[1].commit


def test_a_person_asks_for_a_part_alone_and_is_told_what_to_ask_for(place):
    place.open()
    claim, _ = place.evaluated()
    place.store.claims.end(claim, place.here.clock.now())
    with pytest.raises(NotOurs, match="materialise `pull_request` too"):
        claims.acting_claim(place.line, claim.subject.partition, "run-2", evaluates=True)
