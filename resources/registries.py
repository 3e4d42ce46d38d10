"""Container registries, asked for one thing: which digest stands behind a tag now.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md, and for the token
https://distribution.github.io/distribution/spec/auth/token/. Only https, only what is public, nothing is sent but the
name that is asked for. Proxies and certificates come from the environment, as httpx reads it.
"""

from __future__ import annotations

import hashlib
import json
import re
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urljoin, urlsplit

import httpx

LARGEST_MANIFEST = 4 * 1024 * 1024
LARGEST_TOKEN = 64 * 1024
SECONDS, SECONDS_TO_CONNECT = 30.0, 10.0
MOST_REDIRECTS = 3

MEDIA_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
"""Lists of manifests first: their digest holds for every platform."""

_DOCKER_HUB = "registry-1.docker.io"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?:(?P<host>(?:[A-Za-z0-9-]+\.)+[A-Za-z0-9-]+(?::\d+)?|[A-Za-z0-9-]+:\d+|localhost)/)?"
    rf"(?P<name>{_PART}(?:/{_PART})*)(?::(?P<tag>\w[\w.-]{{0,127}}))?",
    re.ASCII,
)
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')


class RegistryError(Exception):
    """A registry did not say what was asked: of what, why, and what to do next."""


@dataclass(frozen=True)
class Place:
    """Where an image's manifest is: the registry's host, the repository there, and the tag."""

    host: str
    name: str
    tag: str

    @property
    def address(self) -> str:
        """Where the manifest is asked for."""
        return f"https://{self.host}/v2/{self.name}/manifests/{self.tag}"


@dataclass(frozen=True)
class Answer:
    """What a registry answered."""

    status: int
    headers: httpx.Headers
    body: bytes


def place_of(reference: str) -> Place:
    """Where the image of a reference is, read as Docker reads it. Raises `RegistryError` for what is no reference."""
    found = _REFERENCE.fullmatch(reference)
    if found is None or len(reference) > 300:
        raise RegistryError(
            f"{reference[:120]!r} does not name an image and a tag, such as postgres:16-alpine."
        )
    host, name = found["host"], found["name"]
    if host in {None, "docker.io", "index.docker.io"}:
        host, name = _DOCKER_HUB, name if "/" in name else f"library/{name}"
    return Place(host, name, found["tag"] or "latest")


class Registries:
    """Registries, reached over https. Use it as a context: it keeps connections open."""

    def __init__(self, verify: ssl.SSLContext | bool = True) -> None:
        timeout = httpx.Timeout(SECONDS, connect=SECONDS_TO_CONNECT)
        # A digest is of the bytes as they are, so nobody compresses them on the way.
        plain = {"Accept-Encoding": "identity", "User-Agent": "cicd-defs"}
        self._client = httpx.Client(verify=verify, timeout=timeout, follow_redirects=False, headers=plain)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def digest(self, reference: str) -> str:
        """The digest behind an image's tag now: `sha256:` and 64 digits.

        It is the registry's word where it gives one, else what its answer adds up to. Raises `RegistryError`.
        """
        place = place_of(reference)
        headers = {"Accept": ", ".join(MEDIA_TYPES)}
        answer = self._ask("HEAD", place.address, headers, 0)
        if answer.status == 401:
            headers["Authorization"] = f"Bearer {self._token(place, answer)}"
            answer = self._ask("HEAD", place.address, headers, 0)
        told: str = answer.headers.get("Docker-Content-Digest", "")
        if answer.status == 200 and _DIGEST.fullmatch(told):
            return told
        if answer.status in {200, 405}:
            answer = self._ask("GET", place.address, headers, LARGEST_MANIFEST)
            if answer.status == 200:
                return _digest_of(place, answer)
        raise RegistryError(_explained(place, answer))

    def _token(self, place: Place, refusal: Answer) -> str:
        """A token to read one repository, from where the registry says that tokens are given."""
        scheme, _, told = refusal.headers.get("WWW-Authenticate", "").partition(" ")
        asked = dict(_CHALLENGE.findall(told))
        if scheme.lower() != "bearer" or "realm" not in asked:
            raise RegistryError(
                f"{place.host} wants a login for {place.name}; only public images can be looked up."
            )
        query = {"scope": f"repository:{place.name}:pull"}
        if "service" in asked:
            query["service"] = asked["service"]
        address = str(httpx.URL(asked["realm"]).copy_merge_params(query))
        answer = self._ask("GET", address, {"Accept": "application/json"}, LARGEST_TOKEN)
        token = _token_in(answer)
        if token is None:
            raise RegistryError(
                f"{place.host} gives nobody a token to read {place.name}: {_explained(place, answer)}"
            )
        return token

    def _ask(self, method: str, address: str, headers: Mapping[str, str], largest: int) -> Answer:
        """One question, and where it leads to. A token goes to the host that it is for and to no other."""
        sent, until = dict(headers), time.monotonic() + SECONDS
        for _ in range(MOST_REDIRECTS + 1):
            answer = self._once(method, address, sent, largest, until)
            if answer.status not in {301, 302, 303, 307, 308} or "Location" not in answer.headers:
                return answer
            leads_to = urljoin(address, answer.headers["Location"])
            if urlsplit(leads_to).netloc != urlsplit(address).netloc:
                sent.pop("Authorization", None)
            address = leads_to
        raise RegistryError(
            f"{urlsplit(address).netloc} leads from one address to the next; the last was {address}."
        )

    def _once(
        self, method: str, address: str, headers: Mapping[str, str], largest: int, until: float
    ) -> Answer:
        if urlsplit(address).scheme != "https":
            raise RegistryError(f"{address[:200]} is not https, so it is not asked.")
        host = urlsplit(address).netloc
        try:
            with self._client.stream(method, address, headers=dict(headers)) as response:
                body = bytearray()
                for chunk in response.iter_raw() if largest else ():
                    body += chunk
                    if len(body) > largest or time.monotonic() > until:
                        raise RegistryError(
                            f"{host} answers with more than {largest:,} bytes, or for longer than {SECONDS:g} seconds."
                        )
                return Answer(response.status_code, response.headers, bytes(body))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise RegistryError(
                f"{host} was not reached: {error or type(error).__name__}. Check the network or HTTPS_PROXY."
            ) from error


def _token_in(answer: Answer) -> str | None:
    """The token in an answer, if it is one: printable, so that it can stand in a header."""
    if answer.status != 200:
        return None
    try:
        told = json.loads(answer.body)
    except ValueError:
        return None
    token = (told.get("token") or told.get("access_token")) if isinstance(told, dict) else None
    return token if isinstance(token, str) and re.fullmatch(r"[!-~]{1,16384}", token) else None


def _digest_of(place: Place, answer: Answer) -> str:
    """What a manifest adds up to. Where the registry says something else, one of them is not to be believed."""
    added_up = f"sha256:{hashlib.sha256(answer.body).hexdigest()}"
    told = answer.headers.get("Docker-Content-Digest", added_up)
    if told.startswith("sha256:") and told != added_up:
        raise RegistryError(
            f"{place.host} says {told} of {place.name}:{place.tag}, which adds up to {added_up}."
        )
    return added_up


def _explained(place: Place, answer: Answer) -> str:
    if answer.status == 404:
        return f"{place.host} has no {place.name} with the tag {place.tag}."
    if answer.status in {401, 403}:
        return f"{place.host} does not show {place.name} to everybody; only public images can be looked up."
    if answer.status == 429:
        return f"{place.host} was asked too often. Try again later, or fewer with --only."
    return f"{place.host} answered {answer.status}, where 200 was expected."
