"""Packages for sandboxes without a network: a server on a socket of files, which can only read, and only from the index
and the registry that it was set up with.

A client may ask for a page of the index, a page of the registry, and files that such a page has named. It names no
host. Passwords in the addresses stay here.
"""

import errno
import http.server
import re
import socket
import socketserver
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote, unquote

import httpx

from cicd_defs.adapters.packages.index_pages import (
    JSON_FORM,
    KnownFiles,
    UnreadablePage,
    npm_document,
    simple_page,
)
from cicd_defs.adapters.packages.upstream_client import LARGEST_FILE, Unavailable, UpstreamClient
from cicd_defs.adapters.packages.upstreams import Upstreams
from cicd_defs.adapters.sandbox.toolchains import MIRROR

MOST_AT_ONCE = 32
_SECONDS_OF_A_CLIENT, _SECONDS_TO_WAIT, _PART = 120.0, 60.0, 1 << 16
_LONGEST_PLACE = 80
"""Bytes of a folder's path for which a socket's place in it is short enough for the kernel."""

_NAMED = r"(?P<key>[0-9a-f]{32}/(?!\.)[A-Za-z0-9._~+!-]{1,250})"
_NPM_NAME = r"(?P<name>(?:@[a-z0-9~_-][a-z0-9._~-]{0,100}/)?[A-Za-z0-9~_][A-Za-z0-9._~-]{0,213})"

_PROJECT = re.compile(r"/pypi/simple/(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]{0,200}[A-Za-z0-9])?)/?")
_FILE = re.compile(rf"/(?:pypi/files|npm/-)/{_NAMED}")
_TARBALL = re.compile(rf"/npm/{_NPM_NAME}/-/(?P<file>[A-Za-z0-9][A-Za-z0-9._~+!-]{{0,250}}\.tgz)")
_PACKAGE = re.compile(rf"/npm/{_NPM_NAME}")
_SHORT_NPM, _LONG_NPM = "application/vnd.npm.install-v1+json", "application/json"
_PASSED_BACK = ("content-type", "content-length", "content-encoding", "etag", "last-modified")


@dataclass(frozen=True)
class Answer:
    """What a client gets."""

    kind: str
    parts: Iterable[bytes]
    headers: dict[str, str] = field(default_factory=dict)


class PackageMirror:
    """Serves packages at a socket below `folder`, from the moment it is started until it is stopped."""

    def __init__(self, upstreams: Upstreams, folder: Path) -> None:
        self._upstreams, self._folder = upstreams, folder
        self._files = KnownFiles()
        self._room = threading.BoundedSemaphore(MOST_AT_ONCE)
        self._client: UpstreamClient | None = None
        self._server: _Server | None = None

    @property
    def socket(self) -> Path:
        """The socket at which it answers. Raises `RuntimeError` before it is started."""
        if self._server is None:
            raise RuntimeError("The package mirror is not started.")
        return Path(self._server.place)

    def start(self) -> "PackageMirror":
        """Begin to answer."""
        place = _place(self._folder)
        self._client = UpstreamClient(self._upstreams)
        self._server = _Server(str(place), self)
        place.chmod(0o666)  # the folder around it decides who comes here; a sandbox has the socket alone
        threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True).start()
        return self

    def stop(self) -> None:
        """Answer no more."""
        if self._server and self._client:
            place = self.socket
            self._server.shutdown()
            self._server.server_close()
            self._client.close()
            place.unlink(missing_ok=True)
            with suppress(OSError):
                place.parent.rmdir()
        self._server = None

    def __enter__(self) -> "PackageMirror":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @contextmanager
    def asked(self, path: str, accept: str) -> Iterator[Answer]:
        """What there is at a path, to be read inside. Raises `Unavailable`."""
        if not self._room.acquire(timeout=_SECONDS_TO_WAIT):
            raise Unavailable(503, "Too many ask at once.")
        try:
            assert self._client
            with self._found(self._client, unquote(path.partition("?")[0]), accept) as answer:
                yield answer
        finally:
            self._room.release()

    @contextmanager
    def _found(self, client: UpstreamClient, path: str, accept: str) -> Iterator[Answer]:
        if client.pypi and (found := _PROJECT.fullmatch(path)):
            yield self._project(client, found["name"], accept)
            return
        if client.npm and (found := _PACKAGE.fullmatch(path)):
            yield self._package(client, found["name"], accept)
            return
        if found := _FILE.fullmatch(path):
            address = self._files.get(found["key"]) or ""
        elif client.npm and (found := _TARBALL.fullmatch(path)):
            address = f"{client.npm}/{quote(found['name'], safe='@/')}/-/{quote(found['file'])}"
        else:
            address = ""
        if not address:
            raise Unavailable(404, "There is no such thing here, or no page has named it yet.")
        with client.open(address, {"Accept": "*/*", "Accept-Encoding": "identity"}) as response:
            headers = {name: response.headers[name] for name in _PASSED_BACK if name in response.headers}
            yield Answer(headers.pop("content-type", "application/octet-stream"), _parts(response), headers)

    def _project(self, client: UpstreamClient, name: str, accept: str) -> Answer:
        """A page of the index, in the form that the client asks for."""
        wanted = f"{JSON_FORM}, text/html;q=0.1" if "json" in accept else "text/html"
        name = re.sub(r"[-_.]+", "-", name).lower()
        page = client.page(f"{client.pypi}/{name}/", wanted)
        try:
            kind, body = simple_page(
                page.body, page.kind, page.address, partial(self._rewritten, "pypi/files")
            )
        except UnreadablePage as error:
            raise Unavailable(502, f"The index's page cannot be read. {error}") from error
        return Answer(kind, [body])

    def _package(self, client: UpstreamClient, name: str, accept: str) -> Answer:
        """What the registry says of a package, in the short form where the client takes it."""
        wanted = _SHORT_NPM if "vnd.npm.install" in accept else _LONG_NPM
        page = client.page(f"{client.npm}/{quote(name, safe='@/').replace('/', '%2f')}", wanted)
        try:
            body = npm_document(page.body, page.address, partial(self._rewritten, "npm/-"))
        except UnreadablePage as error:
            raise Unavailable(502, f"The registry's page cannot be read. {error}") from error
        return Answer(wanted, [body])

    def _rewritten(self, place: str, address: str) -> str:
        """Let a file be had, as a page has named it; return where from. A registry's usual place keeps its form."""
        assert self._client
        npm = f"{self._client.npm}/"
        if address.startswith(npm) and _TARBALL.fullmatch("/npm/" + address.removeprefix(npm)):
            return f"{MIRROR}/npm/{address.removeprefix(npm)}"
        self._client.allow(address)
        return f"{MIRROR}/{place}/{quote(self._files.add(address), safe='/~+!')}"


