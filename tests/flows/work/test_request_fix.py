import pytest

from cicd_defs.flows.work.harvest import harvest
from cicd_defs.flows.work.order import orders
from cicd_defs.flows.work.request_fix import request_fix
from tests.flows.work.line import done, held, opened, patch, red, subject


def test_a_red_pull_request_goes_back_to_its_agent():
    here = opened()
    asked = request_fix(here.line, subject(here), red())
    run, head = asked.run, here.repository.branches["cicd/shop-1"]
    assert (run.attempt, run.base, run.pull_request, run.intent) == (2, head, 1, f"shop-1:2:{head}")
    assert here.starter.started[-1] == run.id
    record, order = orders(here.tasks, "shop-1")[-1]
    assert (record.kind, order.strategy, order.diagnosis) == (
        "fix",
        "regenerate_prompt",
        asked.diagnosis.digest,
    )
    assert "NameError" in run.prompt
    assert record.context_used["base"] == head


def test_the_same_head_is_asked_for_once():
    here = opened()
    first = request_fix(here.line, subject(here), red())
    assert request_fix(here.line, subject(here), red("TypeError")).run.id == first.run.id
    assert (len(here.agent_runs.rows), len(here.starter.started)) == (2, 2)


def rounds(here, *failures):
    """Each failure in turn: a fix that is asked for, made and pushed."""
    for at, what in enumerate(failures):
        run = request_fix(here.line, subject(here), red(what)).run
        here.backend.said = [done(patch(mail=f"mail = {at}\n"))]
        harvest(here.line, held(here, run).id)


@pytest.mark.parametrize(
    ("failures", "strategies"),
    [
        (["one", "two", "three"], ["regenerate_prompt"] * 3),
        (["one", "one", "one"], ["regenerate_prompt", "different_approach", "simplified_scope"]),
        (["one", "two", "two"], ["regenerate_prompt", "regenerate_prompt", "different_approach"]),
    ],
)
def test_the_same_failure_again_leads_to_the_next_strategy(failures, strategies):
    here = opened()
    rounds(here, *failures)
    assert [order.strategy for _, order in orders(here.tasks, "shop-1")[1:]] == strategies
    assert [run.attempt for run in here.agent_runs.rows.values()] == [1, 2, 3, 4]


def test_when_the_retries_are_used_up_a_person_is_called_once():
    here = opened(validation={"max_retries": 2})
    rounds(here, "one", "two")
    for _ in range(2):
        assert request_fix(here.line, subject(here), red("three")).outcome == "needs_a_person"
    assert here.tasks.get("shop-1").status == "needs_a_person"
    [body] = here.notifications.told("needs_a_person")
    assert "2 of 2 times" in body["reason"]
    assert len(here.agent_runs.rows) == 3


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(lambda here: here.forge.set_state(1, "closed"), id="closed"),
        pytest.param(lambda here: here.forge.rows.clear(), id="gone"),
    ],
)
def test_nothing_is_asked_for_a_pull_request_that_is_not_open(changed):
    here = opened()
    asked = subject(here)
    changed(here)
    assert request_fix(here.line, asked, red()).outcome == "nothing"


def test_nothing_is_asked_for_an_older_head():
    here = opened()
    asked = subject(here)
    here.repository.branches["cicd/shop-1"] = here.repository.commit({"x.py": "1"}, asked.head)
    assert request_fix(here.line, asked, red()).outcome == "nothing"


def test_nothing_is_asked_where_nothing_failed_that_a_change_could_mend():
    here = opened()
    assert request_fix(here.line, subject(here), ()).outcome == "nothing"


def test_people_mend_their_own_pull_requests():
    here = opened()
    here.repository.branches["cicd/shop-2"] = here.repository.branches["main"]
    here.forge.open_pull_request("acme/shop", "cicd/shop-2", "By hand", "", "ann", here.clock.now())
    assert request_fix(here.line, subject(here, 2), red()).outcome == "nothing"


def test_a_pull_request_whose_number_was_not_noted_yet_is_known_by_its_branch():
    here = opened()
    here.tasks.rows["shop-1"] = here.tasks.rows["shop-1"].model_copy(update={"pull_request": None})
    assert request_fix(here.line, subject(here), red()).run.attempt == 2
