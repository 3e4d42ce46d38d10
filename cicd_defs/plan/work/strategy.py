"""What is tried next after a failure."""

from collections.abc import Sequence
from typing import Literal

from cicd_defs.facts.value import Value
from cicd_defs.plan.work.diagnosis import Diagnosis

Strategy = Literal["regenerate_prompt", "different_approach", "simplified_scope"]


class Tried(Value):
    """A fix that was asked for: how, and the digest of the diagnosis that it was to mend."""

    strategy: Strategy
    diagnosis: str


def next_strategy(
    declared: Sequence[Strategy], max_retries: int, tried: Sequence[Tried], diagnosis: Diagnosis
) -> Strategy | None:
    """How the agent is asked to mend a diagnosis, after what was tried; None where a person is to be called.

    The declared strategies are taken in their order: the next one where the last changed nothing about the failure,
    the same one as long as each fix leads to another failure. The last one is kept until `max_retries` is used up.
    """
    if len(tried) >= max_retries or not declared:
        return None
    if not tried:
        return declared[0]
    last = tried[-1]
    at = declared.index(last.strategy) if last.strategy in declared else -1
    return (
        declared[min(at + (last.diagnosis == diagnosis.digest), len(declared) - 1)]
        if at >= 0
        else declared[0]
    )
