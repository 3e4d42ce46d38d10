import json
import socket
from urllib.parse import urlsplit

import httpx
import pytest

from cicd_defs.adapters.packages import mirror as mirror_module
from cicd_defs.adapters.packages import upstream_client
from cicd_defs.adapters.packages.index_pages import JSON_FORM, KnownFiles
from cicd_defs.adapters.packages.mirror import PackageMirror
from cicd_defs.adapters.packages.upstreams import Upstreams
from cicd_defs.adapters.sandbox.toolchains import MIRROR
from tests.adapters.packages.servers import served

WHEEL, TARBALL = b"PK wheel" * 1000, b"tarball" * 1000
HTML, JSON = {"Content-Type": "text/html"}, {"Content-Type": JSON_FORM}
LINKS = (
    b'<!DOCTYPE html><html><body><h1>x</h1><a href="../../files/small-1-py3-none-any.whl#sha256=abc"'
    b' data-requires-python="&gt;=3.8" onclick="evil()">small-1-py3-none-any.whl</a>'
    b'<a href="file:///etc/passwd">p</a><a name="x">y</a></body></html>'
)


@pytest.fixture
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("m")


class Set:
    """An upstream of both kinds, the mirror of it, a client of that."""

    def __init__(self, mirror, client, asked, files, other):
        self.mirror, self.client, self.asked, self.files, self.other = mirror, client, asked, files, other


@pytest.fixture
def both(place):
    """`files` is another server that pages name; `localhost` stands for hosts that nobody named."""
    with served({"/pool/small-2.tar.gz": (200, {}, WHEEL), "/x": (200, {}, b"other")}) as (files, other):
        answers = {
            "/simple/small-pkg/": (200, HTML, LINKS),
            "/files/small-1-py3-none-any.whl": (200, {"ETag": '"1"'}, WHEEL),
            "/files/small-1-py3-none-any.whl.metadata": (200, {}, b"Name: small"),
            "/simple/json/": (
                200,
                JSON,
                json.dumps(
                    {
                        "name": "json",
                        "files": [{"url": f"{files}/pool/small-2.tar.gz", "hashes": {"a": "b"}}, 3],
                    }
                ).encode(),
            ),
            "/simple/moved/": (302, {"Location": "/simple/small-pkg/"}, b""),
            "/simple/away/": (302, {"Location": files.replace("127.0.0.1", "localhost") + "/x"}, b""),
            "/simple/port/": (302, {"Location": f"{files}/x"}, b""),
            "/simple/scheme/": (302, {"Location": "file:///etc/passwd"}, b""),
            "/simple/circle/": (302, {"Location": "/simple/circle/"}, b""),
            "/simple/broken/": (500, {}, b"secret trace"),
            "/simple/bad-json/": (200, JSON, b"[" * 100_000),
            "/npm/odd": (200, {}, b""),  # replaced below, where the address is known
            "/npm/odd/-/odd-1.0.0.tgz": (200, {}, TARBALL),
            "/npm/@a%2fb": (200, {}, b""),
            "/npm/@a/b/-/b-1.0.0.tgz": (200, {}, TARBALL),
        }
        with served(answers) as (address, asked):
            answers["/npm/odd"] = (
                200,
                {},
                packument(f"{address}/npm/odd/-/odd-1.0.0.tgz", f"{files}/pool/small-2.tar.gz"),
            )
            answers["/npm/@a%2fb"] = (200, {}, packument(f"{address}/npm/@a/b/-/b-1.0.0.tgz"))
            named = address.replace("//", "//user:pass%2Fword@")
            with PackageMirror(Upstreams(f"{named}/simple", f"{named}/npm"), place) as mirror:
                transport = httpx.HTTPTransport(uds=str(mirror.socket))
                with httpx.Client(transport=transport, base_url=MIRROR) as client:
                    yield Set(mirror, client, asked, files, other)


def packument(*tarballs):
    return json.dumps(
        {"name": "x", "versions": {str(at): {"dist": {"tarball": url}} for at, url in enumerate(tarballs)}}
    ).encode()


def links_of(text):
    return [part.partition('"')[0] for part in text.split('href="')[1:]]


@pytest.mark.parametrize(
    "path", ["/pypi/simple/small-pkg/", "/pypi/simple/Small_.Pkg", "/pypi/simple/moved/"]
)
def test_a_page_names_files_that_come_through_the_mirror(both, path):
    page = both.client.get(path)
    wheel, away = links_of(page.text)
    assert page.headers["content-type"].startswith("text/html")
    assert wheel.startswith(f"{MIRROR}/pypi/files/")
    assert wheel.endswith("/small-1-py3-none-any.whl#sha256=abc")
    assert away == "#"
    assert 'data-requires-python="&gt;=3.8"' in page.text
    assert "onclick" not in page.text
    found = both.client.get(wheel)
    assert (found.content, found.headers["etag"]) == (WHEEL, '"1"')
    assert both.client.get(wheel.partition("#")[0] + ".metadata").content == b"Name: small"


def test_a_page_in_json_and_a_file_of_another_server(both):
    page = both.client.get("/pypi/simple/json/", headers={"Accept": JSON_FORM})
    (file,) = page.json()["files"]
    assert page.headers["content-type"] == JSON_FORM
    assert file["hashes"] == {"a": "b"}
    assert both.client.get(file["url"]).content == WHEEL
    assert both.other == [("/pool/small-2.tar.gz", None, "*/*")]


