"""Which request gets which answer."""

import json
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

from pricing import PLACES, Place, price


def answer(target: str) -> tuple[HTTPStatus, dict[str, Any]]:
    """Status and body for the target of a GET request."""
    asked = urlsplit(target)
    if asked.path == "/health":
        return HTTPStatus.OK, {"status": "up"}
    if asked.path != "/price":
        return HTTPStatus.NOT_FOUND, {"error": f"nothing is at {asked.path}"}
    given = {name: values[-1] for name, values in parse_qs(asked.query).items()}
    place = given.get("to", "inland")
    if place not in PLACES:
        return HTTPStatus.BAD_REQUEST, {"error": f"`to` is one of {', '.join(PLACES)}"}
    try:
        grams = int(given.get("grams", ""))
        return HTTPStatus.OK, {"cents": price(grams, cast(Place, place))}
    except ValueError as error:
        return HTTPStatus.BAD_REQUEST, {"error": str(error)}


class Handler(BaseHTTPRequestHandler):
    """Answers in JSON."""

    def do_GET(self) -> None:
        status, value = answer(self.path)
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
