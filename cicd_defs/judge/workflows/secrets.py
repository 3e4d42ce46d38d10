"""Whether a pull request of a stranger can reach a secret, an environment, or a right to change something.

GitHub itself withholds secrets from a fork's `pull_request`, unless a repository is set to hand them out. We do not
rely on it: nothing that such an event can start may even speak of one. An event that starts with the repository's
secrets for somebody else's change is found by itself. A condition that cannot be decided counts as true.
https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from cicd_defs.facts.value import Value
from cicd_defs.judge.workflows.expressions import Begins, Known, Named, can_be_true, functions, references
from cicd_defs.judge.workflows.grammar import Exactly
from cicd_defs.judge.workflows.surfaces import JobSurface, Spot, Surface, surface_in, surface_of
from cicd_defs.plan.pipeline import Pipeline

FROM_STRANGERS = (
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "pull_request_target",
    "workflow_run",
    "workflow_call",  # by whom is not seen from here
    "issue_comment",
)
"""The events that somebody else's pull request can bring about."""

WITH_SECRETS = ("pull_request_target", "workflow_run", "issue_comment")
"""Those of them that run with the repository's secrets and rights, whoever brought them about."""

_FORK: Mapping[str, Known] = {
    "github.event.pull_request.head.repo.fork": Exactly(True),
    "github.event.pull_request.head.repo.full_name": Named("the fork"),
    "github.repository": Named("the repository"),
}
# https://docs.github.com/actions/reference/workflows-and-actions/contexts#inputs-context
_NOBODY_WAS_ASKED: Mapping[str, Known] = {
    name: Exactly(None) for name in ("inputs.*", "github.event.inputs.*")
}
_OF_A_PULL_REQUEST = {
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "pull_request_target",
}


class Exposure(Value):
    """One way from an event to something that it must not reach. `job`, `step` and `where` are empty further up.

    `kind` is what is reached: the event itself, a secret, an environment, a right to write; or `homeless`, a secret
    that stands where no environment guards it, whatever the event.
    """

    kind: Literal["event", "secret", "environment", "write", "homeless"]
    file: str
    event: str = ""
    job: str = ""
    step: str = ""
    where: str = ""
    what: str

    def __str__(self) -> str:
        return " → ".join(
            part for part in (self.file, self.event, self.job, self.step, self.where, self.what) if part
        )


def exposures_of(pipeline: Pipeline) -> tuple[Exposure, ...]:
    """Every way in which a stranger's pull request reaches what it must not, over all planned workflows."""
    return tuple(found for workflow in pipeline.workflows for found in exposures(surface_of(workflow)))


def exposures_in(file: str, data: object) -> tuple[Exposure, ...]:
    """The same of one workflow's YAML, anybody's: `data` as PyYAML loads it."""
    return exposures(surface_in(file, data))


def exposures(surface: Surface) -> tuple[Exposure, ...]:
    """Every exposure of one workflow, by event, job and step."""
    started = (found for event in surface.events for found in _started_by(event, surface))
    return (*started, *_homeless(surface))


def _started_by(event: str, surface: Surface) -> Iterator[Exposure]:
    if event in WITH_SECRETS:
        yield Exposure(
            kind="event", file=surface.file, event=event, what="it runs with all secrets and rights"
        )
    if event not in FROM_STRANGERS:
        return
    here = Exposure(kind="secret", file=surface.file, event=event, what="")
    known = known_of(event)
    yield from _secrets(surface.spots, here)
    for job in _reachable(surface.jobs, known):
        yield from _in_job(job, known, here.model_copy(update={"job": job.id}))


def known_of(event: str) -> Mapping[str, Known]:
    """What is known of the contexts when a fork's pull request brings an event about."""
    known: dict[str, Known] = {"github.event_name": Exactly(event), **_NOBODY_WAS_ASKED}
    if event == "workflow_call":
        return {}  # it sees the event of whoever calls
    if event == "pull_request":
        known["github.ref"] = Begins("refs/pull/")
    return {**known, **(_FORK if event in _OF_A_PULL_REQUEST else {})}


def _reachable(jobs: Iterable[JobSurface], known: Mapping[str, Known]) -> list[JobSurface]:
    """The jobs that can run. One is skipped with what it needs, unless its condition asks how that went."""
    by_id = {job.id: job for job in jobs}
    runs: dict[str, bool] = {}

    def can_run(job: JobSurface) -> bool:
        if job.id not in runs:
            runs[job.id] = True  # a circle, which GitHub refuses, counts as running
            condition = job.condition or "success()"
            whatever = functions(condition) & {"always", "failure", "cancelled"}
            needs = [by_id[need] for need in job.needs if need in by_id]
            met = bool(whatever) or all(can_run(need) for need in needs)
            runs[job.id] = met and can_be_true(condition, known)
        return runs[job.id]

    return [job for job in by_id.values() if can_run(job)]


def _in_job(job: JobSurface, known: Mapping[str, Known], here: Exposure) -> Iterator[Exposure]:
    if job.environment is not None:
        yield here.model_copy(update={"kind": "environment", "what": f"the environment {job.environment}"})
    for right in job.writes:
        yield here.model_copy(update={"kind": "write", "what": right})
    yield from _handed_on(job, here)
    yield from _secrets(job.spots, here)
    for step in job.steps:
        if step.condition is None or can_be_true(step.condition, known):
            yield from _secrets(step.spots, here.model_copy(update={"step": step.name}))


def _secrets(spots: Iterable[Spot], here: Exposure) -> Iterator[Exposure]:
    for spot in spots:
        for name in secrets_in(spot.expression):
            yield here.model_copy(update={"where": spot.where, "what": name})


def secrets_in(expression: str) -> tuple[str, ...]:
    """The secrets that an expression reads, but for the job's own token, which its permissions bound."""
    found = (reference.path for reference in references(expression) if reference.path[0] == "secrets")
    names = {f"secrets.{path[1]}" if len(path) > 1 else "all secrets" for path in found}
    return tuple(sorted(names - {"secrets.github_token"}))


def _homeless(surface: Surface) -> Iterator[Exposure]:
    """Secrets where no environment says who may have them: in a job without one, or above all jobs."""
    here = Exposure(kind="homeless", file=surface.file, what="")
    yield from _secrets(surface.spots, here)
    for job in surface.jobs:
        if job.environment is not None:
            continue
        within = here.model_copy(update={"job": job.id})
        yield from _handed_on(job, within)
        yield from _secrets(job.spots, within)
        for step in job.steps:
            yield from _secrets(step.spots, within.model_copy(update={"step": step.name}))


def _handed_on(job: JobSurface, here: Exposure) -> Iterator[Exposure]:
    if job.hands_on:
        yield here.model_copy(update={"where": "secrets", "what": "all secrets"})
