"""Reading from the index and the registry that a mirror was set up with, and from no other host."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

import httpx

from cicd_defs.adapters.packages.upstreams import Upstreams

LARGEST_PAGE = 128 * 1024 * 1024
LARGEST_FILE = 1024 * 1024 * 1024
_SECONDS_TO_CONNECT, _SECONDS_TO_ANSWER = 10.0, 60.0
_MOST_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Unavailable(Exception):
    """Something is not to be had: with which status to say so, and why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Page(NamedTuple):
    """A whole answer: its kind, its bytes, and the address that it came from."""

    kind: str
    body: bytes
    address: str


class UpstreamClient:
    """Reads pages and files. `pypi` and `npm` are the two addresses, without passwords."""

    def __init__(self, upstreams: Upstreams) -> None:
        self.pypi, self.npm = _public(upstreams.pypi), _public(upstreams.npm)
        given = [urlsplit(address) for address in (upstreams.pypi, upstreams.npm) if address]
        self._logins = {_origin(parts): login for parts in given if (login := _login(parts))}
        self._origins = {_origin(parts) for parts in given}
        self._client = httpx.Client(
            verify=_certificates(upstreams.certificates),
            follow_redirects=False,
            timeout=httpx.Timeout(_SECONDS_TO_ANSWER, connect=_SECONDS_TO_CONNECT),
        )

    def allow(self, address: str) -> None:
        """Let the server of a file be read from: a page of the index or the registry has named it."""
        self._origins.add(_origin(urlsplit(address)))

    def page(self, address: str, accept: str) -> Page:
        """A whole page. Raises `Unavailable`."""
        with self.open(address, {"Accept": accept}) as response:
            body = bytearray()
            try:
                for part in response.iter_bytes():
                    body += part
                    if len(body) > LARGEST_PAGE:
                        raise Unavailable(502, "The page is too large.")
            except httpx.HTTPError as error:
                raise Unavailable(502, f"The answer broke off: {type(error).__name__}.") from error
            return Page(response.headers.get("content-type", ""), bytes(body), str(response.url))

    @contextmanager
    def open(self, address: str, headers: dict[str, str]) -> Iterator[httpx.Response]:
        """An answer with status 200, to be read on. Redirects are followed to servers that we know.

        Raises `Unavailable`.
        """
        for _ in range(_MOST_REDIRECTS):
            response = self._sent(address, headers)
            try:
                if response.status_code not in _REDIRECTS:
                    _must_be_fine(response)
                    yield response
                    return
                address = urljoin(address, response.headers.get("location", ""))
            finally:
                response.close()
        raise Unavailable(502, "The index leads in circles.")

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def _sent(self, address: str, headers: dict[str, str]) -> httpx.Response:
        parts = urlsplit(address)
        if _origin(parts) not in self._origins or parts.scheme not in {"http", "https"}:
            raise Unavailable(502, "The index leads to a server that it has not named before.")
        login = self._logins.get(_origin(parts))
        try:
            request = self._client.build_request("GET", address, headers=headers)
            return self._client.send(request, stream=True, auth=login)
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            raise Unavailable(502, f"The index is not reached: {type(error).__name__}.") from error


def _must_be_fine(response: httpx.Response) -> None:
    if response.status_code in {404, 410}:
        raise Unavailable(404, "The index does not have it.")
    if response.status_code != 200:
        raise Unavailable(502, f"The index answers {response.status_code}.")


def _public(address: str) -> str:
    """An address without name and password."""
    parts = urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl() if address else ""


def _login(parts: SplitResult) -> tuple[str, str] | None:
    return (unquote(parts.username), unquote(parts.password or "")) if parts.username else None


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    standard = 443 if parts.scheme == "https" else 80
    return parts.scheme, parts.hostname or "", parts.port or standard


def _certificates(files: tuple[str, ...]) -> ssl.SSLContext:
    """The machine's certificates and these files'; one that holds none is left out."""
    context = ssl.create_default_context()
    for file in files:
        with suppress(OSError, ssl.SSLError):
            context.load_verify_locations(cafile=file)
    return context
