import json
import threading
import urllib.request
from http.server import ThreadingHTTPServer

import pytest

from api.web import Handler, answer


@pytest.mark.parametrize(
    ("target", "status", "cents"),
    [
        ("/price?grams=800", 200, 590),
        ("/price?grams=800&to=abroad", 200, 1475),
        ("/price?grams=1&grams=800", 200, 590),
        ("/price?grams=99999", 400, None),
        ("/price?grams=much", 400, None),
        ("/price", 400, None),
        ("/price?grams=1&to=moon", 400, None),
        ("/else", 404, None),
    ],
)
def test_the_answer_follows_the_request(target, status, cents):
    got, body = answer(target)
    assert (got, body.get("cents")) == (status, cents)


def test_it_answers_over_http():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/health"
        with urllib.request.urlopen(address, timeout=10) as response:
            assert json.load(response) == {"status": "up"}
        server.shutdown()
