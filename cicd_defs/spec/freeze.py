"""Times in which nothing is merged."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field

from cicd_defs.spec.strict import Mistake, Strict, refuse_mistakes
from cicd_defs.spec.text import EnvValue, literal, refused, whole


def _check(text: str) -> None:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise refused("is no day or time of the calendar", _HINT) from None


_HINT = "Write a date such as 2026-12-24, or a date with a time in UTC such as 2026-12-24T18:00Z."
_FORM = literal(
    whole(r"2\d{3}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?Z?)?", "is not a date", _HINT),
    says="a date, or a date with a time in UTC",
)
_FORM.check = _check
Moment = Annotated[str, _FORM]


class Freeze(Strict):
    """A time in which nothing is merged."""

    model_config = ConfigDict(serialize_by_alias=True)

    start: Moment = Field(
        alias="from",
        description="When it begins, in UTC: a date (its first minute) or a date with a time.",
        examples=["2026-12-24"],
    )
    until: Moment = Field(
        description="When it ends, in UTC: a date (its last minute) or a date with a time.",
        examples=["2027-01-02"],
    )
    reason: EnvValue = Field(
        "", description="Why, in a few words; shown where a merge is held.", examples=["holidays"]
    )

    @property
    def begins(self) -> datetime:
        """The first moment of it, in UTC."""
        return _moment(self.start)

    @property
    def ends(self) -> datetime:
        """The first moment after it, in UTC."""
        return _moment(self.until) + timedelta(days=0 if "T" in self.until else 1)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=UTC)


def _backwards(freezes: tuple[Freeze, ...]) -> Iterator[Mistake]:
    for at, freeze in enumerate(freezes):
        if freeze.ends <= freeze.begins:
            yield Mistake(
                (at, "until"), "the freeze ends before it begins", "Write the later one as `until`."
            )


def _in_order(freezes: tuple[Freeze, ...]) -> tuple[Freeze, ...]:
    refuse_mistakes(_backwards(freezes))
    return freezes


Freezes = Annotated[tuple[Freeze, ...], AfterValidator(_in_order)]
"""Times in which nothing is merged, each with its end after its beginning."""