def _place(folder: Path) -> Path:
    """A place for a socket, in a folder of its own; what mirrors that were killed left there is removed."""
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob("m-*/s"):
        with socket.socket(socket.AF_UNIX) as trial, suppress(OSError):
            if trial.connect_ex(str(left)) == errno.ECONNREFUSED:
                left.unlink()
                left.parent.rmdir()
    is_short = len(bytes(folder)) <= _LONGEST_PLACE
    return Path(tempfile.mkdtemp(prefix="m-", dir=folder if is_short else None)) / "s"


def _parts(response: httpx.Response) -> Iterator[bytes]:
    """A file, part by part. Raises `Unavailable` where it is too large or breaks off."""
    count = 0
    try:
        for part in response.iter_raw(_PART):
            count += len(part)
            if count > LARGEST_FILE:
                raise Unavailable(502, "The file is too large.")
            yield part
    except httpx.HTTPError as error:
        raise Unavailable(502, f"The file broke off: {type(error).__name__}.") from error


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, place: str, mirror: PackageMirror) -> None:
        self.place, self.mirror = place, mirror
        super().__init__(place, _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients come and go."""


class _Handler(http.server.BaseHTTPRequestHandler):
    """Answers GET and HEAD; all else is refused before it is looked at."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "packages", ""
    timeout = _SECONDS_OF_A_CLIENT
    server: _Server
    connection: socket.socket

    def do_GET(self) -> None:
        """Answer with what there is at the path."""
        begun = False
        try:
            with self.server.mirror.asked(self.path, self.headers.get("Accept", "")) as answer:
                parts = list(answer.parts) if isinstance(answer.parts, list) else answer.parts
                length = {"content-length": str(len(parts[0]))} if isinstance(parts, list) else {}
                begun = True
                self._begin(200, answer.kind, {**answer.headers, **length})
                for part in parts if self.command == "GET" else ():
                    self._write(part)
                self._finish()
        except Unavailable as error:
            self._fail(begun, error.status, str(error))
        except OSError:
            self.close_connection = True

    do_HEAD = do_GET  # noqa: N815

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse; a method that we do not have is not allowed."""
        status = 405 if code == HTTPStatus.NOT_IMPLEMENTED else code
        self.close_connection = True
        self._fail(False, status, message or explain or "")

    def address_string(self) -> str:
        """Who asks: a socket of files has no address."""
        return "sandbox"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Write no log: steps say themselves what they could not have."""

    def _begin(self, status: int, kind: str, headers: dict[str, str]) -> None:
        self._chunked = "content-length" not in headers
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for name, value in headers.items():
            self.send_header(name, value)
        if self._chunked:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def _write(self, part: bytes) -> None:
        if part:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part) if self._chunked else part)

    def _finish(self) -> None:
        if self._chunked and self.command == "GET":
            self.wfile.write(b"0\r\n\r\n")

    def _fail(self, begun: bool, status: int, message: str) -> None:
        """Say what is the matter, or where an answer has begun, end it short of its length."""
        if begun:
            self.close_connection = True
            return
        body = f"{message}\n".encode("utf-8", "replace")
        with suppress(OSError):
            self._begin(status, "text/plain; charset=utf-8", {"content-length": str(len(body))})
            if self.command != "HEAD":
                self.wfile.write(body)
