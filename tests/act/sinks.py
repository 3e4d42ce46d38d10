"""Servers on loopback that listen where channels would: one for HTTP, one for mail over TLS, one for mail without.

As a program it runs a command beside them, on ports that are known beforehand: `sinks.py FOLDER HTTP MAIL COMMAND…`.
"""

import base64
import json
import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

REFUSED = "/refused"  # what is posted below this path is answered with 403
HOST = "127.0.0.1"
NEEDED = ("curl", "jq", "openssl")


def missing() -> str | None:
    """Which programs are not there, in words, or None."""
    lacking = [program for program in NEEDED if shutil.which(program) is None]
    return f"not installed here: {', '.join(lacking)}" if lacking else None


@dataclass(frozen=True)
class Sinks:
    """Where they listen. `certificate` is what a client has to trust (CURL_CA_BUNDLE)."""

    http: int
    mail: int
    plain_mail: int
    folder: Path

    @property
    def certificate(self) -> Path:
        """The certificate of the mail server, which no other knows."""
        return self.folder / "certificate.pem"

    def heard(self) -> list[dict[str, Any]]:
        """What arrived, in order: `how` is `http` or `mail`."""
        return read_heard(self.folder)


def read_heard(folder: Path) -> list[dict[str, Any]]:
    """What the sinks of this folder wrote down."""
    written = folder / "heard.jsonl"
    return [json.loads(line) for line in written.read_text().splitlines()] if written.exists() else []


class _Server(ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    folder: Path

    def write_down(self, **told: Any) -> None:
        with (self.folder / "heard.jsonl").open("a") as written:
            written.write(json.dumps(told) + "\n")


class _HttpServer(_Server, ThreadingHTTPServer):
    pass


class _Http(BaseHTTPRequestHandler):
    server: _HttpServer

    def do_POST(self) -> None:
        """Keep what is posted, and say whether it was welcome."""
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        self.server.write_down(how="http", path=self.path, type=self.headers["content-type"], body=body)
        self.send_response(403 if self.path.startswith(REFUSED) else 200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing on standard error."""


class _Mail(StreamRequestHandler):
    """As much of SMTP as one mail needs: RFC 5321, and AUTH PLAIN of RFC 4954."""

    server: _Server

    def handle(self) -> None:
        """One conversation."""
        told: dict[str, Any] = {"how": "mail", "to": []}
        self._say("220 sink")
        while line := self.rfile.readline():
            word, _, rest = line.decode().strip().partition(" ")
            if word.upper() in {"EHLO", "HELO"}:
                self._say("250-sink\r\n250 AUTH PLAIN")
            elif word.upper() == "AUTH":
                told["login"] = self._login(rest)
                self._say("235 welcome")
            elif word.upper() == "MAIL":
                told["from"] = rest.partition(":")[2].split()[0]
                self._say("250 ok")
            elif word.upper() == "RCPT":
                told["to"].append(rest.partition(":")[2].split()[0])
                self._say("250 ok")
            elif word.upper() == "DATA":
                self._say("354 go on")
                told["text"] = b"".join(iter(self.rfile.readline, b".\r\n")).decode()
                self.server.write_down(**told)
                self._say("250 ok")
            else:
                self._say("221 bye" if word.upper() == "QUIT" else "502 unknown")

    def _login(self, rest: str) -> str:
        plain = rest.partition(" ")[2]
        if not plain:
            self._say("334 ")
            plain = self.rfile.readline().decode().strip()
        return base64.b64decode(plain).decode().replace("\0", ":").lstrip(":")

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@contextmanager
def listening(folder: Path, http_port: int = 0, mail_port: int = 0) -> Iterator[Sinks]:
    """Listen until the block ends; port 0 is any that is free. Needs openssl, which makes the certificate."""
    folder.mkdir(parents=True, exist_ok=True)
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        [
            *["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=sink"],
            *["-addext", f"subjectAltName=IP:{HOST}", "-keyout", str(key), "-out", str(certificate)],
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    servers = (
        _HttpServer((HOST, http_port), _Http),
        _Server((HOST, mail_port), _Mail),
        _Server((HOST, 0), _Mail),
    )
    servers[1].socket = context.wrap_socket(servers[1].socket, server_side=True)
    for server in servers:
        server.folder = folder
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield Sinks(*(server.server_address[1] for server in servers), folder)
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


if __name__ == "__main__":
    where, http_at, mail_at, *command = sys.argv[1:]
    with listening(Path(where), int(http_at), int(mail_at)):
        sys.exit(subprocess.run(command, check=False).returncode)
