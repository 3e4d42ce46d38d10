"""Registries as they are: over https, with a token first; from a server of our own on loopback."""

import hashlib
import http.server
import json
import socket
import ssl
from urllib.parse import parse_qs, urlsplit

import pytest

from resources.registries import LARGEST_MANIFEST, MEDIA_TYPES, Registries, RegistryError, place_of
from tests.resources.https import certificate, serving

MANIFEST = b'{"schemaVersion": 2, "manifests": []}'
DIGEST = f"sha256:{hashlib.sha256(MANIFEST).hexdigest()}"
OTHER = f"sha256:{0:064x}"


class Registry(http.server.BaseHTTPRequestHandler):
    """As much of a registry as a look at a tag needs. What it does in its own way stands in `ways`."""

    ways: dict[str, object]
    seen: list[tuple[str, str, str]]

    def do_HEAD(self):
        self._manifest(b"")

    def do_GET(self):
        if urlsplit(self.path).path == "/token":
            self._note()
            self._answer(200, self.ways.get("token", json.dumps({"token": "t0ken"}).encode()))
        else:
            self._manifest(self.ways.get("body", MANIFEST))

    def _manifest(self, body):
        self._note()
        asked = urlsplit(self.path).path
        if self.headers.get("Authorization") != "Bearer t0ken" and self.ways.get("guarded", True):
            realm = self.ways.get("realm", f"https://{self.headers['Host']}/token")
            challenge = f'Bearer realm="{realm}",service="here",scope="repository:x:pull"'
            self._answer(401, b"", {"WWW-Authenticate": self.ways.get("challenge", challenge)})
        elif to := self.ways.get("moved", {}).get(asked):
            self._answer(307, b"", {"Location": to})
        elif asked.startswith("/v2/library/postgres/manifests/16"):
            told = {"Docker-Content-Digest": self.ways.get("digest", DIGEST)}
            status = self.ways.get("status", {}).get(self.command, 200)
            self._answer(status, body, told if told["Docker-Content-Digest"] else {})
        else:
            self._answer(404, b"")

    def _note(self):
        self.seen.append((self.command, self.path, self.headers.get("Authorization", "")))

    def _answer(self, status, body, headers=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def asked(tmp_path):
    """Asks a registry that does things in these ways; gives the answer, and what it was asked."""
    trusted = ssl.create_default_context(cafile=str(certificate(tmp_path)))

    def ask(name="library/postgres:16", **ways):
        here = type("Here", (Registry,), {"ways": ways, "seen": []})
        with serving(here, tmp_path) as host, Registries(trusted) as registries:
            return registries.digest(f"{host}/{name}"), here.seen

    return ask


def test_a_digest_is_asked_for_with_a_token_and_without_the_manifest(asked):
    digest, seen = asked()
    assert digest == DIGEST
    manifest = "/v2/library/postgres/manifests/16"
    assert [(verb, urlsplit(path).path, who) for verb, path, who in seen] == [
        ("HEAD", manifest, ""),
        ("GET", "/token", ""),
        ("HEAD", manifest, "Bearer t0ken"),
    ]
    assert parse_qs(urlsplit(seen[1][1]).query) == {
        "service": ["here"],
        "scope": ["repository:library/postgres:pull"],
    }


@pytest.mark.parametrize(
    "ways",
    [
        pytest.param({"guarded": False}, id="open-to-all"),
        pytest.param({"token": b'{"access_token": "t0ken"}'}, id="token-of-the-other-name"),
        pytest.param({"digest": ""}, id="added-up"),
        pytest.param({"status": {"HEAD": 405}}, id="no-head"),
        pytest.param({"digest": "sha512:00"}, id="another-hash"),
        pytest.param(
            {"moved": {"/v2/library/postgres/manifests/16": "/v2/library/postgres/manifests/16.0"}},
            id="moved-within",
        ),
    ],
)
def test_registries_differ(asked, ways):
    assert asked(**ways)[0] == DIGEST


def manifest_leads_to(place: str) -> dict[str, object]:
    return {"moved": {"/v2/library/postgres/manifests/16": place}}


@pytest.mark.parametrize(
    ("ways", "told"),
    [
        pytest.param({"name": "library/nothing:1"}, "has no library/nothing with the tag 1", id="no-image"),
        pytest.param({"challenge": 'Basic realm="x"'}, "wants a login for library/postgres", id="a-login"),
        pytest.param(
            {"token": b'{"token": "wrong"}'}, "does not show library/postgres to everybody", id="private"
        ),
        pytest.param({"token": b"{}"}, "gives nobody a token", id="no-token"),
        pytest.param(
            {"token": b'{"token": "a\\r\\nX: y"}'}, "gives nobody a token", id="a-token-with-a-header"
        ),
        pytest.param({"token": b"x" * 70_000}, "more than 65,536 bytes", id="an-endless-token"),
        pytest.param({"realm": "http://localhost/token"}, "is not https", id="a-token-in-the-open"),
        pytest.param(manifest_leads_to("http://localhost/x"), "is not https", id="a-redirect-into-the-open"),
        pytest.param(
            manifest_leads_to("/v2/library/postgres/manifests/16"), "leads from one address", id="in-a-circle"
        ),
        pytest.param({"status": {"HEAD": 429}}, "asked too often", id="too-often"),
        pytest.param({"status": {"HEAD": 500}}, "answered 500", id="broken"),
        pytest.param({"status": {"HEAD": 405}, "digest": OTHER}, "which adds up to", id="not-what-it-says"),
        pytest.param(
            {"digest": "", "body": b"x" * (LARGEST_MANIFEST + 1)}, "more than 4,194,304 bytes", id="endless"
        ),
    ],
)
def test_what_goes_wrong_is_told(asked, ways, told):
    with pytest.raises(RegistryError, match=told):
        asked(**ways)


def test_a_token_goes_to_no_other_host(asked, tmp_path):
    other = type("Other", (Registry,), {"ways": {"guarded": False}, "seen": []})
    with serving(other, tmp_path) as host:
        place = f"https://{host}/v2/library/postgres/manifests/16"
        assert asked(**manifest_leads_to(place))[0] == DIGEST
    assert [who for _, _, who in other.seen] == [""]


def test_a_certificate_that_nobody_trusts_is_refused(tmp_path):
    certificate(tmp_path)
    here = type("Here", (Registry,), {"ways": {}, "seen": []})
    with (
        serving(here, tmp_path) as host,
        Registries() as registries,
        pytest.raises(RegistryError, match=r"(?i)certificate"),
    ):
        registries.digest(f"{host}/library/postgres:16")
    assert here.seen == []


def test_a_registry_that_is_not_reached_is_told_with_the_way_out():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with Registries() as registries, pytest.raises(RegistryError, match=r"not reached.*HTTPS_PROXY"):
        registries.digest(f"localhost:{port}/x:1")


@pytest.mark.parametrize(
    ("reference", "host", "name", "tag"),
    [
        ("postgres:16-alpine", "registry-1.docker.io", "library/postgres", "16-alpine"),
        ("postgres", "registry-1.docker.io", "library/postgres", "latest"),
        ("aquasec/trivy:0.74.0", "registry-1.docker.io", "aquasec/trivy", "0.74.0"),
        ("docker.io/redis:7", "registry-1.docker.io", "library/redis", "7"),
        ("gcr.io/distroless/static-debian13:latest", "gcr.io", "distroless/static-debian13", "latest"),
        ("localhost:5000/x:1", "localhost:5000", "x", "1"),
        ("localhost/x", "localhost", "x", "latest"),
    ],
)
def test_references_are_read_as_docker_reads_them(reference, host, name, tag):
    place = place_of(reference)
    assert (place.host, place.name, place.tag) == (host, name, tag)


@pytest.mark.parametrize(
    "reference",
    [
        "",
        "A/b:1",
        "x:",
        "x:-1",
        "x@sha256:" + "0" * 64,
        "https://x/y:1",
        "x/../y:1",
        "x?y:1",
        "x y:1",
        "a:b/c:1",
        "x\n",
    ],
)
def test_what_is_no_reference_is_refused(reference):
    with pytest.raises(RegistryError, match="does not name an image and a tag"):
        place_of(reference)


def test_lists_of_manifests_are_asked_for_first():
    assert "index" in MEDIA_TYPES[0]
    assert "list" in MEDIA_TYPES[1]
