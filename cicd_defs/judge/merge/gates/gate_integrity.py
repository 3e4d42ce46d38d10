"""The change does not weaken what it is checked by: no test deleted or skipped, no CI or configuration edited.

What the part `gate_integrity` finds holds and never rejects: it may be right, and an owner says so by approving this
head. Without a result of that part it holds as well.
"""

from cicd_defs.judge.merge.evidence import MergeEvidence, approvers
from cicd_defs.judge.merge.gates.parts import MOST_NAMED, unready, with_owner, with_passed
from cicd_defs.judge.merge.votes import Gate, Vote, holds, passes

PART = "gate_integrity"


def judge(evidence: MergeEvidence) -> Vote:
    """Vote on what was found."""
    missing = unready(evidence, PART)
    if missing:
        return holds(PART, missing, "make the evaluation possible and ask for it again")
    verdict = evidence.verdicts[PART]
    if verdict.word != "failed":
        return passes(PART, "the change does not weaken its own checks")
    owners = approvers(evidence, ("owner",))
    if owners:
        return passes(PART, f"{owners[0]}, an owner, approved this head with what was found")
    found = "; ".join(finding.message for finding in verdict.findings[:MOST_NAMED]) or verdict.summary
    return holds(
        PART, f"it may weaken its own checks: {found}", "an owner looks at it and approves this head"
    )


def turned(evidence: MergeEvidence) -> MergeEvidence:
    """The same with an owner's approval where something was found, else with the part evaluated."""
    verdict = evidence.verdicts.get(PART)
    if verdict is not None and verdict.word == "failed":
        return with_owner(evidence)
    return with_passed(evidence, (PART,))


GATE = Gate(PART, judge, turned)
