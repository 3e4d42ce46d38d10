"""The delivery line with all its processes: gateway, daemon, webserver, started, killed and started again."""

import contextlib
import hashlib
import hmac
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import sqlalchemy as sa

from cicd_defs.adapters.git.writing import GitRepositories, make_bare
from cicd_defs.adapters.sandbox.bubblewrap import Bubblewrap
from cicd_defs.adapters.sandbox.choose import _missing as sandbox_missing
from cicd_defs.assembly import now, open_forge, open_store_of, workspaces_of
from cicd_defs.demo.processes import WORKSPACE, free_port
from cicd_defs.facts.github.pull_requests import PullRequest
from cicd_defs.settings import Settings
from tests.postgres import Postgres
from tests.postgres import missing as postgres_missing

CHECKOUT = Path(__file__).parents[2]
PROJECT = "shelf"
REPOSITORY = f"local/{PROJECT}"
DECLARATION = """\
repository: ./source
pipeline:
  components:
    - {path: ., stack: custom, test_cmd: python3 -m unittest discover -s checks -v}
validation: {auto_merge: true, max_retries: 2}
merge: {approvals: 0}
"""
CHECK = """\
import pathlib
import unittest


class Books(unittest.TestCase):
    def test_every_book_has_a_title(self):
        books = list(pathlib.Path("books").glob("*.txt"))
        self.assertTrue(books)
        for book in books:
            self.assertTrue(book.read_text().startswith("Title: "), book)
"""
FILES = {"checks/test_books.py": CHECK, "books/first.txt": "Title: The first\n", "README.md": "A shelf.\n"}
TASK = {
    "project": PROJECT,
    "description": "Put one more book on the shelf, in a file of its own.",
    "acceptance_criteria": ["It has a title."],
}
UNDER_WAY = ("NOT_STARTED", "QUEUED", "STARTING", "STARTED", "CANCELING", "MANAGED")
CALM = 6.0
"""Seconds for which nothing must go on: more than two rounds of each sensor."""


def missing() -> str:
    """Why the line cannot run here; empty where it can."""
    return sandbox_missing() or postgres_missing()


