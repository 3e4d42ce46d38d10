"""Which files keep the repository in order: updates, owners, branch rules, words for contributors, coverage."""

from collections.abc import Sequence

from cicd_defs.facts.stacks import Stacks
from cicd_defs.facts.written import Written
from cicd_defs.plan.containers import Containers
from cicd_defs.plan.hygiene import Hygiene
from cicd_defs.plan.pipeline import Candidate, LocalCommand, Workflow
from cicd_defs.plan.units import Unit
from cicd_defs.spec.model import Project


def hygiene_of(
    project: Project,
    units: Sequence[Unit],
    stacks: Stacks,
    workflows: Sequence[Workflow],
    local: Sequence[LocalCommand],
    containers: Containers,
) -> Hygiene:
    """What keeps the repository in order."""
    return Hygiene()


def hygiene_candidates(project: Project, hygiene: Hygiene, written: Written) -> tuple[Candidate, ...]:
    """Every file of this sort that this declaration could call for."""
    return ()
