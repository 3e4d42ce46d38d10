import http.client
import json
import threading
from collections.abc import Iterator

import pytest

from notes.cache import NoCache
from notes.store import LONGEST, MemoryStore
from notes.web import server


class BrokenStore(MemoryStore):
    def ping(self) -> None:
        raise ConnectionError("gone")


def serving(store: MemoryStore) -> Iterator[http.client.HTTPConnection]:
    with server(store, NoCache(), "127.0.0.1", 0) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        host, port = web.server_address[:2]
        yield http.client.HTTPConnection(str(host), port, timeout=10)
        web.shutdown()


@pytest.fixture
def client() -> Iterator[http.client.HTTPConnection]:
    yield from serving(MemoryStore())


@pytest.fixture
def broken() -> Iterator[http.client.HTTPConnection]:
    yield from serving(BrokenStore())


def ask(client: http.client.HTTPConnection, method: str, path: str, body: str = "") -> tuple:
    client.request(method, path, body.encode())
    answer = client.getresponse()
    return answer.status, json.load(answer)


def test_the_newest_note_comes_first(client):
    for note in ("milk", "bread"):
        assert ask(client, "POST", "/notes", note) == (201, {"note": note})
    assert ask(client, "GET", "/notes") == (200, ["bread", "milk"])


@pytest.mark.parametrize("body", ["", "   ", "x" * (LONGEST + 1), "ü" * 3000])
def test_a_note_has_a_size(client, body):
    status, answer = ask(client, "POST", "/notes", body)
    assert (status, set(answer)) == (400, {"error"})


def test_it_is_up_while_its_store_answers(client):
    assert ask(client, "GET", "/health") == (200, {"status": "up"})


def test_it_is_down_while_its_store_does_not(broken):
    assert ask(broken, "GET", "/health") == (503, {"status": "down"})


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_elsewhere_is_nothing(client, method):
    assert ask(client, method, "/else")[0] == 404
