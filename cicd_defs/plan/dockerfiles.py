"""Which container files a project gets: a Dockerfile for each application, and what its build leaves out."""

from collections.abc import Sequence

from cicd_defs.facts.stacks import Stacks
from cicd_defs.facts.written import Written
from cicd_defs.plan.containers import Containers
from cicd_defs.plan.pipeline import Candidate, Note
from cicd_defs.plan.units import Unit
from cicd_defs.spec.model import Project


def containers_of(
    project: Project, units: Sequence[Unit], stacks: Stacks, written: Written
) -> tuple[Containers, tuple[Note, ...]]:
    """The container files that the project calls for, and what a person should know of them."""
    return Containers(), ()


def container_candidates(project: Project, containers: Containers) -> tuple[Candidate, ...]:
    """Every container file that this declaration could call for."""
    return ()
