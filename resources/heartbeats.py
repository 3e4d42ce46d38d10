"""Saying that a run lives, for as long as its process does."""

import logging
import threading

from cicd_defs.facts.records.evaluations import Claim
from cicd_defs.flows.line import Line

SECONDS = 4.0


class Heartbeats:
    """Beats for the claims of this process, from a thread that ends with it, or once a claim is not held any more."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def begin(self, claim: Claim) -> None:
        """Beat for a claim from now on."""
        threading.Thread(target=self._beat, args=(claim,), name="heartbeat", daemon=True).start()

    def _beat(self, claim: Claim) -> None:
        stopped = threading.Event()
        while not stopped.wait(SECONDS):
            try:
                if not self._line.claims.beat(claim, self._line.now()):
                    return
            except Exception:  # a store that is away for a moment: the next beat tries again
                logging.getLogger(__name__).warning("a heartbeat could not be written", exc_info=True)
