"""A change of a stranger, or from a fork, is merged only if an owner or member has approved this very head.

No setting turns this off.
"""

from cicd_defs.judge.merge.evidence import MergeEvidence, approvers
from cicd_defs.judge.merge.gates.parts import with_approvals
from cicd_defs.judge.merge.votes import Gate, Vote, holds, passes


def judge(evidence: MergeEvidence) -> Vote:
    """Vote on who the change comes from."""
    if not evidence.from_stranger:
        return passes("stranger", "it comes from somebody who may write to the repository")
    people = approvers(evidence)
    if people:
        return passes("stranger", f"{people[0]} approved this head")
    who = "a fork" if evidence.pull_request.from_fork else "somebody who may not write to the repository"
    return holds("stranger", f"it comes from {who}", "an owner or member approves this head")


def turned(evidence: MergeEvidence) -> MergeEvidence:
    """The same with an approval."""
    return evidence if approvers(evidence) else with_approvals(evidence, "member", 1)


GATE = Gate("stranger", judge, turned)
