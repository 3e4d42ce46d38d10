"""The service as it is started for real: a process of its own, asked over HTTP."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

pytestmark = pytest.mark.e2e


@pytest.fixture
def address() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "notes"], env={**os.environ, "HOST": "127.0.0.1", "PORT": str(port)}
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{address}/health")
        yield address
    finally:
        process.terminate()
        assert process.wait(timeout=10) == 0


def wait_for(url: str) -> None:
    until = time.monotonic() + 20
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return


def test_a_note_that_was_sent_can_be_read(address):
    request = urllib.request.Request(f"{address}/notes", data=b"milk")
    with urllib.request.urlopen(request, timeout=5) as response:
        assert response.status == 201
    with urllib.request.urlopen(f"{address}/notes", timeout=5) as response:
        assert json.load(response)[0] == "milk"


def test_a_note_that_is_too_long_is_refused(address):
    request = urllib.request.Request(f"{address}/notes", data=b"x" * 501)
    with pytest.raises(urllib.error.HTTPError, match="400"):
        urllib.request.urlopen(request, timeout=5)