def test_passwords_reach_their_own_server_only_and_no_client(both):
    page = both.client.get("/pypi/simple/json/", headers={"Accept": JSON_FORM, "Authorization": "Basic bWU="})
    both.client.get(page.json()["files"][0]["url"])
    html = both.client.get("/pypi/simple/small-pkg/").text
    assert {authorization for _, authorization, _ in both.asked} == {"Basic dXNlcjpwYXNzL3dvcmQ="}
    assert {authorization for _, authorization, _ in both.other} == {None}
    assert "word" not in page.text + html
    assert "user" not in page.text + html


@pytest.mark.parametrize(
    ("name", "file"),
    [("odd", "/npm/odd/-/odd-1.0.0.tgz"), ("@a/b", "/npm/@a/b/-/b-1.0.0.tgz"), ("@a%2fb", None)],
)
def test_what_a_registry_says_and_its_tarballs(both, name, file):
    tarball = both.client.get(f"/npm/{name}").json()["versions"]["0"]["dist"]["tarball"]
    assert file is None or tarball == MIRROR + file
    assert both.client.get(tarball).content == TARBALL


def test_a_tarball_in_an_unusual_place(both):
    tarball = both.client.get("/npm/odd").json()["versions"]["1"]["dist"]["tarball"]
    assert tarball.startswith(f"{MIRROR}/npm/-/")
    assert both.client.get(tarball).content == WHEEL


@pytest.mark.parametrize(
    "method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "TRACE", "MADE-UP"]
)
def test_there_are_no_other_methods(both, method):
    assert both.client.request(method, "/npm/odd").status_code == 405
    assert both.asked == []


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/pypi/simple/",
        "/pypi/simple/../../x",
        "/pypi/simple/%2e%2e/",
        "/pypi/simple/a%2fb/",
        "/pypi/simple/small-pkg/extra",
        "/pypi/files/" + "0" * 32 + "/small-1-py3-none-any.whl",
        "/pypi/files/" + "0" * 32 + "/../../x",
        "/npm/-/v1/search",
        "/npm/-/user/token",
        "/npm/..%2fadmin",
        "/npm/@a%2f..%2f..%2fadmin",
        "/npm/odd/-/../../../x.tgz",
        "/npm/odd/-/odd-1.0.0.exe",
        "//127.0.0.1/x",
        "http://127.0.0.1:1/x",
        "http://127.0.0.1:1/npm/odd",
        "/npm/odd%0d%0aHost:%20evil",
        "/proxy?url=http://127.0.0.1/",
    ],
)
def test_there_are_no_other_paths(both, path):
    with socket.socket(socket.AF_UNIX) as raw:
        raw.connect(str(both.mirror.socket))
        raw.sendall(f"GET {path} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while part := raw.recv(65536):
            answer += part
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert both.asked == []


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("away", 502),
        ("port", 502),
        ("scheme", 502),
        ("circle", 502),
        ("broken", 502),
        ("bad-json", 502),
        ("no", 404),
    ],
)
def test_where_an_index_leads_astray_nobody_follows(both, name, status):
    found = both.client.get(f"/pypi/simple/{name}/")
    assert found.status_code == status
    assert "secret" not in found.text
    assert both.other == []


def test_only_the_head_is_said_where_only_that_is_asked(both):
    found = both.client.head("/npm/odd/-/odd-1.0.0.tgz")
    assert (found.status_code, found.headers["content-length"], found.content) == (
        200,
        str(len(TARBALL)),
        b"",
    )
    assert both.client.get("/npm/odd/-/odd-1.0.0.tgz").content == TARBALL


def test_sizes_are_bounded(both, monkeypatch):
    monkeypatch.setattr(upstream_client, "LARGEST_PAGE", 100)
    monkeypatch.setattr(mirror_module, "LARGEST_FILE", 100)
    assert both.client.get("/pypi/simple/small-pkg/").status_code == 502
    with pytest.raises(httpx.HTTPError):
        both.client.get("/npm/odd/-/odd-1.0.0.tgz")


def test_an_upstream_that_is_not_there_or_not_set(place):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        gone = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with PackageMirror(Upstreams(f"{gone}/simple", ""), place) as mirror:
            transport = httpx.HTTPTransport(uds=str(mirror.socket))
            with httpx.Client(transport=transport, base_url=MIRROR) as client:
                assert client.get("/pypi/simple/x/").status_code == 502
                assert client.get("/npm/odd").status_code == 404
                assert client.get("/npm/odd/-/odd-1.0.0.tgz").status_code == 404
    assert list(place.iterdir()) == []
    with pytest.raises(RuntimeError, match="not started"):
        assert mirror.socket


def test_what_a_killed_mirror_left_goes_and_a_long_path_is_no_hindrance(place):
    (place / "m-left").mkdir()
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(place / "m-left/s"))
    left.close()
    deep = place / ("x" * 90)
    with PackageMirror(Upstreams(), place) as first, PackageMirror(Upstreams(), place) as second:
        assert [path.parent for path in sorted(place.glob("*/s"))] == sorted(
            [first.socket.parent, second.socket.parent]
        )
        with PackageMirror(Upstreams(), deep) as third:
            assert third.socket.is_socket()


def test_the_files_longest_not_named_are_forgotten():
    files = KnownFiles(most=2)
    keys = [files.add(f"http://h/{at}.whl") for at in (1, 2, 1, 3)]
    assert [files.get(key) and urlsplit(files.get(key)).path for key in keys[:2]] == ["/1.whl", None]
    assert files.get(keys[3]) == "http://h/3.whl"
