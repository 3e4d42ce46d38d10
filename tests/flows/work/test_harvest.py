import pytest

from cicd_defs.flows.errors import CicdError
from cicd_defs.flows.work.harvest import harvest
from cicd_defs.flows.work.request_fix import request_fix
from tests.flows.memory import Died
from tests.flows.work.line import done, held, opened, patch, red, started, subject


def test_a_patch_becomes_a_branch_and_a_pull_request():
    here, run = started(done(message="I did it."))
    held(here, run)
    harvested = harvest(here.line, run.id)
    [made] = here.forge.rows.values()
    assert (harvested.pull_request, made.head_ref, made.author, made.title) == (
        1,
        "cicd/shop-1",
        "cicd-agent",
        "Give a discount in the cart",
    )
    tip = here.repository.branches["cicd/shop-1"]
    assert here.repository.commits[tip].files["src/shop/cart.py"] == "total = 1\n"
    assert (here.repository.commits[tip].parents, harvested.commit) == ((run.base,), tip)
    for said in ("shop-1", "in per cent", "gives 90", "I did it."):
        assert said in made.body
    kept = here.tasks.get("shop-1")
    assert (kept.status, kept.pull_request) == ("pull_request", 1)
    assert [body["pull_request"] for body in here.notifications.told("pr_created")] == [1]
    assert [action for _, action, _, _ in here.audit.entries] == ["push", "open_pull_request"]
    assert here.agent_runs.unharvested(9) == ()


def test_harvesting_twice_pushes_and_opens_once():
    here = opened()
    [run] = here.agent_runs.rows.values()
    before = here.tasks.get("shop-1")
    assert harvest(here.line, run.id).pull_request == 1
    assert (len(here.forge.pushes), len(here.forge.opened)) == (1, 1)
    assert here.tasks.get("shop-1") == before


MOMENTS = [
    f"effect:{kind}:{when}" for kind in ("push", "pull_request") for when in ("intended", "unrecorded")
]


@pytest.mark.parametrize("moment", MOMENTS)
def test_whenever_the_harvest_dies_there_is_one_push_and_one_pull_request(moment):
    here, run = started()
    held(here, run)
    here.crashes.at = moment
    with pytest.raises(Died):
        harvest(here.line, run.id)
    assert here.agent_runs.unharvested(9)
    assert harvest(here.line, run.id).pull_request == 1
    assert (len(here.forge.pushes), len(here.forge.opened)) == (1, 1)
    assert here.tasks.get("shop-1").status == "pull_request"


@pytest.mark.parametrize(
    ("snapshot", "reason"),
    [
        pytest.param(done(state="failed", error="No recording."), "No recording.", id="failed"),
        pytest.param(done(state="cancelled", error="Somebody cancelled it."), "cancelled", id="cancelled"),
        pytest.param(done(patch=" \n"), "changed nothing", id="empty"),
        pytest.param(done(patch="no patch at all"), "does not apply", id="refused"),
    ],
)
def test_what_brings_nothing_ends_the_task_with_the_reason_and_one_notification(snapshot, reason):
    here, run = started(snapshot)
    held(here, run)
    for _ in range(2):
        assert reason in harvest(here.line, run.id).reason
    assert (here.tasks.get("shop-1").status, here.forge.rows) == ("failed", {})
    [body] = here.notifications.told("needs_a_person")
    assert reason in body["reason"]
    assert here.agent_runs.unharvested(9) == ()


def test_looking_at_an_old_run_again_does_not_change_a_task_that_goes_on():
    here, run = started(done(patch=" "))
    held(here, run)
    harvest(here.line, run.id)
    here.tasks.set_status("shop-1", "prompted", here.clock.now())
    harvest(here.line, run.id)
    assert here.tasks.get("shop-1").status == "prompted"


def test_a_branch_that_is_somebody_elses_is_left_alone():
    here, run = started()
    held(here, run)
    here.repository.branches["cicd/shop-1"] = here.repository.branches["main"]
    assert "is there already" in harvest(here.line, run.id).reason
    assert (here.forge.pushes, here.forge.rows) == ([], {})


def test_a_run_that_has_not_ended_is_left_alone():
    here, run = started()
    assert harvest(here.line, run.id).outcome == "running"
    assert not here.agent_runs.get(run.id).harvested


def test_a_run_that_is_not_there_is_said():
    here, _ = started()
    with pytest.raises(CicdError, match="no agent run"):
        harvest(here.line, "nobody")


def test_a_fault_of_the_forge_is_passed_on_and_the_next_call_tries_again():
    here, run = started()
    held(here, run)
    push, here.forge.push = here.forge.push, None
    with pytest.raises(TypeError):
        harvest(here.line, run.id)
    here.forge.push = push
    assert harvest(here.line, run.id).pull_request == 1


def fixed(here):
    """The run of the first fix, ended; its patch changes `mail.py`."""
    run = request_fix(here.line, subject(here), red()).run
    here.backend.said = [done(patch(mail="mail = 2\n"))]
    return held(here, run)


def test_a_fix_goes_onto_the_same_pull_request():
    here = opened()
    head = here.repository.branches["cicd/shop-1"]
    run = fixed(here)
    assert harvest(here.line, run.id).pull_request == 1
    tip = here.repository.branches["cicd/shop-1"]
    assert here.repository.commits[tip].parents == (head,)
    assert (len(here.forge.rows), len(here.forge.opened), here.tasks.get("shop-1").status) == (
        1,
        1,
        "pull_request",
    )


def test_a_fix_does_not_push_over_what_a_person_pushed():
    here = opened()
    run = fixed(here)
    theirs = here.repository.commit({"person.py": "x = 1\n"}, run.base)
    here.repository.branches["cicd/shop-1"] = theirs
    assert "somebody pushed" in harvest(here.line, run.id).reason
    assert here.repository.branches["cicd/shop-1"] == theirs
    assert here.tasks.get("shop-1").status == "needs_a_person"


@pytest.mark.parametrize("state", ["merged", "closed"])
def test_a_fix_that_comes_too_late_is_left_out_and_the_task_stays_as_it_is(state):
    here = opened()
    run = fixed(here)
    here.forge.set_state(1, state)
    here.tasks.set_status("shop-1", "merged", here.clock.now())
    assert harvest(here.line, run.id).reason == f"Its pull request is {state} already."
    assert (len(here.forge.pushes), here.tasks.get("shop-1").status) == (1, "merged")
    assert here.notifications.told("needs_a_person") == []
