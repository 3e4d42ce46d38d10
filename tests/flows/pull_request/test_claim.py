import pytest

from cicd_defs.flows.pull_request.claim import NotOurs, acting_claim, claim_head, may_act
from cicd_defs.flows.pull_request.receive import refusal
from tests.flows.pull_request.place import NAME


def key_of(place, number=1):
    place.post(number=number)
    return next(run.key for run in place.asked() if run.subject.number == number)


def refused(place, holder="run-1", partition=None, key=None):
    with pytest.raises(NotOurs) as reason:
        claim_head(place.line, partition or place.subject().partition, holder, key)
    return str(reason.value)


def test_a_run_takes_the_right_and_ends_the_deliveries_that_asked_for_it(place):
    found = place.open(files={"a.py": "1\n", "tests/test_cart.py": None})
    key = key_of(place)
    claim, facts = claim_head(place.line, place.subject().partition, "run-1", key)
    assert (claim.holder, claim.state, claim.generation) == ("run-1", "held", 0)
    assert (facts.pull_request, facts.subject.head) == (found, found.head_sha)
    assert sorted(one.path for one in facts.paths) == ["a.py", "tests/test_cart.py"]
    assert (place.ends(), place.reached[-1]) == (["done"], "run:claimed")


def test_of_two_runs_for_the_same_head_one_gets_it(place):
    place.open()
    key = key_of(place)
    place.claimed("run-1", key=key)
    assert "another run evaluates it" in refused(place, "run-2", key=key)
    assert place.claimed("run-1", key=key)[0].holder == "run-1"


def test_the_newest_head_wins_and_the_older_run_may_not_act_any_more(place):
    place.open()
    old, _ = place.claimed("run-1")
    old_partition = place.subject().partition
    place.push("change", {"more.py": "1"})
    new, _ = place.claimed("run-2")
    assert (new.generation, new.subject.head) == (1, place.now().head_sha)
    assert (may_act(place.line, old, "run-1"), may_act(place.line, new, "run-2")) == (False, True)
    assert place.now().head_sha[:12] in refused(place, "run-3", old_partition)
    assert "a newer head was" in not_acting(place, old_partition, "run-1")


def not_acting(place, partition, holder):
    with pytest.raises(NotOurs) as reason:
        acting_claim(place.line, partition, holder)
    return str(reason.value)


@pytest.mark.parametrize(
    "moved",
    [
        pytest.param(lambda place: place.push("main", {"other.py": "1"}), id="base"),
        pytest.param(lambda place: place.declare(merge={"approvals": 2}), id="policy"),
    ],
)
def test_a_run_that_was_asked_for_another_base_or_policy_ends_and_its_event_is_asked_for_again(place, moved):
    place.open()
    key = key_of(place)
    moved(place)
    assert "has changed since this run was asked for" in refused(place, key=key)
    assert place.ends() == ["asked"]
    [again] = place.asked()
    assert again.key != key
    place.claimed("run-2", key=again.key)
    assert place.ends() == ["done"]


def test_a_person_may_have_a_head_evaluated_again_and_again(place):
    place.open()
    for generation in range(3):
        claim, _ = place.claimed(f"run-{generation}")
        assert claim.generation == generation
        place.store.claims.end(claim, place.here.clock.now())


def test_a_person_does_not_take_away_what_another_run_is_at(place):
    place.open()
    place.claimed("run-1")
    assert "another run evaluates it" in refused(place, "run-2")


def test_no_more_go_on_at_once_than_may(place):
    for number in range(1, 5):
        place.open(f"change-{number}", {f"f{number}.py": "1"})
    claims = [place.claimed(f"run-{number}", number)[0] for number in range(1, 4)]
    assert "3 evaluations go on already (MAX_CONCURRENT_VALIDATIONS)" in refused(
        place, "run-4", place.subject(4).partition
    )
    place.store.claims.end(claims[0], place.here.clock.now())
    assert place.claimed("run-4", 4)[0].holder == "run-4"


@pytest.mark.parametrize(
    ("partition", "reason"),
    [
        ("", "is no pull request's partition"),
        ("shop", "is no pull request's partition"),
        ("shop-1", "is no pull request's partition"),
        ("shop-x-0123456789ab", "is no pull request's partition"),
        ("-1-0123456789ab", "is no pull request's partition"),
        ("shop-1-", "is no pull request's partition"),
        ("other-1-0123456789ab", "there is no project `other` any more"),
        ("shop-9-0123456789ab", "there is no such pull request"),
        ("shop-1-0123456789ab", "and that is evaluated instead"),
    ],
)
def test_a_partition_that_is_nothing_to_evaluate_is_said_why(place, partition, reason):
    place.open()
    with pytest.raises(NotOurs, match=reason):
        claim_head(place.line, partition, "run-1", None)
    with pytest.raises(NotOurs):
        acting_claim(place.line, partition, "run-1")


def test_a_name_with_dashes_is_read_from_its_end(place):
    project = place.here.projects.held["shop"]
    place.here.projects.held = {"a-1-b": project.model_copy(update={"name": "a-1-b"})}
    found = place.open()
    claim, _ = claim_head(place.line, f"a-1-b-1-{found.head_sha[:12]}", "run-1", None)
    assert claim.subject.project == "a-1-b"


@pytest.mark.parametrize("state", ["closed", "merged"])
def test_what_is_not_open_any_more_is_not_taken(place, state):
    found = place.open()
    partition = place.subject().partition
    place.here.forge.set_state(1, state)
    assert f"is {state}" in refused(place, partition=partition)
    assert refusal(place.here.projects.held["shop"], found.model_copy(update={"state": state}))


def test_after_its_end_anybody_may_act_on_what_was_found_and_before_it_only_the_holder(place):
    place.open()
    claim, _ = place.claimed("run-1")
    partition = claim.subject.partition
    assert acting_claim(place.line, partition, "run-1") == claim
    assert "another run evaluates this pull request now" in not_acting(place, partition, "run-2")
    place.store.claims.end(claim, place.here.clock.now())
    assert acting_claim(place.line, partition, "run-2").state == "done"
    place.store.claims.void(place.store.claims.current(NAME, 1), place.here.clock.now())
    assert not_acting(place, partition, "run-1")
