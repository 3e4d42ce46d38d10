"""What the branch asks of a change: the gate alone as required check, approvals, and no way around them."""

from collections.abc import Sequence

from cicd_defs.plan.hygiene import Ruleset
from cicd_defs.plan.pipeline import Note, Workflow
from cicd_defs.spec.model import Project


def ruleset_of(project: Project, workflows: Sequence[Workflow]) -> Ruleset:
    """The rules of the branch that pull requests merge into."""
    return Ruleset(
        branch=project.branch,
        approvals=project.merge.approvals,
        code_owner_review=bool(project.files.code_owners),
        methods=(project.merge.method,),
        checks=required_checks(workflows),
        admin_override=project.merge.admin_override,
    )


def required_checks(workflows: Sequence[Workflow]) -> tuple[str, ...]:
    """The names of the gates that report on every pull request.

    Any other job may be skipped, and a required check that does not report holds a pull request for ever.
    """
    gates = [workflow.job("gate") for workflow in workflows if workflow.triggers.pull_request]
    return tuple(str(gate.name) for gate in gates if gate)


def without_checks(project: Project, workflows: Sequence[Workflow]) -> tuple[Note, ...]:
    """That nothing has to be green before a merge, where it is so."""
    if required_checks(workflows):
        return ()
    reason = "add `pr` to `trigger_type`" if "pr" not in project.pipeline.trigger_type else "there are none"
    return (Note(where="ruleset", message=f"no check runs on pull requests, so none is required: {reason}"),)
