import dataclasses
from datetime import timedelta

import dagster as dg
import pytest

from assets.delivery.partitions import TASKS
from cicd_defs.definitions.delivery import take_in, work
from cicd_defs.flows.work.start_agent import start_agent
from cicd_defs.flows.work.write_prompt import write_prompt
from sensors.tasks import AGENT_TAG, TASK_TAG, agents_sensor, tasks_sensor
from tests.assets.delivery.shop import shop_at
from tests.flows.memory import MemoryStarter, task

pytestmark = pytest.mark.filterwarnings("ignore::dagster.BetaWarning", "ignore::dagster.PreviewWarning")


@pytest.fixture
def shop(tmp_path):
    with shop_at(tmp_path) as made:
        made.line = dataclasses.replace(made.line, starter=MemoryStarter())
        yield made


def tick(shop, sensor):
    """One look of a sensor."""
    return sensor(dg.build_sensor_context(instance=shop.instance, resources={"cicd_line": shop.line}))


def submitted(shop, count=1):
    return [shop.line.tasks.add(task(id=f"id-{at}")).key for at in range(count)]


def test_each_submitted_task_becomes_a_run_of_its_partition(shop):
    keys = submitted(shop, 2)
    result = tick(shop, tasks_sensor(work))
    assert [run.partition_key for run in result.run_requests] == keys
    assert [run.tags[TASK_TAG] for run in result.run_requests] == keys
    assert list(result.dynamic_partitions_requests[0].partition_keys) == keys
    assert result.dynamic_partitions_requests[0].partitions_def_name == TASKS.name
    assert [run.run_key for run in tick(shop, tasks_sensor(work)).run_requests] == [
        run.run_key for run in result.run_requests
    ]


def test_a_task_that_was_taken_is_not_asked_for_again(shop):
    [key] = submitted(shop)
    shop.task(key)
    job = shop.defs.resolve_job_def("work")
    assert job.execute_in_process(partition_key=key, instance=shop.instance).success
    assert tick(shop, tasks_sensor(work)).skip_reason.skip_message == "No task was submitted."
    assert len(shop.line.starter.started) == 1


def test_a_task_whose_run_failed_is_asked_for_under_another_key(shop, monkeypatch):
    [key] = submitted(shop)
    [first] = tick(shop, tasks_sensor(work)).run_requests
    shop.task(key)

    def away(*_):
        raise OSError("away")

    with monkeypatch.context() as patch:
        patch.setattr(shop.line.tasks, "get", away)
        job = shop.defs.resolve_job_def("work")
        result = job.execute_in_process(
            partition_key=key, instance=shop.instance, tags=dict(first.tags), raise_on_error=False
        )
    assert not result.success
    [again] = tick(shop, tasks_sensor(work)).run_requests
    assert again.run_key != first.run_key


def ended(shop):
    """A task whose agent has ended."""
    [key] = submitted(shop)
    run = start_agent(shop.line, write_prompt(shop.line, key))
    result = {"state": "failed", "error": "It gave up."}
    shop.line.agent_runs.update(run.id, shop.line.now(), state="failed", result=result)
    return key, run.id


def test_an_agent_that_has_ended_has_its_result_taken_in(shop):
    key, run_id = ended(shop)
    result = tick(shop, agents_sensor(take_in))
    [run] = result.run_requests
    assert (run.partition_key, run.tags[AGENT_TAG]) == (key, run_id)
    shop.task(key)
    for job in ("work", "take_in"):  # the prompt's value is there from the task's own run
        assert (
            shop.defs.resolve_job_def(job)
            .execute_in_process(partition_key=key, instance=shop.instance)
            .success
        )
    assert shop.line.agent_runs.get(run_id).harvested
    assert tick(shop, agents_sensor(take_in)).skip_reason.skip_message == "No agent has ended."


def test_a_run_whose_process_is_silent_is_held_anew(shop):
    [key] = submitted(shop)
    run = start_agent(shop.line, write_prompt(shop.line, key))
    now = shop.line.now
    shop.line = dataclasses.replace(shop.line, now=lambda: now() + timedelta(minutes=2))
    tick(shop, agents_sensor(take_in))
    assert shop.line.starter.started == [run.id, run.id]
