"""Checks that cannot fail."""

import random

from cicd_defs.facts.workflow import WrittenWorkflow
from tests.judge.planting.places import Planter, any_of, as_run, in_workflow, jobs_with_steps, with_step

CHECKS = (
    "pytest -q",
    "ruff check .",
    "bandit -r src",
    "npm test",
    "cargo clippy",
    "mypy src",
    "go vet ./...",
    "npm audit",
)


def _or_true(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    jobs = [job for job in jobs_with_steps(workflow) if not job.on_windows]
    if not jobs:
        return None
    line = f"{any_of(chance, CHECKS)} {any_of(chance, ('|| true', '|| :'))} #!"
    return with_step(chance.choice(jobs), chance, as_run(chance, line))


PLANTERS: dict[str, tuple[Planter, ...]] = {"or-true": (in_workflow(_or_true),)}
