"""Doing a thing to the world once: written down, looked up, done, written down again.

Whatever dies in between, the next call of the same key finds out how far it came. A process that dies after the deed
and before it is recorded leaves the state `intended`; the look-up then finds the deed, and it is not done again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cicd_defs.flows.errors import CicdError
from cicd_defs.flows.protocols import Effects


class CannotBeDone(CicdError):
    """An effect that no repetition will bring about: why, and what a person can do. Raised by `act`; recorded."""


@dataclass(frozen=True)
class Deed:
    """What is to be done once. `key` is natural: the same deed has the same key. `digest` is that of what it says.

    A deed that was done is done again only where its digest is another one, as for a comment that is edited in place.
    """

    key: str
    kind: str
    digest: str = ""


def once(
    effects: Effects,
    deed: Deed,
    look_up: Callable[[], str | None],
    act: Callable[[], str],
    now: Callable[[], datetime],
) -> str:
    """Do a deed unless it was done already; return its external id (a number, a commit, the id of a comment).

    `look_up` gives that id where the world shows the deed already, else None; where doing it again changes nothing (a
    comment that is written in place), it may always give None. What `act` raises is passed on and leaves the deed
    intended, so that the next call tries again. Raises `CannotBeDone` where it was, or is now, found to be impossible.
    """
    written = effects.intend(deed.key, deed.kind, deed.digest, now())
    if written.state == "failed":
        raise CannotBeDone(written.detail)
    if written.state == "done" and written.digest == deed.digest:
        return written.external_id
    external_id = look_up() if written.state == "intended" else None
    if external_id is None:
        external_id = _done(effects, deed, act, now)
    effects.done(deed.key, external_id, now(), deed.digest)
    return external_id


def _done(effects: Effects, deed: Deed, act: Callable[[], str], now: Callable[[], datetime]) -> str:
    try:
        return act()
    except CannotBeDone as error:
        effects.failed(deed.key, str(error), now())
        raise
