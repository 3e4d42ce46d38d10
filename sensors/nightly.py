"""One schedule for all projects: it asks for each at the time that its own file says, a little apart.

Of the ticks that were missed while no daemon ran, Dagster makes up for the last one only, and it compares run keys of
schedules within one tick only. So each tick looks back to the one before it, at most a day, and asks for nothing that
has a run already.
"""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster import DagsterInstance, RunsFilter
from dagster._core.scheduler.instigation import InstigatorState, ScheduleInstigatorData, TickStatus
from dagster._core.storage.tags import RUN_KEY_TAG

from assets.projects import project_keys, run_tags
from cicd_defs.adapters.project_files import Declared
from sensors.cron import comes_true

NAME = "nightly"
TICK_MINUTES = 5
KIND_TAG = {"cicd/kind": "nightly"}
"""What its runs carry: dagster.yaml allows only so many of them at once."""
SPREAD_MINUTES = 60
"""Projects with the same cron start within so many minutes of it, each always at the same one."""


LOOK_BACK = timedelta(hours=24)
"""How far back a tick looks after a time without a daemon."""


def nightly_schedule(projects: Sequence[Declared]) -> dg.ScheduleDefinition:
    """Every five minutes: the projects whose time has come since the last tick, all their assets."""

    # The UI shows no target beside this job of all assets. A target of its own would be a second job of as many.
    @dg.schedule(
        name=NAME,
        cron_schedule=f"*/{TICK_MINUTES} * * * *",
        execution_timezone="UTC",
        job_name="__ASSET_JOB",
        description=(
            "Materialises each project at the time of `pipeline.schedule` in its file (UTC), where `trigger_type` has "
            f"`schedule`. Those of the same time start up to {SPREAD_MINUTES} minutes after it, spread by their names. "
            "What came due in the last 24 hours while no daemon ran is made up for, once for each project."
        ),
    )
    def nightly(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        tick = context.scheduled_execution_time.astimezone(UTC)
        instance = context.instance if context.instance_ref else None
        requests = list(due_requests(projects, tick, last_looked(instance, tick) if instance else None))
        started = started_keys(instance, requests) if instance else ()
        left = [request for request in requests if request.run_key not in started]
        yield from left
        if not left:
            yield dg.SkipReason(f"The time of none of {len(projects)} projects has come.")

    return nightly


def due_requests(
    projects: Sequence[Declared], tick: datetime, since: datetime | None = None
) -> Iterator[dg.RunRequest]:
    """One run for each project whose turn has come after `since` (else the tick before) and up to this tick."""
    for declared in projects:
        due = due_time(declared, tick, since)
        if due is not None:
            yield dg.RunRequest(
                run_key=f"{declared.name}@{due:%Y-%m-%dT%H:%MZ}",
                asset_selection=project_keys(declared),
                tags=run_tags(declared) | KIND_TAG,
            )


def due_time(declared: Declared, tick: datetime, since: datetime | None = None) -> datetime | None:
    """The newest time of a project's cron of which the turn came after `since` and up to this tick."""
    pipeline = declared.project.pipeline
    if "schedule" not in pipeline.trigger_type:
        return None
    begin = tick - timedelta(minutes=TICK_MINUTES) if since is None else max(since, tick - LOOK_BACK)
    offset = timedelta(minutes=offset_minutes(declared.name))
    minutes = range(-(-int((tick - begin).total_seconds()) // 60))
    times = (tick - offset - timedelta(minutes=minute) for minute in minutes)
    return next((time for time in times if comes_true(pipeline.schedule, time)), None)


def last_looked(instance: DagsterInstance, tick: datetime) -> datetime | None:
    """Up to when the schedule has asked for what was due: its last tick that ended well, or when it was turned on."""
    states = [
        state
        for state in instance.all_instigator_state()
        if state.instigator_name == NAME and isinstance(state.instigator_data, ScheduleInstigatorData)
    ]
    moments = [moment for state in states for moment in _looked(instance, state, tick.timestamp())]
    return datetime.fromtimestamp(max(moments), UTC) if moments else None


def _looked(instance: DagsterInstance, state: InstigatorState, before: float) -> Iterator[float]:
    started = getattr(state.instigator_data, "start_timestamp", None)
    if started is not None and started < before:
        yield started
    # A tick that failed is not counted: what it did not get to is asked for again.
    ended = instance.get_ticks(
        state.instigator_origin_id,
        state.selector_id,
        before=before,
        limit=1,
        statuses=[TickStatus.SUCCESS, TickStatus.SKIPPED],
    )
    yield from (one.timestamp for one in ended)


def started_keys(instance: DagsterInstance, requests: Sequence[dg.RunRequest]) -> Collection[str]:
    """The run keys among these that have a run already, as after a tick that failed half-way."""
    keys = [request.run_key for request in requests if request.run_key]
    runs = instance.get_runs(RunsFilter(tags={RUN_KEY_TAG: keys})) if keys else []
    # One that was made and not yet handed on is left to Dagster, which hands it on when it repeats the tick.
    return {run.tags[RUN_KEY_TAG] for run in runs if run.status is not dg.DagsterRunStatus.NOT_STARTED}


def offset_minutes(name: str) -> int:
    """How long after its cron a project's turn comes: from its name, so that it is the same each night."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) % SPREAD_MINUTES
