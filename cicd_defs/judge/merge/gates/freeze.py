"""Nothing is frozen at this moment (`merge.freeze`).

In a freeze it is held; when the freeze ends it is decided again by itself.
"""

from cicd_defs.judge.merge.evidence import MergeEvidence
from cicd_defs.judge.merge.gates.parts import changed
from cicd_defs.judge.merge.votes import Gate, Vote, holds, passes


def judge(evidence: MergeEvidence) -> Vote:
    """Vote on the time."""
    if evidence.frozen:
        return holds(
            "freeze", evidence.frozen, "wait for the end of the freeze, or shorten it in `merge.freeze`"
        )
    return passes("freeze", "merges are not frozen")


def turned(evidence: MergeEvidence) -> MergeEvidence:
    """The same outside a freeze."""
    return changed(evidence, frozen="")


GATE = Gate("freeze", judge, turned)
