"""One schedule for all projects: it asks for each at the time that its own file says, a little apart."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg

from assets.projects import project_keys, run_tags
from resources.project_files import Declared
from sensors.cron import comes_true

TICK_MINUTES = 5
SPREAD_MINUTES = 60
"""Projects with the same cron start within so many minutes of it, each always at the same one."""


def nightly_schedule(projects: Sequence[Declared]) -> dg.ScheduleDefinition:
    """Every five minutes: the projects whose time has come since the last tick, all their assets."""

    @dg.schedule(
        name="nightly",
        cron_schedule=f"*/{TICK_MINUTES} * * * *",
        execution_timezone="UTC",
        job_name="__ASSET_JOB",
        description=(
            "Materialises each project at the time of `pipeline.schedule` in its file (UTC), where `trigger_type` has "
            f"`schedule`. Those of the same time start up to {SPREAD_MINUTES} minutes after it, spread by their names."
        ),
    )
    def nightly(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        tick = context.scheduled_execution_time.astimezone(UTC)
        requests = list(due_requests(projects, tick))
        yield from requests
        if not requests:
            yield dg.SkipReason(f"The time of none of {len(projects)} projects has come.")

    return nightly


def due_requests(projects: Sequence[Declared], tick: datetime) -> Iterator[dg.RunRequest]:
    """One run for each time of a project that has come in the minutes up to this tick."""
    for declared in projects:
        for due in due_times(declared, tick):
            yield dg.RunRequest(
                run_key=f"{declared.name}@{due:%Y-%m-%dT%H:%MZ}",
                asset_selection=project_keys(declared.name),
                tags=run_tags(declared),
            )


def due_times(declared: Declared, tick: datetime) -> list[datetime]:
    """The times of a project's cron whose turn it is at this tick."""
    pipeline = declared.project.pipeline
    if "schedule" not in pipeline.trigger_type:
        return []
    shifted = tick - timedelta(minutes=offset_minutes(declared.name))
    times = [shifted - timedelta(minutes=minute) for minute in range(TICK_MINUTES)]
    return [time for time in times if comes_true(pipeline.schedule, time)]


def offset_minutes(name: str) -> int:
    """How long after its cron a project's turn comes: from its name, so that it is the same each night."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) % SPREAD_MINUTES
