"""Every part that the policy needs has a result: it passed, failed, or does not apply.

A part that is missing, that could not be evaluated (a tool or a sandbox is not there), or that failed by itself holds.
What is not known is never green.
"""

from cicd_defs.judge.merge.evidence import MergeEvidence
from cicd_defs.judge.merge.gates import build_success
from cicd_defs.judge.merge.gates.parts import unready, with_passed
from cicd_defs.judge.merge.votes import Gate, Vote, holds, passes


def required_parts(evidence: MergeEvidence) -> tuple[str, ...]:
    """The parts without whose result nothing is merged."""
    needed = evidence.policy.required_checks
    build = build_success.PARTS if "build_success" in needed else ()
    return (*build, "gate_integrity")


def _unready(evidence: MergeEvidence) -> list[str]:
    return [part for part in required_parts(evidence) if unready(evidence, part)]


def judge(evidence: MergeEvidence) -> Vote:
    """Vote on whether everything was evaluated."""
    missing = _unready(evidence)
    if not missing:
        return passes("evaluated", "every part was evaluated")
    reasons = "; ".join(unready(evidence, part) for part in missing)
    return holds("evaluated", reasons, "make the evaluation possible and ask for it again")


def turned(evidence: MergeEvidence) -> MergeEvidence:
    """The same with those parts passed."""
    return with_passed(evidence, _unready(evidence))


GATE = Gate("evaluated", judge, turned)
