"""The pull request is open.

A closed or merged one is rejected: nothing is left to decide.
"""

from cicd_defs.judge.merge.evidence import MergeEvidence
from cicd_defs.judge.merge.gates.parts import changed
from cicd_defs.judge.merge.votes import Gate, Vote, passes, rejects


def judge(evidence: MergeEvidence) -> Vote:
    """Vote on the state of the pull request."""
    state = evidence.pull_request.state
    if state == "open":
        return passes("closed", "the pull request is open")
    return rejects("closed", f"the pull request is {state} already", "reopen the pull request")


def turned(evidence: MergeEvidence) -> MergeEvidence:
    """The same, open."""
    return changed(evidence, pull_request=evidence.pull_request.model_copy(update={"state": "open"}))


GATE = Gate("closed", judge, turned)
