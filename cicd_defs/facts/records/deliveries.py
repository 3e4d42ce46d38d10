"""Events that came in, and what became of each."""

from datetime import datetime
from typing import Literal

from cicd_defs.facts.value import Value

DeliveryState = Literal["new", "asked", "done", "ignored", "quarantined", "dead"]
"""new: nobody looked at it. asked: a run was asked for under `run_key`. done: a run has taken it, or a decision came of
it. ignored: nothing follows from it. quarantined: it cannot be read. dead: it was tried too often."""


class Delivery(Value):
    """One event as it came in. `body` is what was posted, byte for byte; `note` says why it ended as it did."""

    id: int
    delivery: str
    source: str
    event: str
    body: bytes
    received_at: datetime
    state: DeliveryState = "new"
    run_key: str | None = None
    asked_at: datetime | None = None
    attempts: int = 0
    note: str = ""
