"""Real services beside a run: PostgreSQL and Redis as programs of this machine, where GitHub starts containers.

As a program it runs a command beside them: `beside.py FOLDER KIND:PORT… -- COMMAND…`.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
LONGEST = 300  # seconds until a service answers
NEEDED = {"postgres": ("initdb", "postgres"), "redis": ("redis-server",)}
"""The programs of each kind of service."""


def asked(workflow: Mapping[str, Any]) -> tuple[str, ...]:
    """The services of a workflow's jobs, each as `kind:port` on the host."""
    services = [service for job in workflow["jobs"].values() for service in job.get("services", {}).items()]
    return tuple(
        sorted({f"{name}:{str(service['ports'][0]).partition(':')[0]}" for name, service in services})
    )


def missing(services: Sequence[str]) -> str | None:
    """Why these cannot be started here, in words, or None where they can."""
    kinds = [service.partition(":")[0] for service in services]
    unknown = [kind for kind in kinds if kind not in NEEDED]
    if unknown:
        return f"nothing stands in for {', '.join(unknown)}"
    lacking = [name for kind in kinds for name in NEEDED[kind] if program(name) is None]
    return f"not installed here: {', '.join(lacking)}" if lacking else None


def program(name: str) -> str | None:
    """Where a program is. Debian keeps those of PostgreSQL off the path."""
    kept = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(kept[-1]) if kept else None)


def started(service: str, folder: Path) -> subprocess.Popen[bytes]:
    """Start one service, which keeps its data in the folder, and wait until it answers."""
    kind, _, port = service.partition(":")
    data = folder / service.replace(":", "-")
    data.mkdir(parents=True)
    process = _postgres(data, port) if kind == "postgres" else _redis(data, port)
    until = time.monotonic() + LONGEST
    while not _answers(int(port)):
        if process.poll() is not None or time.monotonic() > until:
            sys.exit(f"{service} does not answer")
        time.sleep(0.1)
    return process


def _postgres(data: Path, port: str) -> subprocess.Popen[bytes]:
    # It refuses to be run by root, whom whoever is alone in a namespace looks like.
    humble = ["unshare", "--user", "--map-user=1000"] if os.geteuid() == 0 else []
    make = [*humble, str(program("initdb")), "--pgdata", str(data), "--username=postgres", "--auth=trust"]
    subprocess.run(make, check=True, capture_output=True)
    options = [f"port={port}", f"listen_addresses={HOST}", "unix_socket_directories=", "fsync=off"]
    serve = [
        str(program("postgres")),
        "-D",
        str(data),
        *(word for option in options for word in ("-c", option)),
    ]
    return subprocess.Popen([*humble, *serve], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _redis(data: Path, port: str) -> subprocess.Popen[bytes]:
    serve = [str(program("redis-server")), "--port", port, "--bind", HOST, "--dir", str(data), "--save", ""]
    return subprocess.Popen(serve, stdout=subprocess.DEVNULL)


def _answers(port: int) -> bool:
    with socket.socket() as attempt:
        return attempt.connect_ex((HOST, port)) == 0


if __name__ == "__main__":
    where, *rest = sys.argv[1:]
    at = rest.index("--")
    running = [started(service, Path(where)) for service in rest[:at]]
    try:
        status = subprocess.run(rest[at + 1 :], check=False).returncode
    finally:
        for each in running:
            each.terminate()
            each.wait()
    sys.exit(status)
