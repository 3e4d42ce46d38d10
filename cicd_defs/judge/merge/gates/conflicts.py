"""Head and base can be merged without a conflict.

A conflict holds: somebody has to choose what both sides become.
"""

from cicd_defs.judge.merge.evidence import MergeEvidence
from cicd_defs.judge.merge.gates.parts import changed
from cicd_defs.judge.merge.votes import Gate, Vote, holds, passes


def judge(evidence: MergeEvidence) -> Vote:
    """Vote on conflicts."""
    if evidence.has_conflict:
        base = evidence.pull_request.base_ref
        return holds(
            "conflicts",
            f"it conflicts with `{base}`",
            f"merge `{base}` into the branch and resolve the conflicts",
        )
    return passes("conflicts", "it merges without conflicts")


def turned(evidence: MergeEvidence) -> MergeEvidence:
    """The same without a conflict."""
    return changed(evidence, has_conflict=False)


GATE = Gate("conflicts", judge, turned)
