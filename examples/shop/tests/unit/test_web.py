"""The web application, asked as a server asks it."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from shop.orders import open_orders
from shop.visits import MemoryVisits
from shop.web import MOST_BYTES, Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(open_orders(f"sqlite:///{tmp_path}/shop.db"), MemoryVisits())


def ask(shop: Shop, method: str, path: str, body: bytes = b"") -> tuple[str, dict[str, str], bytes]:
    seen: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]]) -> None:
        seen.update(status=status, headers=dict(headers))

    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    answer = b"".join(shop(environ, start_response))
    return seen["status"], seen["headers"], answer


def test_health(shop: Shop) -> None:
    status, _, body = ask(shop, "GET", "/health")
    assert status == "200 OK"
    assert json.loads(body)["status"] == "ok"


@pytest.mark.parametrize(
    ("path", "content_type", "part"),
    [
        ("/", "text/html; charset=utf-8", b"<title>Leaf"),
        ("/style.css", "text/css; charset=utf-8", b"--leaf"),
        ("/app.js", "text/javascript; charset=utf-8", b"fetch("),
    ],
)
def test_the_front_end_is_served(shop: Shop, path: str, content_type: str, part: bytes) -> None:
    status, headers, body = ask(shop, "GET", path)
    assert (status, headers["Content-Type"]) == ("200 OK", content_type)
    assert part in body
    assert headers["Content-Security-Policy"].startswith("default-src 'self'")


def test_head_has_no_body(shop: Shop) -> None:
    status, headers, body = ask(shop, "HEAD", "/")
    assert (status, body) == ("200 OK", b"")
    assert int(headers["Content-Length"]) > 0


def test_the_catalogue_counts_visits(shop: Shop) -> None:
    answers = [json.loads(ask(shop, "GET", "/api/products")[2]) for _ in range(2)]
    assert [answer["visit"] for answer in answers] == [1, 2]
    assert len(answers[0]["products"]) == 6


def test_a_quote(shop: Shop) -> None:
    status, _, body = ask(shop, "POST", "/api/quote", b'{"basket": {"mint": 3}}')
    assert status == "200 OK"
    assert json.loads(body)["total"] == 2322 + 490


def test_an_order(shop: Shop) -> None:
    body = b'{"customer": " Ada ", "basket": {"mint": 1}}'
    status, _, answer = ask(shop, "POST", "/api/orders", body)
    assert (status, json.loads(answer)["number"]) == ("201 Created", 1)


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("/api/quote", b"tea", "not JSON"),
        ("/api/quote", b"[]", "no basket"),
        ("/api/quote", b'{"basket": {"mint": 1.5}}', "whole number"),
        ("/api/quote", b'{"basket": {"mint": true}}', "whole number"),
        ("/api/quote", b'{"basket": {}}', "empty"),
        ("/api/quote", b" " * (MOST_BYTES + 1), "longer than"),
        ("/api/orders", b'{"basket": {"mint": 1}}', "your name"),
        ("/api/orders", b'{"customer": " ", "basket": {"mint": 1}}', "your name"),
    ],
)
def test_what_is_wrong_is_said(shop: Shop, path: str, body: bytes, message: str) -> None:
    status, _, answer = ask(shop, "POST", path, body)
    assert status == "400 Bad Request"
    assert message in json.loads(answer)["error"]


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/nowhere"), ("POST", "/"), ("PUT", "/health")]
)
def test_nobody_answers(shop: Shop, method: str, path: str) -> None:
    assert ask(shop, method, path)[0] == "404 Not Found"
