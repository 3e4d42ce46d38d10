"""Runs of agents."""

import pytest
import sqlalchemy as sa

from cicd_defs.adapters.store.database import reading
from cicd_defs.adapters.store.tables import agent_runs
from tests.adapters.store.processes import at_once
from tests.adapters.store.samples import HOSTILE, NOW, after, agent_run


def test_an_intent_has_one_run(store):
    full = agent_run(result={"patch": HOSTILE}, pid=2**31, deadline_at=after(9), progress=3, pull_request=7)
    assert store.agent_runs.intend(full) == full
    assert store.agent_runs.intend(agent_run(id="r2")) == full
    assert store.agent_runs.get("r1") == full
    assert store.agent_runs.get("r2") is None


def test_a_run_belongs_to_its_project_where_that_is_known(store):
    project = store.projects.put("shop", "acme/shop", NOW)
    store.agent_runs.intend(agent_run())
    store.agent_runs.intend(agent_run(id="r2", intent="web-1:1", project="web"))
    with reading(store.engine) as db:
        found = db.execute(sa.select(agent_runs.c.project_id).order_by(agent_runs.c.id)).scalars().all()
    assert found == [project.id, None]


def test_the_runs_of_a_task_come_oldest_first(store):
    for n, task_key in ((2, "shop-1"), (1, "shop-1"), (3, "shop-2")):
        run = agent_run(id=f"r{n}", intent=f"i{n}", task_key=task_key, attempt=n, created_at=after(n))
        store.agent_runs.intend(run)
    assert [run.id for run in store.agent_runs.of_task("shop-1")] == ["r1", "r2"]


def test_a_run_changes_until_it_has_ended(store):
    store.agent_runs.intend(agent_run())
    store.agent_runs.update(
        "r1", after(1), state="running", progress=50, current_step="writes", reference="x"
    )
    store.agent_runs.update("r1", after(2), state="completed", result={"patch": "+1"})
    store.agent_runs.update("r1", after(3), state="failed", progress=99)
    run = store.agent_runs.get("r1")
    assert (run.state, run.progress, run.result, run.updated_at) == (
        "completed",
        50,
        {"patch": "+1"},
        after(2),
    )
    store.agent_runs.update("r1", after(4), state="failed", harvested=True)
    run = store.agent_runs.get("r1")
    assert (run.state, run.harvested) == ("completed", True)


@pytest.mark.parametrize("column", ["id", "intent", "created_at", "nonsense"])
def test_what_is_fixed_cannot_be_changed(store, column):
    with pytest.raises(ValueError, match=column):
        store.agent_runs.update("r1", NOW, **{column: "x"})


def test_a_beat_tells_of_a_wish_to_cancel(store):
    store.agent_runs.intend(agent_run())
    assert not store.agent_runs.beat("r1", after(5))
    store.agent_runs.update("r1", after(6), cancel_requested=True)
    assert store.agent_runs.beat("r1", after(7))
    assert store.agent_runs.get("r1").heartbeat_at == after(7)
    assert not store.agent_runs.beat("r9", NOW)


def test_what_was_not_looked_at_and_what_is_silent(store):
    for n, state in enumerate(
        ["completed", "running", "queued", "failed", "expired", "cancelled", "unknown"]
    ):
        store.agent_runs.intend(agent_run(id=f"r{n}", intent=f"i{n}", created_at=after(n), state=state))
    store.agent_runs.beat("r1", after(100))
    store.agent_runs.update("r3", NOW, harvested=True)
    assert [run.id for run in store.agent_runs.unharvested(9)] == ["r0", "r4", "r5"]
    assert [run.id for run in store.agent_runs.unharvested(1)] == ["r0"]
    assert [run.id for run in store.agent_runs.silent(after(50))] == ["r2", "r6"]
    assert [run.id for run in store.agent_runs.silent(after(101))] == ["r1", "r2", "r6"]


def intend_ten(store, place):
    runs = [agent_run(id=f"r{place}-{n}", intent=f"i{n}") for n in range(10)]
    return [store.agent_runs.intend(run).id for run in runs]


def test_processes_that_intend_the_same_get_the_same_run(store, url):
    answers = at_once(url, intend_ten)
    assert all(answer == answers[0] for answer in answers)
