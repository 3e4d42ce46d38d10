import dataclasses
from datetime import timedelta

import dagster as dg
import pytest

from assets.delivery.partitions import PULL_REQUESTS
from cicd_defs.definitions.delivery import decide, evaluate
from sensors.inbox import HEAD_TAG, PROJECT_TAG, PULL_REQUEST_TAG, inbox_sensor
from tests.assets.delivery.shop import NAME, shop_at

pytestmark = pytest.mark.filterwarnings("ignore::dagster.BetaWarning", "ignore::dagster.PreviewWarning")


@pytest.fixture
def shop(tmp_path):
    with shop_at(tmp_path) as made:
        yield made


def tick(shop):
    """One look of the sensor."""
    context = dg.build_sensor_context(instance=shop.instance, resources={"cicd_line": shop.line})
    return inbox_sensor(evaluate, decide)(context)


def test_an_event_becomes_a_run_of_its_partition_with_tags(shop):
    found = shop.open()
    result = tick(shop)
    [run] = result.run_requests
    partition = f"shop-1-{found.head_sha[:12]}"
    assert (run.job_name, run.partition_key) == ("evaluate", partition)
    assert (run.tags[PROJECT_TAG], run.tags[PULL_REQUEST_TAG], run.tags[HEAD_TAG]) == (
        "shop",
        "1",
        found.head_sha[:12],
    )
    [added] = result.dynamic_partitions_requests
    assert (added.partitions_def_name, list(added.partition_keys)) == (PULL_REQUESTS.name, [partition])


def test_it_asks_again_under_the_same_key_until_a_run_has_taken_it(shop):
    shop.open()
    [first] = tick(shop).run_requests
    assert [run.run_key for run in tick(shop).run_requests] == [first.run_key]
    shop.run("evaluate", 1, first.run_key)
    assert shop.now(1).state == "merged"
    assert tick(shop).skip_reason.skip_message == "Nothing waits in the inbox."


def test_a_push_past_the_forge_is_noticed_and_evaluated(shop):
    shop.open()
    tick(shop)
    head = shop.push("change", {"more.py": "1\n"})
    assert {run.tags[HEAD_TAG] for run in tick(shop).run_requests} == {head[:12]}


def test_a_review_asks_for_the_job_that_decides(shop, monkeypatch):
    shop.declare("repository: ../shop.git\nvalidation: {auto_merge: true}\n")
    shop.open()
    shop.answer()
    shop.person("olga").review(1, "approved", shop.line.now())
    [run] = tick(shop).run_requests
    assert (run.job_name, run.run_key.startswith("decide:")) == ("decide", True)


def test_a_damaged_repository_keeps_no_other_waiting(shop, monkeypatch):
    shop.open()
    real = shop.forge.watched()

    def notice(repository, now):
        if repository == "local/gone":
            raise RuntimeError("damaged")
        return 0

    monkeypatch.setattr(shop.forge, "watched", lambda: ("local/gone", *real))
    monkeypatch.setattr(shop.forge, "notice", notice)
    assert len(tick(shop).run_requests) == 1


def dead(shop, run_id="gone"):
    """A claim of a run whose process is gone for a minute."""
    [run] = shop.asked()
    claim = shop.line.claims.take(run.subject, 0, run_id, shop.line.now(), 5)
    shop.line.inbox.settle_run(run.key, "x", shop.line.now())
    shop.line.claims.beat(claim, claim.heartbeat_at - timedelta(seconds=60))
    return run


def test_a_dead_run_s_pull_request_is_asked_for_again_in_the_same_look_and_the_run_is_reported(shop):
    shop.open()
    partition = shop.partition(1)
    created = shop.instance.create_run_for_job(
        shop.defs.resolve_job_def("evaluate"), tags={"dagster/partition": partition}
    )
    run = dead(shop, created.run_id)
    [again] = tick(shop).run_requests
    assert again.run_key == run.subject.run_key(1)
    assert shop.instance.get_run_by_id(created.run_id).status is dg.DagsterRunStatus.FAILURE
    assert shop.line.claims.current(NAME, 1).state == "void"


def test_a_run_that_ended_without_taking_its_event_is_asked_for_under_a_new_key(shop, monkeypatch):
    shop.open()
    [first] = tick(shop).run_requests
    with monkeypatch.context() as patch:

        def full(*_):
            raise OSError("away")

        patch.setattr(shop.line.claims, "take", full)
        assert not shop.run("evaluate", 1, first.run_key).success
    assert [run.run_key for run in tick(shop).run_requests] == [first.run_key]
    now = shop.line.now
    shop.line = dataclasses.replace(shop.line, now=lambda: now() + timedelta(seconds=16))
    [again] = tick(shop).run_requests
    assert again.run_key != first.run_key
    shop.run("evaluate", 1, again.run_key)
    assert shop.now(1).state == "merged"


def test_nothing_to_do_is_a_skip_with_a_reason(shop):
    result = tick(shop)
    assert (result.run_requests or [], bool(result.skip_reason)) == ([], True)
