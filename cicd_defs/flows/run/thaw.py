"""Pull requests that only a freeze held are decided on again once it has ended."""

from cicd_defs.flows.line import Line
from cicd_defs.flows.pull_request.receive import ask_again
from cicd_defs.judge.merge.decision import Decision
from cicd_defs.judge.merge.policy import policy_of

FREEZE_GATE = "freeze"


def thaw(line: Line) -> int:
    """Ask again for the pull requests that a freeze held and no freeze holds now; return how many were asked for."""
    count = 0
    for repository in line.forge.watched():
        project = line.projects.of_repository(repository)
        if project is None or not project.merge.freeze or policy_of(project).frozen(line.now()):
            continue
        for found in line.forge.open_pull_requests(repository, project.branch):
            records = list(line.evidence.decisions(repository, found.number))
            if records and _was_frozen(Decision.model_validate(records[-1].decision)):
                count += ask_again(line, found, f"thawed:{repository}:{found.number}:{records[-1].digest}")
    return count


def _was_frozen(decision: Decision) -> bool:
    return any(vote.gate == FREEZE_GATE and vote.outcome != "merge" for vote in decision.votes)
