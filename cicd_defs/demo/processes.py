"""The gateway and Dagster's daemon, started for the demo and ended with it."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

SECONDS_TO_START, SECONDS_TO_END = 60.0, 15.0

WORKSPACE = """\
load_from:
  - python_module: {module_name: cicd_defs.definitions.delivery, location_name: delivery}
"""


class NotStarted(Exception):
    """A process of the demo did not come up: which, and where its log is."""


@contextmanager
def running_line(folder: Path, environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Run the gateway and the daemon; give the gateway's address and its secret. Logs go into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    port, secret = free_port(), secrets.token_hex(16)
    workspace = folder / "workspace.yaml"
    workspace.write_text(WORKSPACE)
    env = {**os.environ, **environ, "GITHUB_WEBHOOK_SECRET": secret}
    gateway = [sys.executable, "-m", "cicd_defs.cli", "serve", "--port", str(port)]
    daemon = [str(Path(sys.executable).with_name("dagster-daemon")), "run", "-w", str(workspace)]
    with _process("gateway", gateway, env, folder) as serving, _process("daemon", daemon, env, folder):
        address = f"http://127.0.0.1:{port}"
        _wait_for(address, serving, folder / "gateway.log")
        yield address, secret


@contextmanager
def _process(
    name: str, command: Sequence[str], env: Mapping[str, str], folder: Path
) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own programs
            command, env=dict(env), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < until and process.poll() is None:
        with suppress(httpx.HTTPError):
            if httpx.get(f"{address}/health", timeout=5).status_code == httpx.codes.OK:
                return
        time.sleep(0.2)
    raise NotStarted(f"The gateway did not start: see {log}.")


def free_port() -> int:
    """A port on loopback that nobody listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port
