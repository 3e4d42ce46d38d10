"""Events are read with care, and it is said what follows from each."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cicd_defs.facts.github.events import Event, MalformedEvent, read_event
from tests.facts.payloads import BASE, HEAD, REPOSITORY, ZERO, body, payload


def pull(**changes):
    return {**payload("pull_request")["pull_request"], **changes}


@pytest.mark.parametrize(
    ("kind", "changes", "follows"),
    [
        ("pull_request", {}, "evaluate"),
        ("pull_request", {"action": "reopened"}, "evaluate"),
        ("pull_request", {"action": "synchronize"}, "evaluate"),
        ("pull_request", {"action": "edited", "changes": {"base": {"ref": {"from": "old"}}}}, "evaluate"),
        ("pull_request", {"action": "edited", "changes": {"title": {"from": "old"}}}, "nothing"),
        ("pull_request", {"action": "edited"}, "nothing"),
        ("pull_request", {"action": "labeled"}, "decide"),
        ("pull_request", {"action": "unlabeled"}, "decide"),
        ("pull_request", {"action": "converted_to_draft"}, "decide"),
        ("pull_request", {"action": "ready_for_review"}, "decide"),
        ("pull_request", {"action": "assigned"}, "nothing"),
        ("pull_request", {"action": "closed"}, "closed"),
        ("pull_request_review", {}, "decide"),
        ("pull_request_review", {"action": "dismissed"}, "decide"),
        ("pull_request_review", {"action": "edited"}, "decide"),
        ("pull_request_review", {"action": "invented"}, "nothing"),
        ("check_run", {}, "decide"),
        ("check_run", {"action": "created"}, "nothing"),
        ("check_suite", {}, "decide"),
        ("check_suite", {"action": "requested"}, "nothing"),
        ("status", {}, "decide"),
        ("status", {"state": "failure"}, "decide"),
        ("status", {"state": "pending"}, "nothing"),
        ("push", {}, "push"),
        ("push", {"before": ZERO}, "push"),
        ("push", {"after": ZERO}, "nothing"),
        ("push", {"ref": "refs/tags/v1"}, "nothing"),
        ("ping", {}, "nothing"),
        ("ping", {"repository": ...}, "nothing"),
        ("issue_comment", {}, "nothing"),
    ],
)
def test_what_follows_from_an_event(kind, changes, follows):
    event = read_event(kind, body(kind, **changes))
    assert event.follows == follows
    assert bool(event.why) == (follows == "nothing")


def test_a_pull_request_is_read_with_its_number_head_and_base():
    read = read_event("pull_request", body("pull_request", action="closed", pull_request=pull(merged=True)))
    assert read == Event(
        kind="pull_request",
        action="closed",
        repository="acme/shop",
        number=42,
        head=HEAD,
        base_ref="main",
        sender="mona",
        merged=True,
        follows="closed",
    )


def test_a_push_and_a_check_are_read_with_their_commits():
    push = read_event("push", body("push"))
    assert (push.ref, push.before, push.after, push.number) == ("refs/heads/main", BASE, HEAD, None)
    for kind in ("check_run", "check_suite", "status"):
        assert read_event(kind, body(kind)).commit == HEAD


@pytest.mark.parametrize("missing", ["sender", "changes", "installation"])
def test_what_is_not_needed_may_be_missing(missing):
    assert read_event("pull_request", body("pull_request", **{missing: ...})).number == 42


UNREADABLE = {
    "empty": b"",
    "words": b"Hello, World!",
    "list": b"[]",
    "number": b"1",
    "null": b"null",
    "text": b'"a"',
    "cut": body("pull_request")[:-1],
    "two": body("pull_request") * 2,
    "bad UTF-8": b'{"action": "\xff"}',
    "UTF-16": json.dumps(payload("pull_request")).encode("utf-16"),
    "BOM": b"\xef\xbb\xbf" + body("pull_request"),
    "NaN": body("pull_request", x=float("nan")),
    "Infinity": body("pull_request", x=float("inf")),
    "long number": body("pull_request")[:-1] + b', "x": ' + b"9" * 5000 + b"}",
    "deep lists": b"[" * 100_000,
    "deep objects": b'{"a":' * 100_000,
    "deep within": body("pull_request")[:-1] + b', "x": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "half a character": body("pull_request", title="\ud800"),
    "half a character in a key": body("pull_request", **{"\udfff": 1}),
    "control character": body("pull_request", action="op\x00ened"),
    "form": b"payload=%7B%7D",
}

WRONG = [
    ("pull_request", {"action": {}}),
    ("pull_request", {"action": ...}),
    ("pull_request", {"action": ""}),
    ("pull_request", {"action": "a" * 1001}),
    ("pull_request", {"pull_request": []}),
    ("pull_request", {"pull_request": ...}),
    ("pull_request", {"number": ...}),
    ("pull_request", {"pull_request": pull(number=2**70)}),
    ("pull_request", {"pull_request": pull(number=0)}),
    ("pull_request", {"pull_request": pull(number=True)}),
    ("pull_request", {"pull_request": pull(number=1.5)}),
    ("pull_request", {"pull_request": pull(number="42")}),
    ("pull_request", {"pull_request": pull(head={"sha": "HEAD"})}),
    ("pull_request", {"pull_request": pull(head={"sha": "--upload-pack=x"})}),
    ("pull_request", {"pull_request": pull(head={"sha": HEAD + "\n"})}),
    ("pull_request", {"pull_request": pull(head=None)}),
    ("pull_request", {"pull_request": pull(base={"ref": ["main"]})}),
    ("pull_request", {"pull_request": pull(base={"ref": "ma\nin"})}),
    ("pull_request", {"repository": ...}),
    ("pull_request", {"repository": "acme/shop"}),
    ("pull_request", {"repository": {"full_name": 1}}),
    ("pull_request", {"sender": {"login": []}}),
    ("pull_request", {"sender": 7}),
    ("pull_request", {"action": "edited", "changes": []}),
    ("pull_request_review", {"review": ...}),
    ("push", {"after": "main"}),
    ("push", {"before": None}),
    ("push", {"ref": 1}),
    ("check_run", {"check_run": {"head_sha": 1}}),
    ("check_run", {"check_run": []}),
    ("check_suite", {"check_suite": {}}),
    ("status", {"sha": "x"}),
    ("status", {"state": 1}),
    ("ping", {"repository": []}),
]


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_no_event_is_malformed(name):
    with pytest.raises(MalformedEvent) as caught:
        read_event("pull_request", UNREADABLE[name])
    assert caught.value.reason


@pytest.mark.parametrize(("kind", "changes"), WRONG)
def test_a_field_of_the_wrong_type_is_malformed(kind, changes):
    with pytest.raises(MalformedEvent):
        read_event(kind, body(kind, **changes))


KINDS = ["pull_request", "pull_request_review", "push", "check_run", "check_suite", "status", "ping"]


@pytest.mark.parametrize("called", [*KINDS, "issue_comment"])
@pytest.mark.parametrize("kind", KINDS)
def test_an_event_under_another_name_is_malformed(kind, called):
    if kind == called or kind == "ping" == called or (kind, called) == ("ping", "issue_comment"):
        read_event(called, body(kind))
        return
    with pytest.raises(MalformedEvent, match=r"shape|fields"):
        read_event(called, body(kind))


@pytest.mark.parametrize("kind", ["", "Push", "push\n", "a" * 65, "../push", "öffnen", "\ud800"])
def test_a_name_that_is_no_event_s_is_malformed(kind):
    with pytest.raises(MalformedEvent):
        read_event(kind, body("ping"))


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just(HEAD)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner)
)


def read_or_malformed(kind, raw):
    with suppress(MalformedEvent):
        assert read_event(kind, raw).kind == kind


@given(kind=st.sampled_from(KINDS), raw=st.binary(max_size=60))
def test_no_bytes_raise_anything_else(kind, raw):
    read_or_malformed(kind, raw)


@given(kind=st.sampled_from(KINDS), data=st.data())
def test_no_value_in_any_field_raises_anything_else(kind, data):
    shape = payload(kind, repository=dict(REPOSITORY))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from([shape, *(v for v in shape.values() if isinstance(v, dict) and v)]))
        if place:
            place[data.draw(st.sampled_from(sorted(place)))] = data.draw(anything)
    read_or_malformed(kind, json.dumps(shape).encode())
