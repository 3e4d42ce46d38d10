"""Events are kept when they are signed, and nothing that anybody posts is answered with a fault of ours."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from cicd_defs.facts.github.signatures import sign
from cicd_defs.gateway.app import create_app
from tests.facts.payloads import body, payload
from tests.facts.test_events import UNREADABLE, WRONG
from tests.gateway.store import SECRET, Inbox, parts

URL = "/webhooks/github"


def client(given):
    return TestClient(create_app(given), raise_server_exceptions=False)


def headers(raw, **changes):
    usual = {
        "x-hub-signature-256": sign(raw, SECRET),
        "x-github-event": "pull_request",
        "x-github-delivery": "d1",
        "content-type": "application/json",
    }
    return {name: value for name, value in {**usual, **changes}.items() if value is not None}


def post(given, raw, **changes):
    return client(given).post(URL, content=raw, headers=headers(raw, **changes))


def test_a_signed_event_is_kept_byte_for_byte_and_accepted():
    here, raw = parts(), body("pull_request")
    answer = post(here, raw)
    assert (answer.status_code, answer.json()) == (202, {"status": "accepted", "delivery": "d1"})
    assert here.inbox.rows["d1"][:3] == ("github", "pull_request", raw)
    assert here.inbox.rows["d1"][4] == ""


def test_the_same_delivery_again_is_accepted_as_a_duplicate():
    here, raw = parts(), body("pull_request")
    assert [post(here, raw).json()["status"] for _ in range(2)] == ["accepted", "duplicate"]
    assert len(here.inbox.rows) == 1


def test_fifty_of_the_same_delivery_at_once_make_one_row():
    here, raw = parts(), body("pull_request")
    with TestClient(create_app(here)) as web, ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(lambda _: web.post(URL, content=raw, headers=headers(raw)), range(50)))
    assert [answer.status_code for answer in answers] == [202] * 50
    assert sum(answer.json()["status"] == "accepted" for answer in answers) == 1
    assert len(here.inbox.rows) == 1


def test_a_second_secret_is_good_while_the_first_is_changed():
    raw = body("ping")
    both = parts(secrets=(b"the new secret of ours", SECRET))
    assert post(both, raw, **{"x-github-event": "ping"}).status_code == 202


RAW = body("pull_request")
SIGNED = sign(RAW, SECRET)


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "sha256=",
        "sha256=" + "0" * 64,
        SIGNED.upper(),
        SIGNED + "0",
        SIGNED.replace("sha256=", "sha1="),
        sign(RAW, b"another secret of somebody"),
        "sha256=é".encode(),
        b"\xff\xfe" * 40,
        "sha256=" + "a" * 8000,
    ],
)
def test_all_wrong_signatures_get_one_and_the_same_answer(signature):
    here = parts()
    answer = post(here, RAW, **{"x-hub-signature-256": signature})
    reference = post(here, RAW, **{"x-hub-signature-256": "x"})
    assert (answer.status_code, answer.content) == (401, reference.content)
    assert answer.headers["content-type"] == "application/problem+json"
    assert here.inbox.rows == {}


def test_two_signatures_are_no_signature():
    here = parts()
    twice = [*headers(RAW).items(), ("x-hub-signature-256", SIGNED)]
    assert client(here).post(URL, content=RAW, headers=twice).status_code == 401


def test_a_flip_of_any_one_byte_is_refused():
    here = parts()
    web = client(here)
    for place in range(len(RAW)):
        flipped = RAW[:place] + bytes([RAW[place] ^ 1]) + RAW[place + 1 :]
        assert web.post(URL, content=flipped, headers=headers(RAW)).status_code == 401
    assert here.inbox.rows == {}


HOSTILE = [
    *[pytest.param("pull_request", raw, id=name) for name, raw in UNREADABLE.items() if name != "form"],
    *[pytest.param(kind, body(kind, **changes), id=f"{kind}-{n}") for n, (kind, changes) in enumerate(WRONG)],
    *[
        pytest.param(called, RAW, id=f"called {called}")
        for called in ("push", "ping", "Push", "../x", "x" * 64)
    ],
    pytest.param("push", b"\0" * 1000, id="zeros"),
    pytest.param("push", b"PK\x03\x04" + b"\xff" * 100, id="archive"),
    pytest.param("push", b'{"ref":"a","ref":{},"before":1,"after":2}', id="double keys"),
    pytest.param("push", b"1e999", id="infinite"),
    pytest.param("push", b'{"__proto__": {}}', id="no fields"),
]


@pytest.mark.parametrize(("event", "raw"), HOSTILE)
def test_a_signed_body_that_cannot_be_read_is_kept_in_quarantine(event, raw):
    here = parts()
    answer = post(here, raw, **{"x-github-event": event})
    assert (answer.status_code, answer.json()["status"]) == (202, "quarantined")
    kept = here.inbox.rows["d1"]
    assert (kept[2], kept[4]) == (raw, answer.json()["reason"])
    assert post(here, raw, **{"x-github-event": event}).json()["status"] == "duplicate"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"x-github-delivery": None}, 400),
        ({"x-github-delivery": ""}, 400),
        ({"x-github-delivery": "a b"}, 400),
        ({"x-github-delivery": "ü".encode()}, 400),
        ({"x-github-delivery": "d" * 101}, 400),
        ({"x-github-event": None}, 400),
        ({"x-github-event": ""}, 400),
        ({"x-github-event": b"\xff"}, 400),
        ({"x-github-event": "p" * 65}, 400),
        ({"content-length": "9" * 5000}, 413),
        ({"content-length": "5000001"}, 413),
        ({"content-length": "²"}, 202),
        ({"content-length": "-1"}, 202),
        ({"content-length": "many"}, 202),
        ({"content-type": None}, 202),
        ({"content-type": b"\xff"}, 202),
        ({"content-encoding": "gzip"}, 202),
        ({"cookie": b"\xff\xfe"}, 202),
        ({"x-forwarded-for": "6.6.6.6"}, 202),
        ({"host": "evil"}, 202),
    ],
)
def test_odd_headers_are_answered_in_words(changes, status):
    changes = {name: v.encode("latin-1") if isinstance(v, str) else v for name, v in changes.items()}
    answer = post(parts(), RAW, **changes)
    assert answer.status_code == status
    if status != 202:
        assert answer.json()["status"] == status
        assert answer.json()["detail"]


def test_a_form_is_refused_with_what_to_set():
    answer = post(parts(), b"payload=%7B%7D")
    assert answer.status_code == 415
    assert "application/json" in answer.json()["detail"]


def test_a_body_above_the_limit_is_refused_whatever_it_says_of_its_length():
    chunks = (b"x" * 1000 for _ in range(6))
    answer = client(parts(largest_event=5000)).post(URL, content=chunks, headers=headers(b""))
    assert (answer.status_code, answer.headers["connection"]) == (413, "close")
    raw = json.dumps(payload("ping", pad="x" * 4000)).encode()
    assert post(parts(largest_event=len(raw)), raw, **{"x-github-event": "ping"}).status_code == 202
    assert post(parts(largest_event=len(raw) - 1), raw, **{"x-github-event": "ping"}).status_code == 413


def test_no_limit_above_that_of_github():
    with pytest.raises(ValueError, match="25,000,000"):
        parts(largest_event=25_000_001)


@pytest.mark.parametrize(
    "broken",
    [OSError(28, "No space left on device"), RuntimeError("closed"), ValueError("any other"), TimeoutError()],
)
def test_where_nothing_can_be_kept_the_sender_is_to_try_again(broken):
    inbox = Inbox()
    inbox.broken = broken
    answer = post(parts(inbox=inbox), RAW)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    assert answer.json()["status"] == 503
    inbox.broken = None
    assert post(parts(inbox=inbox), RAW).status_code == 202


def test_a_store_that_hangs_is_given_up():
    class Hanging(Inbox):
        def add(self, *args, **kwargs):
            done.wait(5)

    done = threading.Event()
    answer = post(parts(inbox=Hanging(), store_seconds=0.05), RAW)
    done.set()
    assert answer.status_code == 503


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
def test_other_methods_are_refused(method):
    assert client(parts()).request(method, URL).status_code == 405


@given(raw=st.binary(max_size=200), event=st.sampled_from(["pull_request", "push", "status", "x"]))
@settings(max_examples=50)
def test_no_signed_bytes_are_answered_with_a_fault(raw, event):
    assert post(parts(), raw, **{"x-github-event": event}).status_code in (202, 415)


def test_health_says_how_many_wait_and_503_where_the_store_is_away():
    here = parts()
    post(here, RAW)
    assert client(here).get("/health").json() == {
        "status": "ok",
        "store": "reachable",
        "inbox": {"waiting": 1},
    }
    here.inbox.broken = OSError("gone")
    assert client(here).get("/health").status_code == 503