@dataclass
class Process:
    """A process that is kept running. `deaths` are the signals that it died of."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str]
    log: Path
    popen: "subprocess.Popen[bytes] | None" = None
    deaths: list[int] = field(default_factory=list)

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.popen = subprocess.Popen(
                self.command,
                env=dict(self.environ),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=CHECKOUT,
            )

    def kill_group(self) -> None:
        """SIGKILL for it and everything that it has started in its own session."""
        assert self.popen
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)

    def stop(self, seconds: float = 20.0) -> None:
        assert self.popen
        with contextlib.suppress(ProcessLookupError):
            self.popen.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.popen.wait(seconds)
        self.kill_group()
        self.popen.wait()


class Running:
    """A home with one project on the local forge, and the processes of its line. Those that die are started again."""

    def __init__(self, folder: Path, postgres: Postgres, gateway_dies: str = "", daemon_dies: str = "") -> None:
        self.folder, self.postgres = folder, postgres
        self.databases = [postgres.create(), postgres.create()]
        self.secret, self.port = secrets.token_hex(16), free_port()
        (folder / "projects").mkdir()
        (folder / "told").mkdir()
        shutil.copy(CHECKOUT / "deploy/dagster.yaml", folder / "dagster.yaml")
        (folder / "workspace.yaml").write_text(WORKSPACE)
        (folder / "projects" / f"{PROJECT}.yaml").write_text(DECLARATION)
        self.settings = Settings.from_env(self.environ)
        self.store = open_store_of(self.settings)
        self.forge = open_forge(self.settings, self.store)
        self.git_dir = self._repository()
        self.dagster = sa.create_engine(postgres.url(self.databases[1]))
        self.processes = {
            "gateway": self._process(
                "gateway", [sys.executable, "-m", "cicd_defs.cli", "serve", "--port", str(self.port)], gateway_dies
            ),
            "daemon": self._process(
                "daemon", [_script("dagster-daemon"), "run", "-w", str(folder / "workspace.yaml")], daemon_dies
            ),
        }
        self.acknowledged: list[str] = []
        self.key, _ = self.store.keys.create("tests", "ada", ("task", "read"), now(), None)
        self._ending, self._keeper = threading.Event(), threading.Thread(target=self._keep, daemon=True)

    @property
    def environ(self) -> dict[str, str]:
        """The environment of every process."""
        server = {"HOST": "127.0.0.1", "PORT": str(self.postgres.port), "USER": "postgres", "DB": self.databases[1]}
        return {
            **os.environ,
            **{f"DAGSTER_POSTGRES_{name}": value for name, value in server.items()},
            "DAGSTER_POSTGRES_PASSWORD": "only-for-tests",
            "DATABASE_URL": self.postgres.url(self.databases[0]),
            "DAGSTER_HOME": str(self.folder),
            "CICD_PROJECTS": str(self.folder / "projects"),
            "GITHUB_WEBHOOK_SECRET": self.secret,
            "PYTHONUNBUFFERED": "1",
        }

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _repository(self) -> str:
        source = self.folder / "projects/source"
        for path, text in FILES.items():
            (source / path).parent.mkdir(parents=True, exist_ok=True)
            (source / path).write_text(text)
        place = self.settings.cicd_home / "forge" / f"{REPOSITORY}.git"
        make_bare(source, place)
        for login, role in (("ada", "owner"), ("bob", "member")):
            self.forge.rows.set_role(REPOSITORY, login, role)
        return str(place)

    def _process(self, name: str, command: Sequence[str], dies: str = "") -> Process:
        environ = self.environ | ({"CICD_CRASH": self.points(dies)} if dies else {})
        return Process(name, command, environ, self.folder / "told" / f"{name}.log")

    def points(self, names: str) -> str:
        """Points to die at (`name` or `name@2`, with spaces between), each once in the whole life of this home."""
        return ",".join(
            f"{name}{'' if '@' in name else '@1'}:{self._marker(name)}" for name in names.split()
        )

    def _marker(self, name: str) -> Path:
        return self.folder / f"died-{name.partition('@')[0].replace(':', '-')}"

    def died(self) -> set[str]:
        """The points at which a process has died."""
        return {path.name.removeprefix("died-") for path in self.folder.glob("died-*")}

    def start(self) -> None:
        """Start all processes, and wait until the gateway answers."""
        for process in self.processes.values():
            process.start()
        self._keeper.start()
        self.wait_for(self.healthy, 60, "the gateway answers")

    def webserver(self) -> str:
        """Start Dagster's webserver too, and return its address."""
        port = free_port()
        command = [_script("dagster-webserver"), "-h", "127.0.0.1", "-p", str(port), "-w"]
        process = self._process("webserver", [*command, str(self.folder / "workspace.yaml")])
        process.start()
        self.processes["webserver"] = process
        address = f"http://127.0.0.1:{port}"
        self.wait_for(lambda: _answers(f"{address}/server_info"), 90, "the webserver answers")
        return address

    def healthy(self) -> bool:
        return _answers(f"{self.address}/health")

    def _keep(self) -> None:
        """Start again what has died, as an init system does."""
        while not self._ending.wait(0.2):
            for process in list(self.processes.values()):
                status = process.popen.poll() if process.popen else None
                if status is not None and not self._ending.is_set():
                    process.deaths.append(status)
                    process.start()

    def close(self) -> None:
        """End all processes; what stays of them afterwards is left to `processes_of_home`."""
        self._ending.set()
        self._keeper.join()
        for process in self.processes.values():
            process.stop()

    def remove(self) -> None:
        """Kill what is left, take its sandboxes down, and drop the databases."""
        for pid in self.processes_of_home():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        Bubblewrap(workspaces_of(self.settings)).sweep(())
        self.store.close()
        self.dagster.dispose()
        for name in self.databases:
            self.postgres.drop(name)

    def wait_for(self, holds, seconds: float, what: str) -> None:
        until = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < until, f"not within {seconds:g} s: {what}. {self.told()}"
            time.sleep(0.25)

    def commit(self, files: Mapping[str, str], base: str | None = None) -> str:
        """A commit that adds files to the main branch as it is now, or to another commit."""
        repositories = GitRepositories()
        base = base or repositories.tip(self.git_dir, "main")
        assert base
        patch = "".join(added(path, text) for path, text in files.items())
        return repositories.commit_patch(self.git_dir, base, patch, "Put a book on the shelf", "bob")

    def open_pull_request(self, name: str, text: str | None = None) -> PullRequest:
        """Open a pull request that adds a book; a bad one where the text has no title."""
        text = f"Title: {name}\n" if text is None else text
        self.forge.push(REPOSITORY, name, self.commit({f"books/{name}.txt": text}), None, now())
        return self.forge.open_pull_request(REPOSITORY, name, f"Add {name}", "", "bob", now())

    def post_event(self, found: PullRequest, seconds: float = 60.0) -> str:
        """Post a signed event until it is acknowledged, always under the same id; return that."""
        delivery, until = str(uuid.uuid4()), time.monotonic() + seconds
        while not self._posted(found, delivery):
            assert time.monotonic() < until, f"never acknowledged. {self.told()}"
            time.sleep(0.3)
        self.acknowledged.append(delivery)
        return delivery

    def _posted(self, found: PullRequest, delivery: str) -> bool:
        pull_request = {
            "number": found.number,
            "head": {"ref": found.head_ref, "sha": found.head_sha},
            "base": {"ref": found.base_ref, "sha": found.base_sha},
        }
        body = json.dumps(
            {
                "action": "synchronize",
                "number": found.number,
                "pull_request": pull_request,
                "repository": {"full_name": REPOSITORY},
                "sender": {"login": found.author},
            }
        ).encode()
        headers = {
            "X-GitHub-Event": "pull_request",
            "X-GitHub-Delivery": delivery,
            "X-Hub-Signature-256": f"sha256={hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()}",
            "Content-Type": "application/json",
        }
        try:
            url = f"{self.address}/webhooks/github"
            return httpx.post(url, content=body, headers=headers, timeout=10, trust_env=False).is_success
        except httpx.HTTPError:
            return False

    def submit_task(self, title: str, patches: Sequence[str]) -> str:
        """Record what the agent will do at each attempt, and submit the task; return its key."""
        place = self.folder / "projects/recordings" / PROJECT / title.lower().replace(" ", "-")
        place.mkdir(parents=True)
        for attempt, patch in enumerate(patches, 1):
            (place / f"{attempt}.patch").write_text(patch)
            (place / f"{attempt}.json").write_text(json.dumps({"message": "It is there.", "seconds": 1}))
        answer = httpx.post(
            f"{self.address}/api/v1/tasks",
            json={**TASK, "title": title},
            headers={"Authorization": f"Bearer {self.key}"},
            timeout=20,
            trust_env=False,
        )
        answer.raise_for_status()
        return str(answer.json()["key"])

    def busy(self) -> str:
        """What still goes on, in words; empty where nothing does."""
        store, runs = self.store, [run for run in self.dagster_runs() if run.status in UNDER_WAY]
        tasks = [task for task in store.tasks.listed(limit=50) if task.status in _GOING_ON]
        agents = [run for task in store.tasks.listed(limit=50) for run in store.agent_runs.of_task(task.key)]
        going = {
            "waiting in the inbox": [one.delivery for one in store.inbox.waiting(50)],
            "claims held": [claim.subject.partition for claim in store.claims.stale(_later())],
            "tasks": [f"{task.key}: {task.status}" for task in tasks],
            "agents": [f"{run.intent}: {run.state}" for run in agents if not run.harvested],
            "runs": [f"{run.job_name} {run.partition} {run.status}" for run in runs],
        }
        return "; ".join(f"{what}: {which}" for what, which in going.items() if which)

    def dagster_runs(self) -> Sequence[sa.Row]:
        """All runs that Dagster knows."""
        query = (
            "SELECT run_id, status, pipeline_name AS job_name, partition, "
            "(SELECT value FROM run_tags WHERE run_tags.run_id = runs.run_id AND key = 'dagster/run_key') AS run_key "
            "FROM runs ORDER BY id"
        )
        with self.dagster.connect() as db:
            if not sa.inspect(db).has_table("runs"):
                return []
            return db.execute(sa.text(query)).all()

    def wait_until_quiet(self, seconds: float) -> None:
        """Wait until nothing goes on, and nothing begins for a while."""
        until, calm_since = time.monotonic() + seconds, None
        assert self._keeper.is_alive()
        while calm_since is None or time.monotonic() - calm_since < CALM:
            busy = self.busy()
            calm_since = None if busy else calm_since or time.monotonic()
            assert time.monotonic() < until, f"after {seconds:g} s: {busy}. {self.told()}"
            time.sleep(0.5)

    def processes_of_home(self) -> list[int]:
        """The processes of this machine that have our home in their environment."""
        sign, found = f"DAGSTER_HOME={self.folder}".encode(), []
        for place in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if sign in (place / "environ").read_bytes().split(b"\0") and int(place.name) != os.getpid():
                    found.append(int(place.name))
        return found

    def told(self) -> str:
        """Where the logs are, with their last lines."""
        tails = []
        for log in sorted((self.folder / "told").glob("*.log")):
            tails.append(f"--- {log}\n{log.read_text(errors='replace')[-1500:]}")
        return "\n".join(tails)


_GOING_ON = ("submitted", "prompted", "running")


@contextlib.contextmanager
def running(folder: Path, postgres: Postgres, gateway_dies: str = "", daemon_dies: str = "") -> Iterator[Running]:
    """A running line in a folder. The points are those at which its processes die, each once."""
    line = Running(folder, postgres, gateway_dies, daemon_dies)
    try:
        line.start()
        yield line
    finally:
        with contextlib.suppress(RuntimeError):
            line.close()
        line.remove()


def added(path: str, text: str) -> str:
    """A patch in git's format that adds a file."""
    lines = text.splitlines(keepends=True)
    head = f"diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\n"
    return f"{head}@@ -0,0 +1,{len(lines)} @@\n" + "".join(f"+{line}" for line in lines)


def changed(path: str, old: str, new: str) -> str:
    """A patch in git's format that puts one line in the place of another."""
    return f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -1,1 +1,1 @@\n-{old}\n+{new}\n"


def _later():
    from datetime import timedelta

    return now() + timedelta(days=1)


def _script(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5, trust_env=False).is_success
    except httpx.HTTPError:
        return False
