"""What gates ask of the parts of an evaluation."""

from collections.abc import Iterable
from datetime import UTC, datetime

from cicd_defs.facts.github.pull_requests import Review, Role
from cicd_defs.facts.reports.verdicts import Verdict
from cicd_defs.judge.merge.evidence import MergeEvidence, approvers

SOMEBODY = "somebody-else-"
MOST_NAMED = 5


def with_passed(evidence: MergeEvidence, parts: Iterable[str]) -> MergeEvidence:
    """The evidence as it would be if these parts had passed; one that passed or does not apply is left as it is."""
    verdicts = dict(evidence.verdicts)
    for part in parts:
        if part not in verdicts or verdicts[part].word not in ("passed", "not_applicable"):
            verdicts[part] = Verdict(part=part, word="passed", summary="passed")
    return changed(evidence, verdicts=verdicts)


def with_approvals(evidence: MergeEvidence, role: Role, count: int) -> MergeEvidence:
    """The evidence as it would be if `count` more people of a role approved this head."""
    at = max((review.at for review in evidence.reviews), default=datetime(2000, 1, 1, tzinfo=UTC))
    more = (
        Review(
            author=f"{SOMEBODY}{role}-{len(evidence.reviews) + number}",
            author_role=role,
            state="approved",
            commit=evidence.pull_request.head_sha,
            at=at,
        )
        for number in range(count)
    )
    return changed(evidence, reviews=(*evidence.reviews, *more))


def with_owner(evidence: MergeEvidence) -> MergeEvidence:
    """The evidence as it would be if an owner approved this head."""
    return evidence if approvers(evidence, ("owner",)) else with_approvals(evidence, "owner", 1)


def changed(evidence: MergeEvidence, **fields: object) -> MergeEvidence:
    """The evidence with other fields, put in order again."""
    return MergeEvidence(**{**evidence.__dict__, **fields})


def named(names: Iterable[str]) -> str:
    """Names in a sentence, of many the first."""
    every = list(names)
    more = f" and {len(every) - MOST_NAMED} more" if len(every) > MOST_NAMED else ""
    return ", ".join(f"`{name}`" for name in every[:MOST_NAMED]) + more


def unready(evidence: MergeEvidence, part: str) -> str:
    """Why a part has no result, in words; empty where it has one."""
    verdict = evidence.verdicts.get(part)
    if verdict is None:
        return f"`{part}` has no result"
    if verdict.word == "not_evaluated":
        return f"`{part}` was not evaluated: {verdict.summary}"
    if verdict.word == "fault":
        return f"`{part}` failed by itself, not because of the change: {verdict.summary}"
    return ""
