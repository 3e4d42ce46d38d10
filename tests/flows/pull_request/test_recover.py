"""A run that dies at whatever moment: its pull request is asked for again, and nothing is done twice."""

import pytest

from cicd_defs.flows.pull_request.claim import NotOurs
from cicd_defs.flows.pull_request.merge import LAST_STEPS, Merged, has_decided, has_done, merge
from cicd_defs.flows.run.recover import forget_runs, recover_claims, remove_leftovers
from cicd_defs.flows.run.thaw import thaw
from tests.flows.memory import Died
from tests.flows.pull_request.place import NAME


def again(place):
    """What a dead run's pull request comes to, once its claim is taken for dead."""
    place.wait(31)
    freed = recover_claims(place.line)
    return freed, place.asked()


def test_a_claim_whose_holder_is_silent_is_freed_and_asked_for_as_the_next_generation(place):
    place.open()
    claim, _ = place.claimed()
    assert recover_claims(place.line) == ()
    freed, [run] = again(place)
    assert ([one.holder for one in freed], run.key) == (["run-1"], claim.subject.run_key(1))
    assert recover_claims(place.line) == ()
    assert place.claimed("run-2", key=run.key)[0].generation == 1
    assert ("freed a dead run's claim", {"run": "run-1"}) in [
        (entry.action, entry.detail) for entry in place.store.audit.entries()
    ]


def test_a_holder_that_beats_is_left_alone(place):
    place.open()
    claim, _ = place.claimed()
    for _ in range(4):
        place.wait(20)
        assert place.store.claims.beat(claim, place.here.clock.now())
        assert recover_claims(place.line) == ()


def test_a_run_that_was_taken_for_dead_and_is_not_may_not_act(place):
    place.open()
    claim, _ = place.evaluated()
    again(place)
    assert isinstance(place.claimed("run-2")[0].generation, int)
    made = merge(place.line, claim, "run-1")
    assert (isinstance(made, Merged), place.now().state) == (False, "open")


def test_recovery_that_dies_before_it_frees_the_claim_is_done_again_once(place, monkeypatch):
    place.open()
    place.claimed()
    place.wait(31)
    with monkeypatch.context() as patch:

        def dies(*_):
            raise Died

        patch.setattr(place.store.claims, "void", dies)
        with pytest.raises(Died):
            recover_claims(place.line)
    assert len(recover_claims(place.line)) == 1
    assert len(place.asked()) == len(place.deliveries()) == 1


@pytest.mark.parametrize("state", ["closed", "merged"])
def test_a_dead_run_s_pull_request_that_is_not_open_is_freed_only(place, state):
    place.open()
    place.claimed()
    place.here.forge.set_state(1, state)
    _, asked = again(place)
    assert (asked, place.deliveries(), place.store.claims.current(NAME, 1).state) == ((), [], "void")


@pytest.mark.parametrize("moment", ["recorded", "branch_deleted"])
def test_a_run_that_died_after_the_forge_had_merged_is_followed_up(place, moment, monkeypatch):
    place.open()
    claim, _ = place.evaluated()
    with monkeypatch.context() as patch:

        def dies(*_):
            raise Died

        if moment == "recorded":
            patch.setattr(place.store.effects, "done", dies)
        else:
            patch.setattr(place.here.forge, "delete_branch", dies)
        with pytest.raises(Died):
            merge(place.line, claim, "run-1")
    commit = place.now().merged_sha
    _, asked = again(place)
    assert (asked, place.store.claims.current(NAME, 1).state) == ((), "done")
    assert (
        place.store.effects.get(f"merge:{NAME}:1:{claim.subject.head}:{claim.subject.base}").external_id
        == commit
    )
    assert [entry.action for entry in place.store.audit.entries()].count("merged") == 1
    assert "change" not in place.here.repository.branches


def test_what_makes_its_runs_die_each_time_is_a_fault_and_a_person_is_called(place):
    place.open()
    place.claimed("run-1")
    for run in range(2, 6):
        _, [asked] = again(place)
        place.claimed(f"run-{run}", key=asked.key)
    _, asked = again(place)
    assert (asked, place.store.claims.current(NAME, 1).state) == ((), "done")
    [record] = place.store.evidence.decisions(NAME, 1)
    assert record.outcome == "hold"
    assert {verdict["word"] for verdict in record.evidence["verdicts"].values()} == {"fault"}
    assert "died 5 times" in place.here.forge.comments(NAME, 1)[0].body


def test_a_run_that_dies_now_and_then_is_not_one_that_dies_each_time(place):
    place.open()
    for round_ in range(3):
        for run in range(3):
            place.claimed(f"run-{round_}-{run}")
            again(place)
        claim, _ = place.claimed(f"run-{round_}")
        place.store.claims.end(claim, place.here.clock.now())
    assert list(place.store.evidence.decisions(NAME, 1)) == []


