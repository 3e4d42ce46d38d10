"""Who may act for a pull request: one row for each, changed by compare-and-set."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cicd_defs.adapters.store.database import add_once, one_at_a_time, reading, writing
from cicd_defs.adapters.store.tables import claims
from cicd_defs.facts.records.evaluations import Claim, Subject


class Claims:
    """Who may act for a pull request.

    A pull request's generation never falls, and rises whenever its claim goes to another subject. So what a run has
    taken is told apart from all that came before and after it.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def generation(self, subject: Subject) -> int:
        """The generation that a run for this subject is to be asked for with."""
        claim = self.current(subject.repository, subject.number)
        if claim is None:
            return 0
        same = claim.subject == subject and claim.state != "void"
        return claim.generation if same else claim.generation + 1

    def take(self, subject: Subject, generation: int, holder: str, now: datetime, most: int) -> Claim | None:
        """Take the right by compare-and-set. None where another run holds or has ended this very generation, where a
        newer one is there, or where `most` claims are held already. Another head's claim is taken over.

        The claim's generation is the one that was asked for, or the next one where another subject has that already.
        Who holds the claim and asks again is given it again.
        """
        with writing(self._engine) as db:
            one_at_a_time(db, "claims")
            now_there = _claim_of(db, subject.repository, subject.number, lock=True)
            if now_there and _held_by(now_there, subject, holder):
                return now_there
            number = _number_for(now_there, subject, generation)
            if number is None or _held_elsewhere(db, subject) >= most:
                return None
            claim = Claim(
                subject=subject,
                generation=number,
                holder=holder,
                state="held",
                taken_at=now,
                heartbeat_at=now,
            )
            _put(db, claim)
            return claim

    def current(self, repository: str, number: int) -> Claim | None:
        """The claim of a pull request, in whatever state."""
        with reading(self._engine) as db:
            return _claim_of(db, repository, number)

    def beat(self, claim: Claim, now: datetime) -> bool:
        """Say that the holder lives; False where the claim is not its own any more."""
        return self._change(claim, ("held",), heartbeat_at=now)

    def holds(self, claim: Claim) -> bool:
        """Whether the claim is still its holder's: asked before every effect."""
        query = sa.select(claims.c.number).where(_is(claim), claims.c.state == "held")
        with reading(self._engine) as db:
            return db.execute(query).first() is not None

    def end(self, claim: Claim, now: datetime) -> None:
        """The holder came to a decision."""
        self._change(claim, ("held",), state="done", heartbeat_at=now)

    def stale(self, before: datetime) -> tuple[Claim, ...]:
        """Claims that are held and whose last heartbeat is older."""
        old = (claims.c.state == "held") & (claims.c.heartbeat_at < before)
        with reading(self._engine) as db:
            rows = db.execute(sa.select(claims).where(old).order_by(claims.c.heartbeat_at))
            return tuple(_claim(row) for row in rows)

    def void(self, claim: Claim, now: datetime) -> None:
        """Free a claim; the next run for its subject has a higher generation. One that was ended can be freed too."""
        self._change(claim, ("held", "done"), state="void", heartbeat_at=now)

    def _change(self, claim: Claim, states: tuple[str, ...], **values: Any) -> bool:
        """Change the row where it is still this claim's, in one of these states."""
        where = _is(claim) & claims.c.state.in_(states)
        with writing(self._engine) as db:
            return bool(db.execute(sa.update(claims).where(where).values(values)).rowcount)


def _number_for(there: Claim | None, subject: Subject, generation: int) -> int | None:
    """The generation that a claim is taken with; None where it cannot be taken."""
    if there is None or generation > there.generation:
        return generation
    if generation < there.generation or there.subject == subject:
        return None
    return generation + 1  # both were asked for before either had taken it


def _held_by(claim: Claim, subject: Subject, holder: str) -> bool:
    return claim.state == "held" and claim.subject == subject and claim.holder == holder


def _held_elsewhere(db: sa.Connection, subject: Subject) -> int:
    """How many claims of other pull requests are held."""
    this = (claims.c.repository == subject.repository) & (claims.c.number == subject.number)
    query = sa.select(sa.func.count()).select_from(claims).where(claims.c.state == "held", ~this)
    return db.execute(query).scalar_one()


def _claim_of(db: sa.Connection, repository: str, number: int, *, lock: bool = False) -> Claim | None:
    query = sa.select(claims).where(claims.c.repository == repository, claims.c.number == number)
    row = db.execute(query.with_for_update() if lock else query).first()
    return _claim(row) if row else None


def _put(db: sa.Connection, claim: Claim) -> None:
    """Write a claim in the place of what its pull request has. The caller holds the row."""
    values = {**claim.subject.model_dump(), **claim.model_dump(exclude={"subject"})}
    if not add_once(db, claims, values, ["repository", "number"]):
        key = (claims.c.repository == claim.subject.repository) & (claims.c.number == claim.subject.number)
        db.execute(sa.update(claims).where(key).values(values))


def _claim(row: sa.Row[Any]) -> Claim:
    values = dict(row._mapping)
    subject = Subject.model_validate({name: values.pop(name) for name in Subject.model_fields})
    return Claim(subject=subject, **values)


def _is(claim: Claim) -> sa.ColumnElement[bool]:
    """The row while it is this claim's, whatever its state."""
    values = {**claim.subject.model_dump(), "generation": claim.generation, "holder": claim.holder}
    return sa.and_(*(claims.c[name] == value for name, value in values.items()))
