"""Pull requests: events in the inbox become runs; dead runs are asked for again."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from assets.delivery.partitions import PULL_REQUESTS
from cicd_defs.flows.line import Line
from cicd_defs.flows.pull_request.receive import AskedRun, receive
from cicd_defs.flows.run.recover import forget_runs, recover_claims, remove_leftovers
from cicd_defs.flows.run.thaw import thaw
from sensors.runs import Job, has_ended, report_dead

PROJECT_TAG, PULL_REQUEST_TAG, HEAD_TAG = "cicd/project", "cicd/pull_request", "cicd/head"


def inbox_sensor(evaluate: Job, decide: Job) -> dg.SensorDefinition:
    """Every few seconds: a run for each head, base and policy that an event tells of; Dagster starts each key once."""

    @dg.sensor(
        name="inbox",
        jobs=[evaluate, decide],
        minimum_interval_seconds=2,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Turns events of pull requests into runs, and asks again for what a dead run left undone.",
    )
    def inbox(context: dg.SensorEvaluationContext, cicd_line: dg.ResourceParam[Line]) -> dg.SensorResult:
        line = cicd_line
        with going_on(context, "claims of dead runs"):
            for claim in recover_claims(line):
                report_dead(context.instance, claim.holder)
        with going_on(context, "workspaces that nobody needs"):
            remove_leftovers(line)
        for repository in line.forge.watched():
            with going_on(context, repository):
                line.forge.notice(repository, line.now())
        with going_on(context, "freezes that have ended"):
            thaw(line)
        with going_on(context, "runs that have ended"):
            forget_runs(line, lambda key: has_ended(context.instance, key))
        asked = receive(line)
        if not asked:
            return dg.SensorResult(skip_reason="Nothing waits in the inbox.")
        partitions = sorted({run.subject.partition for run in asked})
        return dg.SensorResult(
            run_requests=[request_of(run) for run in asked],
            dynamic_partitions_requests=[PULL_REQUESTS.build_add_request(partitions)],
        )

    return inbox


@contextmanager
def going_on(context: dg.SensorEvaluationContext, what: str) -> Iterator[None]:
    """Look after one thing; where that fails, say so and go on: it must not keep anything else waiting."""
    try:
        yield
    except Exception as error:
        context.log.warning(f"{what}: could not be looked after now: {type(error).__name__}: {error}")


def request_of(run: AskedRun) -> dg.RunRequest:
    """What Dagster is asked for."""
    subject = run.subject
    return dg.RunRequest(
        run_key=run.key,
        job_name=run.job,
        partition_key=subject.partition,
        tags={
            PROJECT_TAG: subject.project,
            PULL_REQUEST_TAG: str(subject.number),
            HEAD_TAG: subject.head[:12],
        },
    )
