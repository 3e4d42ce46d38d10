"""What wasted work costs a run, in minutes: one stated model, so that the numbers can be argued with in one place.

The figures are those of a small project on a GitHub-hosted Linux runner with two to four cores, on the low side. They
say what to mend first; they are not a bill. Testing and building make up 91.2 % of the time that workflows use, and
caching is used in 32.9 % of paid-tier repositories (Bouzenia and Pradel, "Resource Usage and Optimization Opportunities
in Workflows of GitHub Actions", ICSE 2024), which is why they weigh most here.
"""

from cicd_defs.facts.workflow import WrittenJob
from cicd_defs.judge.commands.purposes import job_kinds
from cicd_defs.plan.kinds import StepKind

OF_A_KIND: dict[StepKind, float] = {
    StepKind.LINT: 0.5,
    StepKind.FORMAT: 0.3,
    StepKind.TYPECHECK: 1.0,
    StepKind.TEST: 3.0,
    StepKind.INTEGRATION: 6.0,
    StepKind.E2E: 6.0,
    StepKind.SCAN: 1.0,
    StepKind.BUILD: 2.0,
    StepKind.INSTALL: 0.8,
}
"""One run of a check or a build."""

IMAGE_BUILD = 4.0
"""One `docker build` without layers from a cache."""

JOB_START = 0.3
"""Starting a job: the runner, checkout, the toolchain."""

WITHOUT_CACHE: dict[str, float] = {
    "pip": 0.6,
    "poetry": 0.8,
    "pipenv": 0.8,
    "pdm": 0.7,
    "uv": 0.2,
    "npm": 0.6,
    "yarn": 0.6,
    "pnpm": 0.4,
    "bun": 0.2,
    "go": 0.7,
    "cargo": 2.5,
    "maven": 1.2,
    "gradle": 1.5,
    "bundler": 0.8,
    "composer": 0.4,
    "nuget": 0.5,
    "mix": 0.8,
    "pub": 0.4,
    "docker": 2.5,
}
"""What a package manager fetches or builds again in each run."""

FULL_CLONE = 0.3
"""The whole history in place of one commit."""

WHOLE_RUN = 5.0
"""A run of a usual workflow, where all of it is done in vain, and nothing more is known of it."""

SUPERSEDED = 0.25
"""The share of a pull request's runs that are overtaken by the next commit while they go on."""


def of(kind: StepKind) -> float:
    """What one step of a kind takes."""
    return OF_A_KIND.get(kind, 0.2)


def of_job(job: WrittenJob) -> float:
    """What one leg of a job takes, by what its steps are for; a called workflow counts as a usual run."""
    if job.uses is not None:
        return WHOLE_RUN
    return JOB_START + sum(map(of, sorted(job_kinds(job))))
