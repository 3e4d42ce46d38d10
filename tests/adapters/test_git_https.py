"""The way that remote repositories really come: over https, from a server of our own on loopback."""

import http.server
import os
import shutil
import socket
import ssl
import subprocess
import threading
from pathlib import Path

import pytest

from cicd_defs.adapters.git import Git, GitError
from tests.resources.repository import committed, git, repository

SERVICE = "git-upload-pack"


class SmartServer(http.server.BaseHTTPRequestHandler):
    """As much of a git server as a fetch needs: https://git-scm.com/docs/http-protocol."""

    root: Path
    seen: list[tuple[str, dict[str, str]]]

    def do_GET(self):
        self.seen.append((self.path, dict(self.headers)))
        if self.path.startswith("/moved"):
            self.send_response(301)
            self.send_header("Location", self.path.replace("/moved", ""))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        place, _, query = self.path.partition("/info/refs?service=")
        if query != SERVICE or not (self.root / place.strip("/")).is_dir():
            self.send_error(404)
            return
        announced = f"# service={SERVICE}\n"
        head = f"{len(announced) + 4:04x}{announced}0000".encode()
        self._answer("advertisement", head + self._upload_pack(place, "--advertise-refs"))

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer("result", self._upload_pack(self.path.removesuffix(f"/{SERVICE}"), body=body))

    def _upload_pack(self, place, *flags, body=b""):
        command = ["git", "upload-pack", "--stateless-rpc", *flags, str(self.root / place.strip("/"))]
        env = {"PATH": os.environ["PATH"], "GIT_PROTOCOL": self.headers.get("Git-Protocol", "")}
        return subprocess.run(command, input=body, env=env, check=True, capture_output=True).stdout

    def _answer(self, kind, data):
        self.send_response(200)
        self.send_header("Content-Type", f"application/x-{SERVICE}-{kind}")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(tmp_path):
    """A server with a certificate that only our environment trusts: its address, and what was asked of it."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl, which makes the server's certificate, is not on the PATH")
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    made = ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem"), "-days", "1", "-nodes"]
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "rsa:2048", *names, *made], check=True, capture_output=True
    )
    handler = type("Here", (SmartServer,), {"root": tmp_path, "seen": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as listening:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
        listening.socket = context.wrap_socket(listening.socket, server_side=True)
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield f"https://localhost:{listening.server_port}", handler.seen
        listening.shutdown()


@pytest.fixture
def source(tmp_path):
    return repository(tmp_path / "shop", {"a.py": "1\n"})


@pytest.fixture
def mirrors(tmp_path):
    return Git(tmp_path / "mirrors", {"GIT_SSL_CAINFO": str(tmp_path / "cert.pem"), "SECRET": "canary"})


def test_a_repository_comes_over_https_and_is_followed(server, source, mirrors):
    address, seen = server
    git_dir = mirrors.mirror(f"{address}/shop", "main")
    assert mirrors.tree_at(git_dir, mirrors.commit(git_dir, "main")).text("a.py") == "1\n"
    committed(source, {"a.py": "2\n"})
    assert mirrors.mirror(f"{address}/shop", "main") == git_dir
    assert mirrors.commit(git_dir, "main") == git(source, "rev-parse", "HEAD")
    assert not any("Authorization" in headers or "canary" in str(headers) for _, headers in seen)


def test_a_redirect_is_not_followed(server, source, mirrors):
    address, seen = server
    with pytest.raises(GitError, match=r"redirect|301"):
        mirrors.mirror(f"{address}/moved/shop", "main")
    assert [path.partition("?")[0] for path, _ in seen] == ["/moved/shop/info/refs"]


def test_a_certificate_that_nobody_trusts_is_refused(server, source, tmp_path):
    with pytest.raises(GitError, match=r"certificate.*Check the network or HTTPS_PROXY"):
        Git(tmp_path / "mirrors").mirror(f"{server[0]}/shop", "main")


def test_a_repository_that_is_not_there_is_told_with_the_way_out(server, mirrors):
    with pytest.raises(GitError, match="does not exist or is private"):
        mirrors.mirror(f"{server[0]}/nothing", "main")


def test_a_server_that_is_not_reached_is_told_with_the_way_out(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    for address in (f"https://127.0.0.1:{port}/shop", "https://nowhere.invalid/shop"):
        with pytest.raises(GitError, match=r"Check the network or HTTPS_PROXY; a path to a local clone"):
            Git(tmp_path / "mirrors").mirror(address, "main")
