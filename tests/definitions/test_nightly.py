import logging
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache

import dagster as dg
import pytest
from dagster._core.scheduler.instigation import TickStatus
from dagster._core.test_utils import create_test_daemon_workspace_context, load_remote_repo
from dagster._core.workspace.load_target import ModuleTarget
from dagster._scheduler.scheduler import launch_scheduled_runs

from cicd_defs.definitions.projects import CHECKOUT, definitions
from sensors.cron import comes_true
from sensors.nightly import SPREAD_MINUTES, TICK_MINUTES, due_requests, due_time, offset_minutes
from tests.assets.shop import declared, usual_keys
from tests.resources.repository import write

pytestmark = pytest.mark.filterwarnings("ignore::dagster.BetaWarning")

MONDAY = datetime(2026, 6, 1, tzinfo=UTC)
DAY_OF_TICKS = [MONDAY + timedelta(minutes=TICK_MINUTES * tick) for tick in range(24 * 60 // TICK_MINUTES)]


def at(name="shop", cron="0 2 * * *", triggers="[push, pr, schedule]"):
    return declared(
        f'repository: a/b\npipeline: {{trigger_type: {triggers}, schedule: "{cron}"}}\n',
        name=name,
        digest="d" * 64,
    )


def started(projects, ticks=DAY_OF_TICKS):
    return [(tick, request) for tick in ticks for request in due_requests(projects, tick)]


def test_each_project_is_asked_for_once_a_night_at_its_own_minute():
    project = at(cron="17 2 * * *")
    [(tick, request)] = started([project])
    expected = MONDAY + timedelta(hours=2, minutes=17 + offset_minutes("shop"))
    assert expected <= tick < expected + timedelta(minutes=TICK_MINUTES)
    assert request.run_key == "shop@2026-06-01T02:17Z"
    assert request.asset_selection == usual_keys("shop")
    assert request.tags == {
        "cicd/project": "shop",
        "cicd/project-digest": "d" * 64,
        "cicd/kind": "nightly",
    }


def test_a_thousand_projects_of_one_cron_do_not_start_at_one_minute():
    projects = [at(name=f"project-{number}") for number in range(1000)]
    minutes = Counter(offset_minutes(project.name) for project in projects)
    assert len(minutes) == SPREAD_MINUTES
    assert max(minutes.values()) < 3 * len(projects) / SPREAD_MINUTES
    starts = started(projects)
    assert Counter(request.tags["cicd/project"] for _, request in starts) == {
        project.name: 1 for project in projects
    }
    assert len({tick for tick, _ in starts}) in {
        SPREAD_MINUTES // TICK_MINUTES,
        SPREAD_MINUTES // TICK_MINUTES + 1,
    }


def test_a_project_has_the_same_turn_each_night():
    assert (
        started([at()], DAY_OF_TICKS)[0][0].time()
        == started([at()], [t + timedelta(1) for t in DAY_OF_TICKS])[0][0].time()
    )


def test_who_declares_no_schedule_is_not_asked_for():
    assert started([at(triggers="[push, pr]"), at(name="api", triggers="manual")]) == []


def test_several_times_within_one_tick_are_one_run():
    assert len(started([at(cron="*/5 * * * *")])) == len(DAY_OF_TICKS)
    assert len({request.run_key for _, request in started([at(cron="* 2 * * *")])}) in {12, 13}


@pytest.mark.parametrize(
    ("hours", "runs"),
    [pytest.param(20, 1, id="since-the-day-before"), pytest.param(1, 0, id="since-an-hour")],
)
def test_a_tick_looks_back_to_the_one_before_it(hours, runs):
    tick = MONDAY + timedelta(hours=20)
    assert len(list(due_requests([at()], tick, tick - timedelta(hours=hours)))) == runs


def test_a_tick_looks_back_a_day_and_asks_for_the_newest_time_only():
    [request] = due_requests([at(cron="0 * * * *")], MONDAY, MONDAY - timedelta(days=9))
    assert request.run_key in {"shop@2026-05-31T23:00Z", "shop@2026-06-01T00:00Z"}
    assert list(due_requests([at(cron="0 2 28 5 *")], MONDAY, MONDAY - timedelta(days=9))) == []


def far_off() -> int:
    """An hour of the day (UTC) that is twelve away: no turn comes between, whenever the tests run."""
    return (datetime.now(UTC).hour + 12) % 24


@pytest.fixture
def daemon(tmp_path, monkeypatch):
    """Dagster's own scheduler, for the location as it is loaded: call it with the time until which it is to look."""
    write(
        tmp_path,
        {
            "projects/shop.yaml": "repository: a/b\n"
            f'pipeline: {{trigger_type: schedule, schedule: "0 {far_off()} * * *"}}\n',
            "projects/api.yaml": "repository: a/c\npipeline: {trigger_type: [push]}\n",
            "home/dagster.yaml": "telemetry: {enabled: false}\n",
        },
    )
    monkeypatch.setenv("CICD_PROJECTS", str(tmp_path / "projects"))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    target = ModuleTarget("cicd_defs.definitions.projects", None, str(CHECKOUT), "projects")
    with (
        dg.DagsterInstance.from_config(str(tmp_path / "home")) as instance,
        create_test_daemon_workspace_context(target, instance) as workspace,
    ):
        [schedule] = load_remote_repo(workspace, "__repository__").get_schedules()
        instance.start_schedule(schedule)

        def runs_after(until):
            list(launch_scheduled_runs(workspace, logging.getLogger("test"), until, {}))
            [tick] = instance.get_ticks(schedule.get_remote_origin_id(), schedule.selector_id, limit=1)
            assert tick.status in {TickStatus.SUCCESS, TickStatus.SKIPPED}, tick.error
            return [run.tags["dagster/run_key"] for run in instance.get_runs()]

        yield runs_after


def test_dagster_s_own_scheduler_makes_up_for_a_gap_and_asks_for_nothing_twice(daemon):
    now = datetime.now(UTC)
    turn = now.replace(hour=far_off(), minute=0, second=0) + timedelta(minutes=offset_minutes("shop"))
    while turn < now + timedelta(minutes=20):  # the next one, with room for a tick before it
        turn += timedelta(days=1)
    assert (
        daemon(turn - timedelta(minutes=6)) == []
    )  # what came due before it was turned on is not made up for
    once = daemon(turn + timedelta(hours=7))  # no daemon for seven hours, in which the turn came
    assert [key.partition("@")[0] for key in once] == ["shop"]
    assert daemon(turn + timedelta(hours=7, minutes=5)) == once
    assert len(daemon(turn + timedelta(hours=60))) == 2  # of several nights the newest


@pytest.mark.parametrize(
    ("cron", "times"),
    [
        ("0 2 * * *", 365),
        ("0 2 * * MON", 52),
        ("0 2 * * 1-5", 261),
        ("30 1,13 1 * *", 24),
        ("0 0 29 FEB *", 0),
        ("0 0 1 jan-mar *", 3),
        (
            "0 0 13 * 5",
            12 + 52 - 3,
        ),  # either day is enough where both are given; in 2026 three 13ths are Fridays
        ("*/20 3-4 * */6 SUN", 6 * 8),
        ("5-59/25 0 1 1 *", 3),
    ],
)
def test_a_cron_line_comes_true_as_often_as_the_calendar_says(cron, times):
    assert sum(comes_true(cron, moment) for moment in minutes_of_a_year()) == times


@cache
def minutes_of_a_year():
    return [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute) for minute in range(365 * 24 * 60)]


def test_dagster_reads_cron_lines_as_we_do():
    for cron in ("0 2 * * *", "15 */6 * * 1-5", "0 0 13 * 5", "30 4 1,15 * *", "*/7 3 * FEB MON"):
        ticks = dg.ScheduleDefinition(
            name="x", cron_schedule=cron, job_name="x", execution_timezone="UTC"
        ).cron_schedule
        assert ticks == cron
        from dagster._utils.schedules import cron_string_iterator

        iterator = cron_string_iterator(MONDAY.timestamp(), cron, "UTC")
        theirs = [next(iterator) for _ in range(5)]
        minutes = (MONDAY + timedelta(minutes=minute) for minute in range(400 * 24 * 60))
        ours = (moment for moment in minutes if comes_true(cron, moment))
        assert [next(ours) for _ in range(5)] == theirs


def test_a_tick_of_the_schedule_asks_for_what_is_due_and_says_so_when_nothing_is(tmp_path):
    write(tmp_path / "projects", {"shop.yaml": "repository: a/b\n", "api.yaml": "repository: a/c\n"})
    repository = definitions(tmp_path / "projects", {}).get_repository_def()
    schedule = repository.get_schedule_def("nightly")
    assert [one.name for one in repository.schedule_defs] == ["nightly"]

    def tick(moment):
        context = dg.build_schedule_context(scheduled_execution_time=moment, repository_def=repository)
        return schedule.evaluate_tick(context)

    [due] = [tick_time for tick_time in DAY_OF_TICKS if due_time(at(), tick_time)]
    [request] = [one for one in tick(due).run_requests if one.tags["cicd/project"] == "shop"]
    assert set(request.asset_selection) == set(usual_keys("shop"))
    assert "None" not in tick(MONDAY).skip_message
    assert tick(MONDAY).run_requests == []


def test_the_job_of_the_schedule_holds_every_asset(tmp_path):
    write(tmp_path / "projects", {"shop.yaml": "repository: a/b\n"})
    repository = definitions(tmp_path / "projects", {}).get_repository_def()
    job = repository.get_job(repository.get_schedule_def("nightly").job_name)
    assert set(usual_keys("shop")) <= set(job.asset_layer.executable_asset_keys)
