"""What was evaluated is what would be merged: the head and the base have not moved since.

If one has, an evaluation of the new pair follows by itself: wait for it.
"""

from cicd_defs.judge.merge.evidence import MergeEvidence
from cicd_defs.judge.merge.gates.parts import changed
from cicd_defs.judge.merge.votes import Gate, Vote, passes, waits


def judge(evidence: MergeEvidence) -> Vote:
    """Vote on whether the evaluation is of the present head and base."""
    again = "wait for the evaluation of the new commits"
    if evidence.head_moved:
        return waits("moved", "there are newer commits than the evaluated ones", again)
    if evidence.base_moved:
        return waits("moved", f"`{evidence.pull_request.base_ref}` has moved since the evaluation", again)
    return passes("moved", "the evaluated commits are the present ones")


def turned(evidence: MergeEvidence) -> MergeEvidence:
    """The same, evaluated at the present commits."""
    now = evidence.pull_request
    return changed(evidence, head=now.head_sha, base=now.base_sha)


GATE = Gate("moved", judge, turned)
