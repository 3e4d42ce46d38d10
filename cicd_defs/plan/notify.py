"""Jobs of their own that tell people how a run has ended: that it failed, and of deployments if they want to know."""

import json
from collections.abc import Iterator, Mapping, Sequence

from cicd_defs.plan.notify_scripts import NOTICE, telling
from cicd_defs.plan.pipeline import Concurrency, Environment, Expression, Job, Step, StepKind, Workflow
from cicd_defs.spec.model import Project
from cicd_defs.spec.notifications import Channel

JOB = "notify"
ENVIRONMENT = "notifications"
"""The GitHub environment that holds the channels' addresses: no other job can read them."""

TOLD = ("ci_failed", "deployment_complete", "rollback_complete")
"""The events that a workflow can tell of itself."""

ROLLBACK = "rollback"
"""The output by which a deploying job says how its rollback ended, and the last word of that step's id.

It is the step's outcome, or `nothing` where the step says by its output `nothing=true` that nothing ran before.
"""

BY_ITSELF = Concurrency(group=Expression(text="notify-${{ github.run_id }}"), cancel_in_progress=False)
"""Where each job says itself whom it excludes: no run keeps another from telling."""

FAILED = "failure() || contains(needs.*.result, 'cancelled')"
"""A job failed, or was stopped while the run went on: GitHub counts a job that ran out of time as cancelled."""


def with_notifications(project: Project, workflow: Workflow) -> Workflow:
    """The same workflow, which tells of its end where somebody wants to know.

    The job needs all others and none needs it, so it changes no result but its own. It runs for no pull request,
    whose code could be anybody's, and not for a run that was cancelled. A channel that cannot be told makes it fail,
    after the others were told.
    """
    channels = project.notifications.all_channels
    jobs = tuple(_saying_rollback(job) for job in workflow.jobs)
    events = tuple(event for event in TOLD if event in project.notifications.webhook_events)
    starts, ends = tuple(_starts(workflow)), tuple(_ends(events, jobs))
    if not (channels and starts and ends):
        return workflow
    condition = f"!cancelled() && ({' || '.join(starts)}) && ({' || '.join(ends)})"
    job = _job(project.pipeline.runs_on, jobs, events, channels, condition)
    if workflow.concurrency is None:
        job = job.model_copy(update={"concurrency": BY_ITSELF})
    return workflow.model_copy(update={"jobs": (*jobs, job)})


def _saying_rollback(job: Job) -> Job:
    """The job with an output that says how its rollback ended, where it has one."""
    step = next((step for step in job.steps if step.id.endswith(ROLLBACK)), None)
    if step is None:
        return job
    found = f"steps.{step.id}"
    said = Expression(text=f"${{{{ {found}.outputs.nothing == 'true' && 'nothing' || {found}.outcome }}}}")
    return job.model_copy(update={"outputs": {**job.outputs, ROLLBACK: said}})


def _starts(workflow: Workflow) -> Iterator[str]:
    """What may have started a run that is told of.

    Whoever starts checks by hand looks at them; a deployment by hand concerns others too.
    """
    triggers = workflow.triggers
    if triggers.push_branches or triggers.push_tags:
        yield "github.event_name == 'push'"
    if triggers.schedule:
        yield "github.event_name == 'schedule'"
    if triggers.release:
        yield "github.event_name == 'release'"
    if triggers.manual and _places(workflow.jobs):
        yield "github.event_name == 'workflow_dispatch'"


def _ends(events: Sequence[str], jobs: Sequence[Job]) -> Iterator[str]:
    """How a run must have ended to be told of."""
    if "ci_failed" in events:
        yield FAILED
    if "deployment_complete" in events:
        yield from (f"needs.{job_id}.result == 'success'" for job_id in _places(jobs))
    if "rollback_complete" in events:
        undoing = (job.id for job in jobs if ROLLBACK in job.outputs)
        yield from (f"needs.{job_id}.outputs.{ROLLBACK} == 'success'" for job_id in undoing)


def _places(jobs: Sequence[Job]) -> Mapping[str, str]:
    """The jobs that deploy, and the environment that each deploys to."""
    return {
        job.id: job.environment.name
        for job in jobs
        if job.environment and any(step.kind == StepKind.DEPLOY for step in job.steps)
    }


def _job(
    runs_on: str, jobs: Sequence[Job], events: Sequence[str], channels: Sequence[Channel], condition: str
) -> Job:
    places = _places(jobs)
    notice = Step(
        id="notify",
        name="Write down what is told",
        env={
            "NEEDS": Expression(text="${{ toJSON(needs) }}"),
            "DEPLOYS": json.dumps(places),
            "EVENTS": " ".join(events),
        },
        run=NOTICE,
        timeout_minutes=5,
    )
    return Job(
        id=JOB,
        name="Tell of the outcome" if places else "Tell of the failure",
        runs_on=runs_on,
        needs=tuple(job.id for job in jobs),
        condition=condition,
        environment=Environment(name=ENVIRONMENT),
        secrets=tuple(channel.secret for channel in channels),
        timeout_minutes=10,
        steps=(notice, *(_tell(channel) for channel in channels)),
    )


def _tell(channel: Channel) -> Step:
    """One channel. It is told whatever became of those before it."""
    return Step(
        id=f"notify-{channel.secret.lower()}",
        name=f"Tell {channel.secret}",
        env={
            "ADDRESS": Expression(text=f"${{{{ secrets.{channel.secret} }}}}"),
            "SECRET": channel.secret,
        },
        run=telling(channel.listens),
        condition="!cancelled()",
        timeout_minutes=5,
    )
