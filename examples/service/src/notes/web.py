"""Notes over HTTP."""

import json
import logging
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from notes.cache import NoCache, RedisCache
from notes.store import LONGEST, Store, checked

LARGEST = 4 * LONGEST + 2
"""Bytes that a note may have: four for each character, and a line's end."""


def server(store: Store, cache: NoCache | RedisCache, host: str, port: int) -> ThreadingHTTPServer:
    """A server that is bound to an address and waits for `serve_forever`. Port 0 takes any."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/health":
                self._healthy()
            elif self.path == "/notes":
                self._answer(HTTPStatus.OK, cache.latest(store.latest))
            else:
                self._answer(HTTPStatus.NOT_FOUND, {"error": f"nothing is at {self.path}"})

        def do_POST(self) -> None:
            if self.path != "/notes":
                self._answer(HTTPStatus.NOT_FOUND, {"error": f"nothing is at {self.path}"})
                return
            try:
                note = checked(self._body())
            except ValueError as error:
                self._answer(HTTPStatus.BAD_REQUEST, {"error": str(error)})
                return
            store.add(note)
            cache.forget()
            self._answer(HTTPStatus.CREATED, {"note": note})

        def _healthy(self) -> None:
            try:
                store.ping()
                cache.ping()
            except Exception:
                logging.exception("not healthy")
                self._answer(HTTPStatus.SERVICE_UNAVAILABLE, {"status": "down"})
            else:
                self._answer(HTTPStatus.OK, {"status": "up"})

        def _body(self) -> str:
            length = int(self.headers.get("Content-Length", "0"))
            if length > LARGEST:
                self.close_connection = True
                raise ValueError(f"a note has at most {LONGEST} characters")
            return self.rfile.read(length).decode("utf-8")

        def _answer(self, status: HTTPStatus, value: Any) -> None:
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            logging.info("%s %s", self.address_string(), format % args)

    return ThreadingHTTPServer((host, port), Handler)
