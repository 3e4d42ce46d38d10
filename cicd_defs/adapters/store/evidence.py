"""What evaluations found, and what was decided on it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cicd_defs.adapters.store.database import add_once, insert, reading, record, writing
from cicd_defs.adapters.store.tables import decisions, evidence
from cicd_defs.facts.records.evaluations import DecisionRecord, Subject

PAGE = 100


class Evidence:
    """What evaluations found, and what was decided on it."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def put_part(
        self, subject: Subject, generation: int, part: str, body: dict[str, Any], now: datetime
    ) -> None:
        """Keep what one part says; a later word of the same part takes the earlier one's place."""
        key = {**subject.model_dump(), "generation": generation, "part": part}
        with writing(self._engine) as db:
            statement = insert(db, evidence).values(**key, body=body, at=now)
            news = {"body": statement.excluded.body, "at": statement.excluded.at}
            db.execute(statement.on_conflict_do_update(index_elements=list(key), set_=news))

    def parts(self, subject: Subject, generation: int | None = None) -> dict[str, dict[str, Any]]:
        """Part to what it says, of one generation; without one of the newest that has a part `report`."""
        of = sa.and_(*(evidence.c[name] == value for name, value in subject.model_dump().items()))
        newest = sa.select(sa.func.max(evidence.c.generation)).where(of, evidence.c.part == "report")
        which = newest.scalar_subquery() if generation is None else sa.literal(generation)
        query = sa.select(evidence.c.part, evidence.c.body).where(of, evidence.c.generation == which)
        with reading(self._engine) as db:
            return {row.part: row.body for row in db.execute(query.order_by(evidence.c.part))}

    def put_decision(self, record: DecisionRecord) -> None:
        """Keep a decision. The same digest for the same pull request is kept once."""
        with writing(self._engine) as db:
            add_once(db, decisions, record.model_dump(), ["repository", "number", "digest"])

    def decisions(self, repository: str | None = None, number: int | None = None) -> Iterator[DecisionRecord]:
        """Decisions, oldest first. They are read by the hundred, so that many of them fit."""
        query = sa.select(decisions).order_by(decisions.c.sequence).limit(PAGE)
        if repository is not None:
            query = query.where(decisions.c.repository == repository)
        if number is not None:
            query = query.where(decisions.c.number == number)
        after = 0
        while True:
            with reading(self._engine) as db:
                rows = db.execute(query.where(decisions.c.sequence > after)).all()
            for row in rows:
                yield record(DecisionRecord, decisions, row)
            if len(rows) < PAGE:
                return
            after = rows[-1].sequence
