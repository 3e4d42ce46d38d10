"""Workflows that publish use no shared cache: whoever can write to a cache could put code into what is published.

https://docs.zizmor.sh/audits/#cache-poisoning
"""

from cicd_defs.plan.pipeline import Step, StepKind, Text, Workflow

WITHOUT: dict[str, dict[str, Text | None]] = {
    "actions/setup-go": {"cache": "false", "cache-dependency-path": None},
    "actions/setup-java": {"cache": None},
    "actions/setup-node": {"cache": None, "cache-dependency-path": None, "package-manager-cache": "false"},
    "actions/setup-python": {"cache": None, "cache-dependency-path": None},
    "astral-sh/setup-uv": {"enable-cache": "false", "cache-dependency-glob": None},
    "docker/build-push-action": {"cache-from": None, "cache-to": None},
    "docker/setup-buildx-action": {"cache-binary": "false"},
    "docker/setup-qemu-action": {"cache-image": "false"},
    "golangci/golangci-lint-action": {"skip-cache": "true"},
    "oven-sh/setup-bun": {"no-cache": "true"},
    "prefix-dev/setup-pixi": {"cache": "false"},
}
"""Action to the inputs that keep it from using a cache; None leaves an input out."""


def publishes(workflow: Workflow) -> bool:
    """Whether something of a workflow's run goes out: by a release, or from a branch whose name says so."""
    return workflow.triggers.release or any(map(is_published_from, workflow.triggers.push_branches))


def is_published_from(branch: str) -> bool:
    """Whether a branch's name says that what is pushed there is released."""
    return "release" in branch.lower()


def without_caches(workflow: Workflow) -> Workflow:
    """The same workflow, in which no step reads or writes a cache that other runs share."""
    jobs = tuple(
        job.model_copy(
            update={"steps": tuple(_without(step) for step in job.steps if step.kind != StepKind.CACHE)}
        )
        for job in workflow.jobs
    )
    return workflow.model_copy(update={"jobs": jobs})


def _without(step: Step) -> Step:
    changes = WITHOUT.get(step.uses.name) if step.uses else None
    if changes is None:
        return step
    kept = {name: value for name, value in step.inputs.items() if name not in changes}
    return step.model_copy(
        update={"inputs": kept | {name: value for name, value in changes.items() if value is not None}}
    )
