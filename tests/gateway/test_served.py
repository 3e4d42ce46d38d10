"""The gateway as it really runs: a process, a port, a store on the disk, and its sudden or its gentle end."""

import json
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import pytest

from tests.facts.payloads import body, payload
from tests.gateway.served import environment, gateway, kept, post


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    home = tmp_path_factory.mktemp("gateway")
    with gateway(home) as (process, url), httpx.Client(trust_env=False, timeout=20) as web:
        yield home, process, url, web


def test_an_event_is_in_the_store_when_it_is_acknowledged(running):
    home, _, url, web = running
    assert post(web, url, "first").json() == {"status": "accepted", "delivery": "first"}
    assert "first" in kept(home)
    assert post(web, url, "first").json()["status"] == "duplicate"
    assert web.get(f"{url}/health").json()["inbox"]["waiting"] >= 1


def test_what_cannot_be_read_is_kept_and_does_not_wait(running):
    home, _, url, web = running
    before = web.get(f"{url}/health").json()["inbox"]["waiting"]
    answer = post(web, url, "unreadable", b"\xff\x00", "push")
    assert (answer.status_code, answer.json()["status"]) == (202, "quarantined")
    assert "unreadable" not in kept(home)
    assert web.get(f"{url}/health").json()["inbox"]["waiting"] == before
    assert post(web, url, "unreadable", b"\xff\x00", "push").json()["status"] == "duplicate"


def test_fifty_of_the_same_at_once_are_one_row(running):
    home, _, url, web = running
    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(lambda _: post(web, url, "same"), range(50)))
    assert [answer.status_code for answer in answers] == [202] * 50
    assert [answer.json()["status"] for answer in answers].count("accepted") == 1
    assert kept(home).count("same") == 1


def raw_answer(url, request):
    """What a server answers to bytes."""
    place = urlsplit(url)
    with socket.create_connection((place.hostname, place.port), timeout=20) as there:
        there.sendall(request)
        there.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := there.recv(65536):
            answer += chunk
        return answer


POST = b"POST /webhooks/github HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /webhooks/github HTTP/1.0\r\n\r\n",
        POST + b"\r\n",
        POST + b"Content-Length: 5\r\n\r\nab",
        POST + b"Content-Length: -5\r\n\r\n",
        POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        POST + b"Content-Length: " + b"9" * 400 + b"\r\n\r\n",
        POST + b"Content-Length: 26000000\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
        POST + b"X-Hub-Signature-256: sha256=\xc3\xa9\r\nContent-Length: 0\r\n\r\n",
        POST + b"X-Hub-Signature-256: \xff\xfe\r\nX-GitHub-Event: \xff\r\nContent-Length: 0\r\n\r\n",
        POST + b"X-Big: " + b"a" * 100_000 + b"\r\n\r\n",
        POST + b"X-A: b\r\n" * 2000 + b"\r\n",
        b"GET /api/v1/tasks/\xff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /api/v1/tasks/%ff%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"POST /api/v1/tasks HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer cicd_\xff\r\nConnection: close\r\n\r\n",
        b"CONNECT example.org:443 HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_no_bytes_on_the_wire_are_answered_with_a_fault(running, request_bytes):
    _, process, url, web = running
    answer = raw_answer(url, request_bytes)
    assert not answer or answer.split()[1][:1] == b"4", answer[:200]
    assert process.poll() is None
    assert web.get(f"{url}/health").status_code == 200


def test_a_body_above_the_limit_is_cut_off_there(running):
    place = urlsplit(running[2])
    sent = 0
    with socket.create_connection((place.hostname, place.port), timeout=20) as there:
        there.sendall(POST + b"Transfer-Encoding: chunked\r\n\r\n")
        chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        try:
            while sent < 100_000_000:
                there.sendall(chunk)
                sent += len(chunk)
        except OSError:
            pass
    assert sent < 30_000_000  # 5 MB are read; the rest is what both systems' buffers take


def posting(url, count, acknowledged, stop):
    """Post events until told to stop; remember those that were acknowledged."""
    with httpx.Client(trust_env=False, timeout=20) as web:
        for number in range(100_000):
            if stop.is_set():
                return
            delivery = f"{count}-{number}"
            try:
                if post(web, url, delivery).status_code == 202:
                    acknowledged.append(delivery)
            except httpx.HTTPError:
                return


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_nothing_that_was_acknowledged_is_lost_at_its_end(tmp_path, ending):
    acknowledged, stop = [], threading.Event()
    with gateway(tmp_path) as (process, url), ThreadPoolExecutor(8) as threads:
        for count in range(8):
            threads.submit(posting, url, count, acknowledged, stop)
        until = time.monotonic() + 30
        while len(acknowledged) < 50 and time.monotonic() < until:
            time.sleep(0.01)
        process.send_signal(ending)
        code = process.wait(timeout=10)
        stop.set()
    assert len(acknowledged) >= 50
    rows = kept(tmp_path)
    assert set(acknowledged) <= set(rows)
    assert len(rows) == len(set(rows))
    assert code == (-ending if ending == signal.SIGKILL else 0)


