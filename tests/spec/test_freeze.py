"""Times in which nothing is merged, as people write them."""

from datetime import UTC
from datetime import datetime as day

import pytest

from cicd_defs.spec.freeze import Freeze
from cicd_defs.spec.read import SpecError, read_project


def freezes(*written: str) -> tuple[Freeze, ...]:
    text = f"repository: acme/shop\nmerge: {{freeze: [{', '.join(written)}]}}\n"
    return read_project(text, "shop.yaml").merge.freeze


@pytest.mark.parametrize(
    ("start", "until", "begins", "ends"),
    [
        ("2026-12-24", "2027-01-02", day(2026, 12, 24, tzinfo=UTC), day(2027, 1, 3, tzinfo=UTC)),
        ("2026-12-24", "2026-12-24", day(2026, 12, 24, tzinfo=UTC), day(2026, 12, 25, tzinfo=UTC)),
        (
            "2026-12-24T18:00",
            "2026-12-24T18:30:15Z",
            day(2026, 12, 24, 18, tzinfo=UTC),
            day(2026, 12, 24, 18, 30, 15, tzinfo=UTC),
        ),
        ("2028-02-29", "2999-12-31", day(2028, 2, 29, tzinfo=UTC), day(3000, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_date_is_a_whole_day_in_utc(start, until, begins, ends):
    (freeze,) = freezes(f'{{from: "{start}", until: "{until}", reason: holidays}}')
    assert (freeze.begins, freeze.ends) == (begins, ends)
    assert freeze.reason == "holidays"


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ('{from: 2026-12-24, until: "2026-12-25"}', 'Quote it if text is meant: "2026-12-24"'),
        ('{from: "2026-02-30", until: "2026-12-25"}', "is no day or time of the calendar"),
        ('{from: "2026-12-24T24:61", until: "2026-12-25"}', "is no day or time of the calendar"),
        ('{from: "9999-12-31", until: "9999-12-31"}', "is not a date"),
        ('{from: "24.12.2026", until: "2026-12-25"}', "is not a date"),
        ('{from: "2026-12-24T10:00+02:00", until: "2026-12-25"}', "in UTC such as"),
        (
            '{from: "2026-12-24", until: "2026-12-23"}',
            "merge.freeze[0].until: the freeze ends before it begins",
        ),
        ('{from: "2026-12-24T10:00", until: "2026-12-24T10:00"}', "ends before it begins"),
        ('{start: "2026-12-24", until: "2026-12-25"}', "The keys here are from, until, reason"),
        ('{from: "2026-12-24"}', "until is missing"),
    ],
)
def test_what_is_refused_says_why(written, message):
    with pytest.raises(SpecError) as error:
        freezes(written)
    assert message in str(error.value)


def test_it_is_written_as_it_was_read():
    (freeze,) = freezes('{from: "2026-12-24", until: "2026-12-25"}')
    assert freeze.model_dump() == {"from": "2026-12-24", "until": "2026-12-25", "reason": ""}
