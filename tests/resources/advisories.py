"""Loopback servers that know of one vulnerability each: one answers as OSV does, one as a registry of npm.

The forms are those that pip-audit and npm ask for themselves; a test sees that they read them.
"""

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

OSV_ENTRY = {
    "schema_version": "1.6.0",
    "id": "PYSEC-2026-1",
    "aliases": ["CVE-2026-0001"],
    "summary": "thin-tray drops what it carries",
    "affected": [
        {
            "package": {"name": "thin-tray", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0.1"}]}],
        }
    ],
}
NPM_ADVISORY = {
    "id": 1100001,
    "url": "https://github.com/advisories/GHSA-aaaa-bbbb-cccc",
    "title": "thin-tray drops what it carries",
    "severity": "moderate",
    "vulnerable_versions": "<2.0.1",
}
PACKAGES = {"thin-tray": ("2.0.0", "2.0.1"), "left-basket": ("1.0.0",)}


class Handler(BaseHTTPRequestHandler):
    """Knows that thin-tray before 2.0.1 is vulnerable. What is asked is kept by the server."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        asked = json.loads(body)
        self.server.asked.append((self.path, asked))
        if self.path == "/v1/query":
            bad = asked["package"]["name"] == "thin-tray" and asked["version"] == "2.0.0"
            self._answer({"vulns": [OSV_ENTRY]} if bad else {})
        else:
            self._answer({"thin-tray": [NPM_ADVISORY]} if "2.0.0" in asked.get("thin-tray", ()) else {})

    def do_GET(self):
        name = self.path.strip("/")
        needs = {"thin-tray": "^2.0.0"} if name == "left-basket" else {}
        versions = {one: {"name": name, "version": one, "dependencies": needs} for one in PACKAGES[name]}
        self._answer({"name": name, "dist-tags": {"latest": PACKAGES[name][-1]}, "versions": versions})

    def _answer(self, data):
        body = json.dumps(data).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Say nothing."""


class Advisories(ThreadingHTTPServer):
    """Read `.asked` to see what was looked up."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, object]] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def advisories() -> Iterator[Advisories]:
    """The server, for as long as it is needed."""
    with Advisories() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
