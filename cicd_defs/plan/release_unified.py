"""Checks, nights and releases in one file: the same jobs, each of which looks at the event that started it."""

from cicd_defs.plan.areas import areas_in
from cicd_defs.plan.pipeline import Concurrency, Expression, Job, Triggers, Workflow
from cicd_defs.plan.release import NOWHERE, Release, push_condition, release_jobs, release_triggers

BY_HAND = "github.event_name == 'workflow_dispatch'"


def at_night(release: Release) -> str:
    """When a nightly job runs that shares its file with others: at night, and by hand unless something is deployed."""
    by_hand = f"inputs.environment == '{NOWHERE}'" if release.places else BY_HAND
    return f"github.event_name == 'schedule' || {by_hand}"


def with_release(workflow: Workflow, release: Release) -> Workflow:
    """The checks with all that goes out behind their gate, which has looked at the very same commit."""
    if release.is_empty:
        return workflow
    return workflow.model_copy(
        update={
            "triggers": _triggers(workflow.triggers, release_triggers(release, among_checks=True)),
            "concurrency": _concurrency(workflow),
            "env": {},
            "jobs": (*_checks(workflow, release), *_behind_the_gate(workflow, release)),
        }
    )


def _checks(workflow: Workflow, release: Release) -> tuple[Job, ...]:
    """The checks, each with the variables of them all: what goes out does not get those.

    An image that is built to be pushed is not built before, only to see whether it can be.
    """
    pushed = {image.image.job_id for image in release.images}
    whole = (job.model_copy(update={"env": {**workflow.env, **job.env}}) for job in workflow.jobs)
    return tuple(unless(job, push_condition(release)) if job.id in pushed else job for job in whole)


def unless(job: Job, when: str) -> Job:
    """The same job, which does not run `when` another one of the file does its work."""
    otherwise = f"!{when}" if when.startswith("(") and when.endswith(")") else f"!({when})"
    if job.condition is None:
        return job.model_copy(update={"condition": otherwise})
    own = f"({job.condition})" if len(areas_in(job.condition)) > 1 else job.condition
    return job.model_copy(update={"condition": f"{own} && {otherwise}"})


def _behind_the_gate(workflow: Workflow, release: Release) -> tuple[Job, ...]:
    gate = workflow.job("gate")
    return release_jobs(release, gate.id if gate else None)


def _triggers(checks: Triggers, release: Triggers) -> Triggers:
    return checks.model_copy(
        update={
            "push_branches": tuple(dict.fromkeys((*checks.push_branches, *release.push_branches))),
            "release": release.release,
            "manual": checks.manual or release.manual,
            "inputs": release.inputs,
        }
    )


def _concurrency(workflow: Workflow) -> Concurrency | None:
    """Only runs of one pull request take each other's place. Every other run is a group of its own.

    A deployment that is under way, or waits for somebody's approval, is neither stopped by the next push nor keeps it
    from being checked; the deployments to one environment exclude each other by themselves.
    """
    if workflow.concurrency is None:
        return None
    alone = "${{ github.event_name != 'pull_request' && github.run_id || 'pull_request' }}"
    group = Expression(text=f"{workflow.concurrency.group}-{alone}")
    return workflow.concurrency.model_copy(update={"group": group})
