"""What is evaluated, who evaluates it, what was decided, and what was done to the world."""

from datetime import datetime
from typing import Any, Literal

from cicd_defs.facts.value import Value


class Subject(Value):
    """What an evaluation is bound to: a pull request at a head and a base, under one policy (a digest)."""

    project: str
    repository: str
    number: int
    head: str
    base: str
    policy: str

    @property
    def partition(self) -> str:
        """The partition of its assets: `shop-42-0123456789ab`."""
        return f"{self.project}-{self.number}-{self.head[:12]}"

    def run_key(self, generation: int) -> str:
        """What a run for it is asked for under. `generation` rises when a run died, and when a head comes back."""
        return f"{self.repository}:{self.number}:{self.head}:{self.base}:{self.policy[:12]}:{generation}"


class Claim(Value):
    """The right of one run to act for a pull request: one for each, the newest head's.

    held: its holder works and beats. done: it came to a decision. void: its holder died, or a newer head came.
    """

    subject: Subject
    generation: int
    holder: str
    state: Literal["held", "done", "void"]
    taken_at: datetime
    heartbeat_at: datetime


class Effect(Value):
    """One thing that was done to the world, or is to be. `key` is natural: the same deed has the same key."""

    key: str
    kind: str
    state: Literal["intended", "done", "failed"]
    external_id: str = ""
    digest: str = ""
    detail: str = ""
    at: datetime


class DecisionRecord(Value):
    """A decision with the evidence that it follows from, both as JSON, so that it can be made again and compared."""

    id: str
    project: str
    repository: str
    number: int
    head: str
    base: str
    outcome: Literal["merge", "wait", "hold", "reject"]
    evidence_digest: str
    digest: str
    evidence: dict[str, Any]
    decision: dict[str, Any]
    at: datetime


class AuditEntry(Value):
    """Who did what: one link of the chain. `hash` covers the entry and the hash of the one before it."""

    sequence: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: dict[str, Any] = {}
    hash: str


class ApiKey(Value):
    """A key of a client. Only its SHA-256 is kept; `prefix` is what people tell it by. `person` owns what it does."""

    id: str
    name: str
    prefix: str
    person: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