def test_a_claim_whose_forge_cannot_be_asked_for_long_is_freed_and_keeps_no_slot(place, monkeypatch):
    place.open()
    place.claimed()

    def damaged(*_):
        raise RuntimeError("damaged")

    monkeypatch.setattr(place.here.forge, "pull_request", damaged)
    place.wait(31)
    assert recover_claims(place.line) == ()
    place.wait(300)
    assert [claim.holder for claim in recover_claims(place.line)] == ["run-1"]
    assert place.store.claims.current(NAME, 1).state == "void"


def asked_for(place):
    place.open()
    place.post()
    [run] = place.asked()
    return run


def test_a_run_that_ended_without_taking_its_event_is_asked_for_under_a_new_key(place):
    run = asked_for(place)
    assert forget_runs(place.line, lambda key: True) == ()  # it may be about to begin
    place.wait(16)
    assert forget_runs(place.line, lambda key: False) == ()
    assert forget_runs(place.line, lambda key: key == run.key) == (run.subject,)
    [next_run] = place.asked()
    assert next_run.key == run.subject.run_key(1)
    assert forget_runs(place.line, lambda key: True) == ()
    with pytest.raises(NotOurs):
        place.claimed("run-1", key=run.key)
    assert place.claimed("run-2", key=next_run.key)[0].holder == "run-2"


def decision_asked_for(place):
    """A pull request that was evaluated, and an event that has it decided again."""
    place.open()
    claim, _ = place.evaluated()
    for step in LAST_STEPS:
        has_done(place.line, claim, step, "x")
    place.post(action="labeled")
    [run] = place.asked()
    return run


def test_an_event_ends_when_it_was_decided_on(place):
    run = decision_asked_for(place)
    has_decided(place.line, None, "run-2")
    has_decided(place.line, run.subject.run_key(0), "run-2")
    assert place.ends() == ["asked"]
    has_decided(place.line, run.key, "run-2")
    assert (place.ends(), place.asked()) == (["done"], ())


def test_a_decision_whose_run_died_is_asked_for_under_other_keys_and_not_for_ever(place):
    run = decision_asked_for(place)
    keys = [run.key]
    for _ in range(10):
        forget_runs(place.line, lambda key: True)
        assert [one.key for one in place.asked()] == keys[-1:]  # it may be about to begin
        place.wait(16)
        forget_runs(place.line, lambda key: False)
        assert [one.key for one in place.asked()] == keys[-1:]
        forget_runs(place.line, lambda key: True)
        keys += [one.key for one in place.asked()]
    assert (len(keys), len(set(keys)), place.ends()) == (10, 10, ["dead"])


@pytest.mark.parametrize("look", [recover_claims, lambda line: forget_runs(line, lambda key: True)])
def test_a_forge_that_fails_for_one_keeps_no_other_waiting(place, look, monkeypatch):
    for number in (1, 2):
        place.open(f"c{number}", {f"{number}.py": "1"})
        if look is recover_claims:
            place.claimed(f"run-{number}", number)
        place.post(number=number)
    place.asked()
    place.wait(31)
    real = place.here.forge.pull_request

    def broken(repository, number):
        if number == 1:
            raise RuntimeError("its project file is refused now")
        return real(repository, number)

    monkeypatch.setattr(place.here.forge, "pull_request", broken)
    [found] = look(place.line)
    assert getattr(found, "subject", found).number == 2


def test_a_run_whose_head_is_not_the_present_one_is_not_forgotten_but_replaced(place):
    run = asked_for(place)
    place.push("change", {"more.py": "1"})
    place.wait(16)
    assert forget_runs(place.line, lambda key: True) == ()
    assert [one.key for one in place.asked()] != [run.key]


def test_a_run_that_goes_on_is_not_forgotten(place):
    run = asked_for(place)
    place.claimed("run-1", key=run.key)
    place.post()
    place.asked()
    place.wait(16)
    assert forget_runs(place.line, lambda key: True) == ()


def test_workspaces_of_held_claims_are_kept(place):
    place.open()
    claim, _ = place.claimed()
    remove_leftovers(place.line)
    place.store.claims.end(claim, place.here.clock.now())
    remove_leftovers(place.line)
    assert place.sandbox.swept == [[f"{claim.subject.partition}-0"], []]
    place.sandbox = None
    assert remove_leftovers(place.line) == 0


def test_after_a_freeze_it_is_decided_on_again_once(place, monkeypatch):
    from cicd_defs.spec.freeze import Freeze

    begin, end = "2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z"
    freeze = Freeze.model_validate({"from": begin, "until": end})
    place.declare(validation={"auto_merge": True}, merge={"approvals": 0, "freeze": (freeze,)})
    monkeypatch.setattr(place.here.forge, "watched", lambda: (NAME,))
    place.open()
    _, decision = place.evaluated()
    assert (decision.outcome, [vote.gate for vote in decision.reasons]) == ("hold", ["freeze"])
    assert thaw(place.line) == 0
    place.wait(24 * 3600)
    assert (thaw(place.line), thaw(place.line)) == (1, 0)
