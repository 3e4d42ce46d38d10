"""Acknowledgements a second: `cicd serve` beside a bare FastAPI handler that makes one fsynced insert.

Both run as processes of their own under uvicorn; the same clients post to both, in turn, for a few seconds.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from cicd_defs.demo.processes import free_port
from cicd_defs.facts.github.signatures import sign

SECRET = b"a secret that is long enough"
CLIENTS, SECONDS, SIZES = 32, 4.0, (1_000, 8_000)

BARE = """
import sqlite3, sys, threading, uvicorn
from fastapi import FastAPI, Request
app, lock = FastAPI(), threading.Lock()
db = sqlite3.connect(sys.argv[2], check_same_thread=False, isolation_level=None)
db.execute("PRAGMA journal_mode=WAL"); db.execute("PRAGMA synchronous=FULL")
db.execute("CREATE TABLE inbox (id INTEGER PRIMARY KEY, delivery TEXT UNIQUE, body BLOB)")
@app.get("/health")
def health(): return {}
@app.post("/webhooks/github")
async def hook(request: Request):
    body = await request.body()
    with lock:
        db.execute("INSERT INTO inbox (delivery, body) VALUES (?, ?)", (request.headers["x-github-delivery"], body))
    return {}
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error", access_log=False)
"""


def acknowledged() -> None:
    """Print posts a second and their latencies for both, and for each size of body."""
    with tempfile.TemporaryDirectory(prefix="cicd-bench-") as folder:
        env = {**os.environ, "CICD_HOME": folder, "GITHUB_WEBHOOK_SECRET": SECRET.decode()}
        port, bare = free_port(), free_port()
        ours = [sys.executable, "-m", "cicd_defs.cli", "serve", "--port", str(port)]
        floor = [sys.executable, "-c", BARE, str(bare), str(Path(folder, "bare.db"))]
        with _served(ours, port, env), _served(floor, bare, env):
            for size in SIZES:
                for name, at in (("cicd serve", port), ("bare FastAPI, one fsynced insert", bare)):
                    taken = asyncio.run(_posted(at, size, f"{at}-{size}"))
                    ordered = sorted(taken)
                    print(
                        f"{name:<36} {size / 1000:.0f} kB {len(taken) / SECONDS:7.0f} a second, "
                        f"p50 {statistics.median(ordered) * 1000:6.1f} ms, "
                        f"p99 {ordered[int(len(ordered) * 0.99)] * 1000:6.1f} ms",
                        flush=True,
                    )


@contextmanager
def _served(command: list[str], port: int, env: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                httpx.get(f"http://127.0.0.1:{port}/health", timeout=2)
                break
            except httpx.HTTPError:
                time.sleep(0.2)
        yield
    finally:
        process.terminate()
        process.wait(20)


async def _posted(port: int, size: int, name: str) -> list[float]:
    body = json.dumps({"zen": "x" * (size - 40), "repository": {"full_name": "acme/shop"}}).encode()
    signature = sign(body, SECRET)
    taken: list[float] = []
    until = time.perf_counter() + SECONDS

    async def client(number: int) -> None:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as http:
            count = 0
            while time.perf_counter() < until:
                count += 1
                headers = {
                    "X-GitHub-Event": "ping",
                    "X-GitHub-Delivery": f"{name}-{number}-{count}",
                    "X-Hub-Signature-256": signature,
                    "Content-Type": "application/json",
                }
                begun = time.perf_counter()
                answer = await http.post("/webhooks/github", content=body, headers=headers)
                assert answer.is_success, answer.text
                taken.append(time.perf_counter() - begun)

    await asyncio.gather(*(client(number) for number in range(CLIENTS)))
    return taken
