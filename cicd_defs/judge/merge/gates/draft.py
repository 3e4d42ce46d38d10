"""The pull request is no draft.

A draft is held: its author says when it is ready.
"""

from cicd_defs.judge.merge.evidence import MergeEvidence
from cicd_defs.judge.merge.gates.parts import changed
from cicd_defs.judge.merge.votes import Gate, Vote, holds, passes


def judge(evidence: MergeEvidence) -> Vote:
    """Vote on whether it is a draft."""
    if evidence.pull_request.draft:
        return holds("draft", "the pull request is a draft", "mark the pull request as ready for review")
    return passes("draft", "the pull request is ready for review")


def turned(evidence: MergeEvidence) -> MergeEvidence:
    """The same, ready for review."""
    return changed(evidence, pull_request=evidence.pull_request.model_copy(update={"draft": False}))


GATE = Gate("draft", judge, turned)