def test_an_event_that_was_not_acknowledged_comes_again_and_is_kept_once(tmp_path):
    for point, there in (("inbox:before_commit", 0), ("inbox:after_commit", 1)):
        with gateway(tmp_path, CICD_CRASH=point) as (process, url), httpx.Client(trust_env=False) as web:
            with pytest.raises(httpx.HTTPError):
                post(web, url, point)
            assert process.wait(timeout=10) == -signal.SIGKILL
        assert kept(tmp_path).count(point) == there
        with gateway(tmp_path) as (_, url), httpx.Client(trust_env=False) as web:
            assert post(web, url, point).status_code == 202
        assert kept(tmp_path).count(point) == 1


def test_a_full_disk_is_503_and_once_there_is_room_it_goes_on_by_itself(tmp_path):
    raw = json.dumps(payload("ping", pad="x" * 100_000)).encode()
    with gateway(tmp_path) as (process, url), httpx.Client(trust_env=False, timeout=20) as web:
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (2_000_000, resource.RLIM_INFINITY))
        answers = [post(web, url, f"d{number}", raw) for number in range(60)]
        refused = [answer for answer in answers if answer.status_code != 202]
        assert {(answer.status_code, answer.headers["retry-after"]) for answer in refused} == {(503, "30")}
        assert set(kept(tmp_path)) == {
            f"d{n}" for n, answer in enumerate(answers) if answer.status_code == 202
        }
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert post(web, url, "later", raw).status_code == 202
        assert process.poll() is None


def test_two_gateways_on_one_store_keep_a_delivery_once(tmp_path):
    with gateway(tmp_path) as (_, one), gateway(tmp_path) as (_, two), httpx.Client(trust_env=False) as web:
        with ThreadPoolExecutor(10) as threads:
            answers = list(threads.map(lambda n: post(web, (one, two)[n % 2], f"d{n // 2}"), range(40)))
        assert [answer.status_code for answer in answers] == [202] * 40
        assert sorted(kept(tmp_path)) == sorted(f"d{n}" for n in range(20))


def refused(home, *arguments, **changes):
    """The exit code and the words of a gateway that does not start."""
    command = [sys.executable, "-m", "cicd_defs.cli", "serve", *arguments]
    run = subprocess.run(
        command, env=environment(home, **changes), capture_output=True, text=True, timeout=30, check=False
    )
    return run.returncode, run.stderr


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"GITHUB_WEBHOOK_SECRET": None}, "GITHUB_WEBHOOK_SECRET is not set"),
        ({"GITHUB_WEBHOOK_SECRET": ""}, "GITHUB_WEBHOOK_SECRET is not set"),
        ({"GITHUB_WEBHOOK_SECRET": "fifteen letters"}, "shorter than 16 characters"),
        ({"GITHUB_WEBHOOK_SECRET_OLD": "short"}, "GITHUB_WEBHOOK_SECRET_OLD is shorter"),
        ({"CICD_CRASH": "x@0"}, "CICD_CRASH"),
        ({"MAX_CONCURRENT_VALIDATIONS": "many"}, "MAX_CONCURRENT_VALIDATIONS"),
    ],
)
def test_it_does_not_start_with_settings_that_make_no_sense(tmp_path, changes, words):
    code, said = refused(tmp_path, **changes)
    assert (code, "Traceback" in said) == (2, False)
    assert words in said


def test_it_does_not_start_on_a_port_that_is_taken_or_without_a_store(tmp_path, running):
    port = str(urlsplit(running[2]).port)
    code, said = refused(tmp_path, "--port", port)
    assert (code, f"127.0.0.1:{port}" in said, "Traceback" in said) == (2, True, False)
    code, said = refused(tmp_path, "--port", "0", DATABASE_URL="sqlite:////proc/no/store.db")
    assert (code, "Traceback" in said) == (3, False)


def test_the_log_is_json_lines_and_has_no_secret(running):
    home, _, url, web = running
    post(web, url, "logged", body("pull_request"), "pull_request")
    text = (home / "serve.log").read_text()
    assert "a webhook secret for tests" not in text
    assert any("delivery logged" in json.loads(line)["message"] for line in text.splitlines())
