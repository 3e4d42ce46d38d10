from datetime import timedelta

import pytest

from cicd_defs.flows.errors import CicdError
from cicd_defs.flows.line import Limits
from cicd_defs.flows.work.cancel_agent import cancel_agent
from cicd_defs.flows.work.expire import keep_runs_going
from cicd_defs.flows.work.order import order_of
from cicd_defs.flows.work.start_agent import start_agent
from cicd_defs.flows.work.write_prompt import write_prompt
from tests.flows.memory import FILES, task, world
from tests.flows.work.line import done, held, started


def test_a_prompt_is_kept_with_what_its_run_needs():
    here = world()
    here.tasks.add(task())
    record = write_prompt(here.line, "shop-1")
    order = order_of(record)
    base = here.repository.branches["main"]
    assert (order.base, order.attempt, order.backend, order.title) == (base, 1, "scripted", task().title)
    assert record.context_used["base"] == base
    assert "pytest" in record.text, "the checks come from the pipeline of the base commit"
    assert here.tasks.get("shop-1").status == "prompted"
    assert write_prompt(here.line, "shop-1") == record
    assert len(here.tasks.records) == 1


def test_a_task_keeps_its_prompt_while_its_agent_works_though_the_branch_moves():
    here, _ = started()
    first = here.tasks.records[0]
    here.repository.branches["main"] = here.repository.commit({**FILES, "new.py": "x = 1\n"})
    assert write_prompt(here.line, "shop-1") == first
    start_agent(here.line, write_prompt(here.line, "shop-1"))
    assert len(here.agent_runs.rows) == 1


def test_a_task_whose_agent_came_to_nothing_gets_a_new_prompt_at_the_new_base():
    here, run = started(done(state="failed", patch=" "))
    held(here, run)
    here.repository.branches["main"] = here.repository.commit({**FILES, "new.py": "x = 1\n"})
    write_prompt(here.line, "shop-1")
    again = start_agent(here.line, write_prompt(here.line, "shop-1"))
    assert again.base == here.repository.branches["main"]
    assert len(here.agent_runs.rows) == 2


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        pytest.param(lambda here: here.tasks.rows.clear(), "no task 'shop-1'", id="task"),
        pytest.param(
            lambda here: here.projects.held.clear(), "no project file declares 'shop'", id="project"
        ),
        pytest.param(lambda here: here.repository.branches.clear(), "no branch 'main'", id="branch"),
    ],
)
def test_what_is_missing_is_said(broken, message):
    here = world()
    here.tasks.add(task())
    broken(here)
    with pytest.raises(CicdError, match=message):
        write_prompt(here.line, "shop-1")


def test_a_request_that_is_no_prompt_starts_no_agent():
    here = world()
    here.tasks.add(task())
    other = write_prompt(here.line, "shop-1").model_copy(update={"kind": "create_pr", "options": {}})
    with pytest.raises(CicdError, match="is no prompt"):
        start_agent(here.line, other)


def test_a_supervisor_is_started_once():
    here, run = started()
    assert start_agent(here.line, write_prompt(here.line, "shop-1")).id == run.id
    assert here.starter.started == [run.id]
    assert (run.pid, run.intent) == (1001, f"shop-1:1:{run.base}")
    assert run.deadline_at == here.clock.now() + timedelta(seconds=Limits().agent_seconds)
    assert here.tasks.get("shop-1").status == "running"


def test_a_run_that_has_ended_is_not_started_again():
    here, run = started()
    held(here, run)
    here.clock.sleep(3600)
    assert start_agent(here.line, write_prompt(here.line, "shop-1")).state == "completed"
    assert here.starter.started == [run.id]


def test_where_there_is_no_room_a_run_waits_and_is_started_later():
    here, first = started(done())
    here.limits = Limits(agents=1)
    here.tasks.add(task(id="other", title="Send mail"))
    write_prompt(here.line, "shop-2")
    waiting = start_agent(here.line, write_prompt(here.line, "shop-2"))
    here.clock.sleep(1)
    here.agent_runs.beat(first.id, here.clock.now())
    assert keep_runs_going(here.line) == (here.agent_runs.get(waiting.id),)
    assert here.starter.started == [first.id]
    held(here, first)
    keep_runs_going(here.line)
    assert here.starter.started == [first.id, waiting.id]


def test_a_silent_supervisor_is_started_again_but_no_living_one():
    here, run = started()
    here.clock.sleep(59)
    assert keep_runs_going(here.line) == ()
    here.clock.sleep(2)
    assert [one.id for one in keep_runs_going(here.line)] == [run.id]
    assert keep_runs_going(here.line) == ()
    assert here.starter.started == [run.id, run.id]
    assert len(here.backend.created) == 0
    held(here, run)
    assert len(here.backend.created) == 1


def test_a_silent_run_past_its_deadline_is_expired():
    here, run = started()
    here.clock.sleep(Limits().agent_seconds + 1)
    [expired] = keep_runs_going(here.line)
    assert (expired.state, here.starter.started) == ("expired", [run.id])
    assert "deadline" in expired.result["error"]
    assert here.agent_runs.unharvested(9) == (expired,)


def test_a_held_run_is_asked_to_stop_and_a_silent_one_is_ended():
    here, run = started()
    assert cancel_agent(here.agent_runs, run.id, here.clock.now()).state == "queued"
    assert here.agent_runs.get(run.id).cancel_requested
    here.clock.sleep(61)
    assert [one.state for one in keep_runs_going(here.line)] == ["cancelled"]
    assert cancel_agent(here.agent_runs, run.id, here.clock.now()).state == "cancelled"
    with pytest.raises(CicdError, match="no agent run"):
        cancel_agent(here.agent_runs, "nobody", here.clock.now())
