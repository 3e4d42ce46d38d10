"""Evidence and decisions, kept as they were said."""

import pytest

from cicd_defs.adapters.store import evidence
from tests.adapters.store.samples import HOSTILE, NOW, after, decision, subject

OTHERS = [{"number": 43}, {"head": "f" * 40}, {"base": "f" * 40}, {"policy": "f" * 64}, {"project": "other"}]


def test_a_part_takes_the_place_of_its_earlier_word(store):
    store.evidence.put_part(subject(), 0, "build", {"state": "failed"}, NOW)
    store.evidence.put_part(subject(), 0, "build", {"state": "passed"}, after(1))
    store.evidence.put_part(subject(), 0, "tests", {"failed": []}, NOW)
    assert store.evidence.parts(subject(), 0) == {"build": {"state": "passed"}, "tests": {"failed": []}}


@pytest.mark.parametrize("other", OTHERS, ids=lambda other: next(iter(other)))
def test_parts_belong_to_their_subject_and_generation(store, other):
    store.evidence.put_part(subject(), 0, "report", {"of": "this"}, NOW)
    store.evidence.put_part(subject(**other), 0, "report", {"of": "other"}, NOW)
    assert store.evidence.parts(subject(), 0) == {"report": {"of": "this"}}
    assert store.evidence.parts(subject(), 1) == {}


def test_without_a_generation_the_newest_that_has_a_report_counts(store):
    assert store.evidence.parts(subject()) == {}
    for generation, part in ((0, "report"), (2, "build"), (2, "report"), (3, "build")):
        store.evidence.put_part(subject(), generation, part, {"generation": generation}, NOW)
    assert store.evidence.parts(subject()) == {"build": {"generation": 2}, "report": {"generation": 2}}


def test_what_strangers_code_says_is_kept_exactly(store):
    body = {"log": HOSTILE, HOSTILE: [1e300, 0.1, -0.0, 10**30, None, True, {}], "z": 1, "a": 2}
    store.evidence.put_part(subject(), 0, "tests", body, NOW)
    kept = store.evidence.parts(subject(), 0)["tests"]
    assert kept == body
    assert list(kept) == list(body)


def test_decisions_come_back_as_they_were_oldest_first(store, monkeypatch):
    monkeypatch.setattr(evidence, "PAGE", 2)
    given = [decision(id=f"d{n}", digest=str(n) * 64, at=after(-n)) for n in range(5)]
    for each in given:
        store.evidence.put_decision(each)
    assert list(store.evidence.decisions()) == given


def test_the_same_decision_is_kept_once_for_each_pull_request(store):
    for each in (decision(), decision(id="d2", at=after(9)), decision(id="d3", number=43)):
        store.evidence.put_decision(each)
    assert [each.id for each in store.evidence.decisions()] == ["d1", "d3"]
    assert [each.id for each in store.evidence.decisions("acme/shop", 43)] == ["d3"]
    assert [each.id for each in store.evidence.decisions("acme/other")] == []
