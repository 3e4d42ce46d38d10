"""What a gate says, and what a gate is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from cicd_defs.facts.value import Value
from cicd_defs.judge.merge.evidence import MergeEvidence

Outcome = Literal["merge", "wait", "hold", "reject"]

WEIGHT: dict[Outcome, int] = {"merge": 0, "wait": 1, "hold": 2, "reject": 3}
"""The heaviest vote decides. A rejection needs another change, so nothing that is waited for and no person can turn
it. A hold needs a person, whatever else is still running. A wait ends by itself. Only where nobody says any of these
is it merged."""


class Vote(Value):
    """What one gate says: an outcome, why, and what would turn it into a merge (empty where it is one)."""

    outcome: Outcome
    gate: str
    reason: str
    what_would_turn_it: str = ""


@dataclass(frozen=True)
class Gate:
    """One condition of a merge. `judge` votes; `turned` is the evidence with the fact changed that it votes on.

    A decision is made again on what `turned` gives, to see how little would turn it into a merge.
    """

    name: str
    judge: Callable[[MergeEvidence], Vote]
    turned: Callable[[MergeEvidence], MergeEvidence]


def passes(gate: str, reason: str) -> Vote:
    """A vote for the merge."""
    return Vote(outcome="merge", gate=gate, reason=reason)


def waits(gate: str, reason: str, turn: str) -> Vote:
    """A vote to wait for something that is running."""
    return Vote(outcome="wait", gate=gate, reason=reason, what_would_turn_it=turn)


def holds(gate: str, reason: str, turn: str) -> Vote:
    """A vote to hold it until a person acts."""
    return Vote(outcome="hold", gate=gate, reason=reason, what_would_turn_it=turn)


def rejects(gate: str, reason: str, turn: str) -> Vote:
    """A vote against this head: only another change can be merged."""
    return Vote(outcome="reject", gate=gate, reason=reason, what_would_turn_it=turn)
