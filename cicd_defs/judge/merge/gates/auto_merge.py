"""The project merges by itself what passes (`validation.auto_merge`).

Where it does not, everything else is said and a person merges.
"""

from cicd_defs.judge.merge.evidence import MergeEvidence
from cicd_defs.judge.merge.gates.parts import changed
from cicd_defs.judge.merge.votes import Gate, Vote, holds, passes


def judge(evidence: MergeEvidence) -> Vote:
    """Vote on whether this is merged without a person."""
    if evidence.policy.auto_merge:
        return passes("auto_merge", "the project merges by itself what passes")
    return holds(
        "auto_merge",
        "a person merges in this project",
        "merge it by hand, or set `validation.auto_merge: true` in the project file",
    )


def turned(evidence: MergeEvidence) -> MergeEvidence:
    """The same in a project that merges by itself."""
    return changed(evidence, policy=evidence.policy.model_copy(update={"auto_merge": True}))


GATE = Gate("auto_merge", judge, turned)
