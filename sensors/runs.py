"""What Dagster knows of the runs that were asked for, by its public calls."""

import time
from typing import Any

import dagster as dg

from assets.delivery.partitions import RUN_KEY_TAG

Job = Any
"""What `dg.define_asset_job` gives: its type has no public name."""

OVER = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)
BEGINNING = (dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED)
MOST_ATTEMPTS = 10
"""How often a task's run is asked for; then somebody has to look at what its runs say."""

LONGEST_BEGINNING = 90.0
"""Seconds that a run may be under way without having done its first step: then its process is taken for dead."""


def has_ended(instance: dg.DagsterInstance, run_key: str) -> bool:
    """Whether the newest run of a key is over, or began too long ago to be alive without a claim.

    A run of the latter kind is reported as failed, so that it does not keep its slot.
    """
    records = instance.get_run_records(dg.RunsFilter(tags={RUN_KEY_TAG: run_key}), limit=1)
    if not records:
        return False
    [record] = records
    if record.dagster_run.status in OVER:
        return True
    began = record.start_time or record.update_timestamp.timestamp()
    if record.dagster_run.status in BEGINNING and time.time() - began > LONGEST_BEGINNING:
        report_dead(instance, record.dagster_run.run_id)
        return True
    return False


def attempt_of(instance: dg.DagsterInstance, job: str, tags: dict[str, str]) -> int:
    """How many runs of a job for these tags are over: the number that the next one's key has.

    One whose process began too long ago without an end is reported as failed first, if nothing else bounds it.
    """
    records = instance.get_run_records(dg.RunsFilter(job_name=job, tags=tags), limit=MOST_ATTEMPTS)
    over = 0
    for record in records:
        began = record.start_time or record.update_timestamp.timestamp()
        if record.dagster_run.status in BEGINNING and time.time() - began > LONGEST_BEGINNING:
            report_dead(instance, record.dagster_run.run_id)
            over += 1
        over += record.dagster_run.status in OVER
    return over


def report_dead(instance: dg.DagsterInstance, run_id: str) -> None:
    """Report a run as failed whose process is gone: the default launcher does not look after it."""
    run = instance.get_run_by_id(run_id)
    if run is not None and run.status not in OVER:
        instance.report_run_failed(run, "The process of this run is gone: its heartbeat has stopped.")
