"""The pull request has no label that keeps it from being merged (`merge.hold_labels`).

One that has is held until somebody takes the label away. Upper and lower case count as the same.
"""

from cicd_defs.judge.merge.evidence import MergeEvidence
from cicd_defs.judge.merge.gates.parts import changed, named
from cicd_defs.judge.merge.votes import Gate, Vote, holds, passes


def _found(evidence: MergeEvidence) -> list[str]:
    held = {label.casefold() for label in evidence.policy.hold_labels}
    return [label for label in evidence.pull_request.labels if label.strip().casefold() in held]


def judge(evidence: MergeEvidence) -> Vote:
    """Vote on the labels."""
    found = _found(evidence)
    if found:
        label = f"the label{'s' if len(found) > 1 else ''} {named(found)}"
        return holds("hold_labels", f"{label} keeps it from being merged", f"take away {label}")
    return passes("hold_labels", "no label keeps it from being merged")


def turned(evidence: MergeEvidence) -> MergeEvidence:
    """The same without those labels."""
    found = _found(evidence)
    labels = tuple(label for label in evidence.pull_request.labels if label not in found)
    return changed(evidence, pull_request=evidence.pull_request.model_copy(update={"labels": labels}))


GATE = Gate("hold_labels", judge, turned)
