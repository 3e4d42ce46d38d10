"""Which files keep the repository in order: updates, owners, branch rules, words for contributors, coverage."""

from collections.abc import Sequence

from cicd_defs.facts.stacks import Stacks
from cicd_defs.facts.written import Written
from cicd_defs.plan.codeowners import owned_files, unowned
from cicd_defs.plan.containers import Containers
from cicd_defs.plan.coverage import coverage_of
from cicd_defs.plan.dependabot import not_updated, updates_of
from cicd_defs.plan.files import CODEOWNERS_PATH, CONTRIBUTING_PATH, DEPENDABOT_PATH, RULESET_PATH
from cicd_defs.plan.hygiene import Hygiene
from cicd_defs.plan.local import hooks_of
from cicd_defs.plan.pipeline import Candidate, LocalCommand, Note, Workflow
from cicd_defs.plan.ruleset import ruleset_of, without_checks
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
    hooked = bool(stacks.hooks or hooks_of(units))
    return Hygiene(
        updates=updates_of(project, units, stacks, containers, actions=bool(workflows), hooks=hooked),
        owned=owned_files(project),
        ruleset=ruleset_of(project, workflows) if project.files.ruleset else None,
        has_commands=bool(local),
        coverage=coverage_of(project, units, stacks),
    )


def hygiene_notes(project: Project, units: Sequence[Unit], workflows: Sequence[Workflow]) -> tuple[Note, ...]:
    """What a person should know of these files."""
    return (
        *(not_updated(units) if project.files.dependabot else ()),
        *unowned(project),
        *(without_checks(project, workflows) if project.files.ruleset else ()),
    )


def hygiene_candidates(project: Project, hygiene: Hygiene, written: Written) -> tuple[Candidate, ...]:  # noqa: ARG001
    """Every file of this sort that this declaration could call for."""
    asked = project.files.dependabot
    return (
        Candidate(
            path=DEPENDABOT_PATH,
            kind="dependabot",
            wanted=asked and bool(hygiene.updates),
            otherwise="nothing was found that it could update" if asked else "`files.dependabot` is false",
        ),
        Candidate(
            path=CODEOWNERS_PATH,
            kind="codeowners",
            wanted=bool(hygiene.owned),
            otherwise="no `files.code_owners` are declared",
        ),
        Candidate(
            path=RULESET_PATH,
            kind="ruleset",
            wanted=hygiene.ruleset is not None,
            otherwise="`files.ruleset` is false",
        ),
        Candidate(
            path=CONTRIBUTING_PATH,
            kind="contributing",
            wanted=project.files.contributing is not False and hygiene.has_commands,
            otherwise=_no_contributing(project),
            over_theirs=project.files.contributing is True,
        ),
        *(
            Candidate(
                path=coverage.path,
                kind="coverage",
                wanted=not coverage.otherwise,
                otherwise=coverage.otherwise,
            )
            for coverage in hygiene.coverage
        ),
    )


def _no_contributing(project: Project) -> str:
    if project.files.contributing is False:
        return "`files.contributing` is false"
    return "no commands were detected or declared"
