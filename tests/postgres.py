"""A PostgreSQL server of our own, for the tests that need one: started in a folder of its own, ended and removed."""

import os
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg2

USER, PASSWORD = "postgres", "only-for-tests"


def programs() -> Path | None:
    """The folder of the newest PostgreSQL server programs of this machine; None where there are none."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    found += [Path(path).resolve().parent for path in [shutil.which("initdb")] if path]
    return max(
        found, key=lambda path: int(path.parent.name) if path.parent.name.isdecimal() else 0, default=None
    )


def missing() -> str:
    """Why no server can be started here; empty where one can."""
    if programs() is None:
        return "PostgreSQL's server is not installed"
    if os.geteuid() == 0 and not (shutil.which("setpriv") and _has_postgres_user()):
        return "PostgreSQL does not run as root, and there is no setpriv or no user postgres"
    return ""


def _has_postgres_user() -> bool:
    import pwd

    return any(entry.pw_name == "postgres" for entry in pwd.getpwall())


@dataclass(frozen=True)
class Postgres:
    """A running server. It listens on loopback, with a password."""

    port: int

    def url(self, database: str) -> str:
        """The SQLAlchemy address of a database."""
        return f"postgresql+psycopg2://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def create(self, template: str = "template1") -> str:
        """Make a new database, and return its name."""
        name = f"t{uuid.uuid4().hex[:12]}"
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    def drop(self, name: str) -> None:
        """Drop a database, with whoever is connected to it."""
        self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def execute(self, statement: str) -> None:
        """Run one statement in the database `postgres`, outside a transaction."""
        connection = psycopg2.connect(
            host="127.0.0.1", port=self.port, user=USER, password=PASSWORD, dbname="postgres"
        )
        try:
            connection.autocommit = True
            connection.cursor().execute(statement)
        finally:
            connection.close()


def _as_postgres(*command: str) -> list[str]:
    """A command as it runs for an ordinary user: the server refuses root."""
    if os.geteuid() != 0:
        return list(command)
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--", *command]


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Start a server, and stop it at the end. It forgets at a power loss, which tests do not mind."""
    bin_ = programs()
    assert bin_, missing()
    folder = Path(tempfile.mkdtemp(prefix="cicd-pg-", dir="/tmp"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    data, log, password = folder / "data", folder / "log", folder / "password"
    password.write_text(PASSWORD)
    password.chmod(0o644)
    port = _free_port()

    def run(program: str, *arguments: str) -> None:
        command = _as_postgres(str(bin_ / program), *arguments)
        done = subprocess.run(
            command, check=False, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        assert done.returncode == 0, f"{program}: {done.stderr} {log.read_text() if log.is_file() else ''}"

    quick = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200"
    where = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={folder}"
    try:
        run("initdb", "-D", str(data), "-U", USER, "-A", "scram-sha-256", f"--pwfile={password}",
            "--no-sync", "-E", "UTF8", "--locale=C")  # fmt: skip
        run("pg_ctl", "-D", str(data), "-l", str(log), "-w", "-t", "60", "-o", f"{where} {quick}", "start")
        try:
            yield Postgres(port)
        finally:
            run("pg_ctl", "-D", str(data), "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
