"""Which files keep the repository in order: updates, owners, branch rules, words for contributors, coverage."""

from collections.abc import Sequence

from cicd_defs.facts.stacks import Stacks
from cicd_defs.facts.written import Written
from cicd_defs.plan.containers import Containers
from cicd_defs.plan.dependabot import not_updated, updates_of
from cicd_defs.plan.files import DEPENDABOT_PATH
from cicd_defs.plan.hygiene import Hygiene
from cicd_defs.plan.local import hooks_of
from cicd_defs.plan.pipeline import Candidate, LocalCommand, Note, Workflow
from cicd_defs.plan.units import Unit
from cicd_defs.spec.model import Project


def hygiene_of(
    project: Project,
    units: Sequence[Unit],
    stacks: Stacks,
    workflows: Sequence[Workflow],
    local: Sequence[LocalCommand],  # noqa: ARG001
    containers: Containers,
) -> Hygiene:
    """What keeps the repository in order."""
    hooked = bool(stacks.hooks or hooks_of(units))
    return Hygiene(
        updates=updates_of(project, units, stacks, containers, actions=bool(workflows), hooks=hooked)
    )


def hygiene_notes(project: Project, units: Sequence[Unit]) -> tuple[Note, ...]:
    """What a person should know of these files."""
    return not_updated(units) if project.files.dependabot else ()


def hygiene_candidates(project: Project, hygiene: Hygiene, written: Written) -> tuple[Candidate, ...]:  # noqa: ARG001
    """Every file of this sort that this declaration could call for."""
    return (_dependabot(project, hygiene),)


def _dependabot(project: Project, hygiene: Hygiene) -> Candidate:
    asked = project.files.dependabot
    return Candidate(
        path=DEPENDABOT_PATH,
        kind="dependabot",
        wanted=asked and bool(hygiene.updates),
        otherwise="nothing was found that Dependabot could update"
        if asked
        else "`files.dependabot` is false",
    )
