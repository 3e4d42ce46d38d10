"""What the gateway is built from. Nothing here reads the environment."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from cicd_defs.facts.records.evaluations import ApiKey
from cicd_defs.flows.protocols import AuditLog, Tasks

MEGABYTE = 1_000_000
LARGEST_BODY_OF_GITHUB = 25 * MEGABYTE


class Inbox(Protocol):
    """Where deliveries are kept."""

    def add(
        self, delivery: str, source: str, event: str, body: bytes, now: datetime, quarantined: str = ""
    ) -> bool:
        """Keep an event, committed; False where this delivery id is there. `quarantined`: why it cannot be read."""

    def depth(self) -> int:
        """How many deliveries wait."""


class Keys(Protocol):
    """The keys of the API."""

    def check(self, plain: str, now: datetime, /) -> ApiKey | None:
        """Return the key that this is, or None where it is unknown, revoked or expired."""


@dataclass(frozen=True)
class GatewayParts:
    """Everything that the gateway needs. All calls may block and are made from threads; each may come from any thread.

    `projects` names the projects that there are. `secrets` are those of the webhook, one or two. `largest_event` is in
    bytes, at most 25 MB, which is GitHub's own limit.
    """

    inbox: Inbox
    tasks: Tasks
    keys: Keys
    audit: AuditLog
    projects: Callable[[], Sequence[str]]
    secrets: tuple[bytes, ...]
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    largest_event: int = 5 * MEGABYTE
    largest_request: int = 256_000
    read_seconds: float = 10.0
    store_seconds: float = 9.0

    def __post_init__(self) -> None:
        if not 0 < self.largest_event <= LARGEST_BODY_OF_GITHUB:
            raise ValueError("largest_event must be between 1 and 25,000,000 bytes")
