"""How steps of the delivery line end early: a mistake that a person can mend, or work that is not this run's to do."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import dagster as dg

from assets.declarations import told_plainly
from cicd_defs.facts.records.evaluations import Claim
from cicd_defs.flows.errors import CicdError
from cicd_defs.flows.line import Line
from cicd_defs.flows.pull_request.claim import NotOurs, acting_claim
from cicd_defs.flows.run.recover import give_up

Yielded = TypeVar("Yielded")


@contextmanager
def user_errors() -> Iterator[None]:
    """Report what a person can mend as a sentence, ahead of any trace, and do not try again."""
    try:
        with told_plainly():
            yield
    except NotOurs:
        raise
    except CicdError as error:
        raise dg.Failure(str(error), allow_retries=False) from error


def acting(
    context: dg.AssetExecutionContext,
    line: Line,
    body: Callable[[Claim], Iterator[Yielded]],
    evaluates: bool = False,
) -> Iterator[Yielded]:
    """Yield what a step's body yields under the claim that its run may act for.

    Where the run may not act (any more), nothing is yielded, the reason is logged, and Dagster skips what follows. A
    claim that it still holds then is given up.
    """
    partition, run = context.partition_key, context.run.run_id
    try:
        with user_errors():
            yield from body(acting_claim(line, partition, run, evaluates))
    except NotOurs as reason:
        context.log.info(str(reason))
        give_up(line, partition, run)
