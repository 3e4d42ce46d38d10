"""A real `cicd serve` on loopback, with a store of its own."""

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import httpx

from cicd_defs.adapters.store.engine import open_store
from cicd_defs.facts.github.signatures import sign
from tests.facts.payloads import body

SECRET = "a webhook secret for tests"


def environment(home: Path, **changes):
    """The environment of a gateway with its state in a folder."""
    projects = home / "projects"
    projects.mkdir(parents=True, exist_ok=True)
    (projects / "shop.yaml").write_text("repository: acme/shop\n")
    ours = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    usual = {"CICD_HOME": str(home), "CICD_PROJECTS": str(projects), "GITHUB_WEBHOOK_SECRET": SECRET}
    return {name: value for name, value in {**ours, **usual, **changes}.items() if value is not None}


@contextmanager
def gateway(home: Path, *arguments, **changes):
    """Start it; give the process and its address. What is left of it at the end is killed."""
    command = [sys.executable, "-m", "cicd_defs.cli", "serve", *(arguments or ("--port", "0"))]
    with (home / "serve.log").open("ab") as log:
        process = subprocess.Popen(
            command, env=environment(home, **changes), stdout=subprocess.PIPE, stderr=log, text=True
        )
    try:
        line = process.stdout.readline()
        assert line.startswith("Serving http://"), (home / "serve.log").read_text()
        yield process, line.split()[1]
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def post(web: httpx.Client, url: str, delivery: str, raw: bytes = body("ping"), kind: str = "ping"):
    """Post a signed event."""
    headers = {
        "X-Hub-Signature-256": sign(raw, SECRET.encode()),
        "X-GitHub-Event": kind,
        "X-GitHub-Delivery": delivery,
    }
    return web.post(f"{url}/webhooks/github", content=raw, headers=headers)


def kept(home: Path):
    """The ids of all deliveries that wait in the store, oldest first."""
    store = open_store(f"sqlite:///{home / 'store.db'}")
    try:
        return [one.delivery for one in store.inbox.waiting(100_000)]
    finally:
        store.close()
