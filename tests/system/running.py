"""The delivery line with all its processes: gateway, daemon, webserver, with PostgreSQL for our store and Dagster's."""

import contextlib
import os
import secrets
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import httpx
import sqlalchemy as sa

from cicd_defs.adapters.git.writing import make_bare
from cicd_defs.adapters.sandbox.bubblewrap import Bubblewrap
from cicd_defs.assembly import now, open_forge, open_store_of, workspaces_of
from cicd_defs.demo.processes import WORKSPACE, free_port
from cicd_defs.settings import Settings
from tests.postgres import PASSWORD, USER, Postgres
from tests.postgres import missing as postgres_missing
from tests.system.keeping import Keeper, Process

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
import time
import unittest


class Books(unittest.TestCase):
    def test_every_book_has_a_title(self):
        books = list(pathlib.Path("books").glob("*.txt"))
        self.assertTrue(books)
        for book in books:
            self.assertTrue(book.read_text().startswith("Title: "), book)
            time.sleep(book.read_text().count("Page"))
"""
FILES = {"checks/test_books.py": CHECK, "books/first.txt": "Title: The first\n", "README.md": "A shelf.\n"}
"""A repository that needs no install, and whose check takes a second for each page that a book has."""

UNDER_WAY = ("NOT_STARTED", "QUEUED", "STARTING", "STARTED", "CANCELING", "MANAGED")
GOING_ON = ("submitted", "prompted", "running")
CALM = 6.0
"""Seconds for which nothing must go on: more than two rounds of each sensor."""

RUNS = """
SELECT run_id, status, pipeline_name AS job_name, partition, (SELECT value FROM run_tags
WHERE run_tags.run_id = runs.run_id AND key = 'dagster/run_key') AS run_key FROM runs ORDER BY id
"""


def missing() -> str:
    """Why the line cannot run here; empty where it can."""
    return postgres_missing() or (
        "" if shutil.which("bwrap") else "needs bubblewrap: apt-get install bubblewrap"
    )


class Running:
    """A home with one project on the local forge, and the processes of its line."""

    def __init__(
        self, folder: Path, postgres: Postgres, gateway_dies: str = "", daemon_dies: str = ""
    ) -> None:
        self.folder, self.postgres = folder, postgres
        self.databases = [postgres.create(), postgres.create()]
        self.secret, self.port = secrets.token_hex(16), free_port()
        for name in ("projects", "told"):
            (folder / name).mkdir()
        shutil.copy(CHECKOUT / "deploy/dagster.yaml", folder / "dagster.yaml")
        (folder / "workspace.yaml").write_text(WORKSPACE)
        (folder / "projects" / f"{PROJECT}.yaml").write_text(DECLARATION)
        self.settings = Settings.from_env(self.environ)
        self.store = open_store_of(self.settings)
        self.forge = open_forge(self.settings, self.store)
        self.git_dir = self._repository()
        self.dagster = sa.create_engine(postgres.url(self.databases[1]))
        self.acknowledged: list[str] = []
        self.key, _ = self.store.keys.create("tests", "ada", ("task", "read"), now(), None)
        self.dies = {"gateway": gateway_dies, "daemon": daemon_dies}
        self.keeper = Keeper()

    @property
    def environ(self) -> dict[str, str]:
        """The environment of every process."""
        server = {"HOST": "127.0.0.1", "PORT": str(self.postgres.port), "DB": self.databases[1]}
        server |= {"USER": USER, "PASSWORD": PASSWORD}
        return {
            **os.environ,
            **{f"DAGSTER_POSTGRES_{name}": value for name, value in server.items()},
            "DATABASE_URL": self.postgres.url(self.databases[0]),
            "DAGSTER_HOME": str(self.folder),
            "CICD_PROJECTS": str(self.folder / "projects"),
            "GITHUB_WEBHOOK_SECRET": self.secret,
            "PYTHONUNBUFFERED": "1",
        }

    @property
    def address(self) -> str:
        """Where the gateway listens."""
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

    def start(self) -> None:
        """Start gateway and daemon, and wait until the gateway answers."""
        self._run("gateway", [sys.executable, "-m", "cicd_defs.cli", "serve", "--port", str(self.port)])
        self._run("daemon", [_script("dagster-daemon"), "run", "-w", str(self.folder / "workspace.yaml")])
        self.wait_for(lambda: _answers(f"{self.address}/health"), 60, "the gateway answers")

    def webserver(self) -> str:
        """Start Dagster's webserver too, and return its address."""
        port = free_port()
        command = [_script("dagster-webserver"), "-h", "127.0.0.1", "-p", str(port)]
        self._run("webserver", [*command, "-w", str(self.folder / "workspace.yaml")])
        address = f"http://127.0.0.1:{port}"
        self.wait_for(lambda: _answers(f"{address}/server_info"), 90, "the webserver answers")
        return address

    def _run(self, name: str, command: Sequence[str]) -> None:
        points = ",".join(map(self._armed, self.dies.get(name, "").split()))
        environ = self.environ | ({"CICD_CRASH": points} if points else {})
        self.keeper.keep(Process(name, command, environ, self.folder / "told" / f"{name}.log"))

    def _armed(self, point: str) -> str:
        """A point (`name` or `name@2`) at which one process dies once in the whole life of this home."""
        return f"{point}{'' if '@' in point else '@1'}:{self.folder}/died-{marked(point)}"

    def died(self) -> set[str]:
        """The points at which a process has died, as `marked` has them."""
        return {path.name.removeprefix("died-") for path in self.folder.glob("died-*")}

    def close(self) -> None:
        """End all processes that were started; what these have started may still be there."""
        self.keeper.close()

    def remove(self) -> None:
        """Kill what is left, take its sandboxes down, and drop the databases."""
        for pid in self.processes_of_home():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.wait_for(lambda: not self.processes_of_home(), 30, "what was killed is gone")
        Bubblewrap(workspaces_of(self.settings)).sweep(())
        self.store.close()
        self.dagster.dispose()
        for name in self.databases:
            self.postgres.drop(name)

    def wait_for(self, holds: Callable[[], bool], seconds: float, what: str) -> None:
        """Wait until something holds."""
        until = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < until, f"not within {seconds:g} s: {what}. {self.told()}"
            time.sleep(0.25)

    def wait_until_quiet(self, seconds: float) -> None:
        """Wait until nothing goes on, and nothing begins for a while."""
        until, calm_since = time.monotonic() + seconds, None
        while calm_since is None or time.monotonic() - calm_since < CALM:
            assert self.keeper.is_at_work()
            busy = self.busy()
            calm_since = None if busy else calm_since or time.monotonic()
            assert time.monotonic() < until, f"after {seconds:g} s: {busy}. {self.told()}"
            time.sleep(0.5)

    def busy(self) -> str:
        """What still goes on, in words; empty where nothing does."""
        store, tasks = self.store, self.store.tasks.listed(limit=50)
        agents = [run for task in tasks for run in store.agent_runs.of_task(task.key)]
        held = store.claims.stale(now() + timedelta(days=1))
        runs = [run for run in self.dagster_runs() if run.status in UNDER_WAY]
        going = {
            "waiting in the inbox": [one.delivery for one in store.inbox.waiting(50)],
            "claims held": [claim.subject.partition for claim in held],
            "tasks": [f"{task.key}: {task.status}" for task in tasks if task.status in GOING_ON],
            "agents": [f"{run.intent}: {run.state}" for run in agents if not run.harvested],
            "runs": [f"{run.job_name} {run.partition} {run.status}" for run in runs],
        }
        return "; ".join(f"{what}: {which}" for what, which in going.items() if which)

    def dagster_runs(self) -> Sequence[sa.Row]:
        """All runs that Dagster knows."""
        with self.dagster.connect() as db:
            return db.execute(sa.text(RUNS)).all() if sa.inspect(db).has_table("run_tags") else []

    def processes_of_home(self) -> list[int]:
        """The processes of this machine that have our home in their environment."""
        sign, found = f"DAGSTER_HOME={self.folder}".encode(), []
        for place in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if sign in (place / "environ").read_bytes().split(b"\0") and int(place.name) != os.getpid():
                    found.append(int(place.name))
        return found

    def told(self) -> str:
        """The logs, with their last lines."""
        logs = sorted((self.folder / "told").glob("*.log"))
        return "\n".join(f"--- {log}\n{log.read_text(errors='replace')[-1500:]}" for log in logs)


@contextlib.contextmanager
def running(
    folder: Path, postgres: Postgres, gateway_dies: str = "", daemon_dies: str = ""
) -> Iterator[Running]:
    """A running line in a folder. The points are those at which its processes die, each once, with spaces between."""
    line = Running(folder, postgres, gateway_dies, daemon_dies)
    try:
        line.start()
        yield line
    finally:
        line.close()
        line.remove()


def marked(point: str) -> str:
    """A point as its marker is named."""
    return point.partition("@")[0].replace(":", "-")


def _script(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5, trust_env=False).is_success
    except httpx.HTTPError:
        return False
