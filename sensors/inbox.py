"""Pull requests: events in the inbox become runs; dead runs are asked for again."""

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
        for claim in recover_claims(line):
            report_dead(context.instance, claim.holder)
        remove_leftovers(line)
        for repository in line.forge.watched():
            try:
                line.forge.notice(repository, line.now())
            except Exception as error:  # one damaged repository must not keep the others waiting
                context.log.warning(f"{repository} could not be looked at: {error}")
        thaw(line)
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
