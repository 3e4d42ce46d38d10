"""Enough people have approved this very head (`merge.approvals`), and none of them asks for changes.

Owners and members count, each once; the author and whoever asked for the change never do, nor does an approval of an
older head. A member who asks for changes holds it until they approve or their review is dismissed.
"""

from cicd_defs.facts.github.pull_requests import Review
from cicd_defs.judge.merge.evidence import MergeEvidence, approvers, last_words
from cicd_defs.judge.merge.gates.parts import changed, named, with_approvals
from cicd_defs.judge.merge.votes import Gate, Vote, holds, passes

NAME = "approvals"


def _against(evidence: MergeEvidence) -> list[Review]:
    return [
        review
        for review in last_words(evidence).values()
        if review.state == "changes_requested" and review.author_role != "stranger"
    ]


def _missing(evidence: MergeEvidence) -> int:
    return max(0, evidence.policy.approvals - len(approvers(evidence)))


def judge(evidence: MergeEvidence) -> Vote:
    """Vote on the reviews."""
    against = _against(evidence)
    if against:
        who = named(review.author for review in against)
        return holds(NAME, f"{who} asked for changes", f"{who} approves, or the review is dismissed")
    missing, needed = _missing(evidence), evidence.policy.approvals
    if missing:
        reason = f"{needed - missing} of {needed} approvals of this head"
        more = (
            "one more owner or member approves"
            if missing == 1
            else f"{missing} more owners or members approve"
        )
        return holds(NAME, reason, f"{more} this head")
    if not needed:
        return passes(NAME, "no approval is needed")
    return passes(NAME, f"approved by {named(approvers(evidence))}")


def turned(evidence: MergeEvidence) -> MergeEvidence:
    """The same with nobody against it and the missing approvals."""
    against = _against(evidence)
    calm = changed(evidence, reviews=tuple(review for review in evidence.reviews if review not in against))
    return with_approvals(calm, "member", _missing(calm))


GATE = Gate(NAME, judge, turned)
