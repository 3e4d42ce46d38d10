"""The decision on a pull request: a fold over the gates, and nothing else."""

from collections.abc import Iterable, Mapping
from typing import Any

from cicd_defs.facts.value import Value
from cicd_defs.judge.merge.digest import digest_of
from cicd_defs.judge.merge.evidence import MergeEvidence
from cicd_defs.judge.merge.gates.listed import GATES
from cicd_defs.judge.merge.policy import Mode
from cicd_defs.judge.merge.votes import WEIGHT, Gate, Outcome, Vote


class Decision(Value):
    """What is to become of a pull request at a head and a base, under a policy, by this evidence.

    `votes` has every gate's, in order. `smallest_change` says what would have to be otherwise for a merge; empty where
    it is one. `mode` says what may be done about it; it does not change the outcome.
    """

    outcome: Outcome
    repository: str
    number: int
    head: str
    base: str
    mode: Mode
    policy_digest: str
    evidence_digest: str
    votes: tuple[Vote, ...]
    smallest_change: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """What this decision is told by, in hex."""
        return digest_of(self)

    @property
    def reasons(self) -> tuple[Vote, ...]:
        """The votes that stand against a merge, heaviest first, else in the order of the gates."""
        against = [vote for vote in self.votes if vote.outcome != "merge"]
        return tuple(sorted(against, key=lambda vote: -WEIGHT[vote.outcome]))

    @property
    def distinct_reasons(self) -> tuple[Vote, ...]:
        """The reasons as people read them: what two gates say in the same words is said once."""
        return tuple({vote.reason: vote for vote in reversed(self.reasons)}.values())[::-1]

    @property
    def acts(self) -> bool:
        """Whether it is to be merged now by us."""
        return self.outcome == "merge" and self.mode == "act"


def decide(evidence: MergeEvidence) -> Decision:
    """The decision that follows from evidence. The heaviest vote wins: reject, then hold, wait, merge."""
    votes = tuple(gate.judge(evidence) for gate in GATES)
    return Decision(
        outcome=_heaviest(votes),
        repository=evidence.pull_request.repository,
        number=evidence.pull_request.number,
        head=evidence.head,
        base=evidence.base,
        mode=evidence.policy.mode,
        policy_digest=evidence.policy.digest,
        evidence_digest=evidence.digest,
        votes=votes,
        smallest_change=_smallest_change(evidence, votes),
    )


def replay(evidence: Mapping[str, Any]) -> Decision:
    """The decision on recorded evidence (its JSON). Raises `ValidationError` where that is no evidence."""
    return decide(MergeEvidence.model_validate(evidence))


def _heaviest(votes: Iterable[Vote]) -> Outcome:
    return max((vote.outcome for vote in votes), key=lambda outcome: WEIGHT[outcome])


def _outcome(evidence: MergeEvidence) -> Outcome:
    return _heaviest(gate.judge(evidence) for gate in GATES)


def _smallest_change(evidence: MergeEvidence, votes: tuple[Vote, ...]) -> tuple[str, ...]:
    """What the fewest votes ask for that lead to a merge, tried out by deciding again; else what all ask for."""
    against = [(gate, vote) for gate, vote in zip(GATES, votes, strict=True) if vote.outcome != "merge"]
    if not against:
        return ()
    for _, vote in (pair for pair in against if _outcome(pair[0].turned(evidence)) == "merge"):
        return (vote.what_would_turn_it,)
    needed = list(against)
    for pair in against:
        fewer = [other for other in needed if other is not pair]
        if _outcome(_turned(evidence, (gate for gate, _ in fewer))) == "merge":
            needed = fewer
    return tuple(dict.fromkeys(vote.what_would_turn_it for _, vote in needed))


def _turned(evidence: MergeEvidence, gates: Iterable[Gate]) -> MergeEvidence:
    for gate in gates:
        evidence = gate.turned(evidence)
    return evidence
