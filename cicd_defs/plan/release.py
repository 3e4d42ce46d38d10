"""The release workflow: images that are pushed, and deployments from environment to environment."""

from collections.abc import Sequence

from cicd_defs.facts.stacks import Stacks
from cicd_defs.plan.images import Image
from cicd_defs.plan.pipeline import Workflow
from cicd_defs.spec.model import Project


def release_workflow(project: Project, stacks: Stacks, images: Sequence[Image]) -> Workflow | None:
    """Everything that is pushed or deployed; None where nothing is."""
    return None


def deployed_branches(project: Project) -> tuple[str, ...]:
    """The branches whose pushes are deployed, and so must have been checked."""
    return ()
