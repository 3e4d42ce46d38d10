"""A declared project on the local forge, with the real store and real git; the sandbox is whichever a test gives."""

import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg

from assets.delivery.partitions import PULL_REQUESTS, RUN_KEY_TAG, TASKS, VALUES
from assets.values import delivery_values
from cicd_defs.adapters.forge.people import Person
from cicd_defs.adapters.git.writing import make_bare
from cicd_defs.assembly import open_line
from cicd_defs.definitions.delivery import ASSETS, decide, evaluate, submit_task, take_in, work
from cicd_defs.facts.github.pull_requests import PullRequest
from cicd_defs.facts.records.evaluations import DecisionRecord
from cicd_defs.flows.line import Line
from cicd_defs.flows.pull_request.receive import AskedRun, receive, subject_of
from cicd_defs.settings import Settings
from tests.flows.memory_sandbox import MemorySandbox
from tests.resources.repository import git, repository, write

NAME = "local/shop"
SECRET = "webhook-secret-0123456789abcdef0123456789"
PROJECT = """\
repository: ../shop.git
pipeline:
  components:
    - {path: ., stack: python, lint_cmd: python3 -m compileall -q ., test_cmd: python3 -m unittest -v}
validation: {auto_merge: true}
merge: {approvals: 0}
"""
FILES: dict[str, str | bytes] = {
    "shop.py": "def total(prices):\n    return sum(prices)\n",
    "test_shop.py": (
        "import unittest\n\nimport shop\n\n\nclass Shop(unittest.TestCase):\n"
        "    def test_total(self):\n        self.assertEqual(shop.total([1, 2]), 3)\n"
    ),
    "README.md": "# Shop\n",
}
GREEN = {"shop.py": "def total(prices):\n    return sum(prices, 0)\n"}
Changes = Mapping[str, str | bytes | Path | None]
"""Path to the new text; a `Path` is what a symbolic link there leads to; None deletes."""


class Beats:
    """Says of no run that it lives; `claims` are those that began to."""

    def __init__(self) -> None:
        self.claims: list[Any] = []

    def begin(self, claim: Any) -> None:
        self.claims.append(claim)


@dataclass
class Shop:
    """The line of one project, and what people and Dagster do with it."""

    line: Line
    folder: Path
    instance: dg.DagsterInstance
    beats: Beats = field(default_factory=Beats)

    @property
    def defs(self) -> dg.Definitions:
        """The location's definitions with this line."""
        given = {VALUES: delivery_values, "cicd_line": self.line, "cicd_heartbeats": self.beats}
        jobs = [work, take_in, evaluate, decide, submit_task]
        return dg.Definitions(assets=ASSETS, jobs=jobs, resources=given, executor=dg.in_process_executor)

    def declare(self, text: str) -> None:
        """Write the project file."""
        (self.folder / "projects/shop.yaml").write_text(text)

    def push(self, branch: str, files: Changes) -> str:
        """Commit on a branch, which begins at main, and push it as a person does; return the commit."""
        place = self.folder / "work"
        git(place, "fetch", "--quiet", "--prune", "origin")
        there = git(place, "branch", "--remotes", "--list", f"origin/{branch}")
        git(place, "checkout", "--quiet", "--force", "-B", branch, f"origin/{branch if there else 'main'}")
        for path, text in files.items():
            (place / path).unlink(missing_ok=True)
            if isinstance(text, Path):
                (place / path).parent.mkdir(parents=True, exist_ok=True)
                (place / path).symlink_to(text)
            elif text is not None:
                write(place, {path: text})
        git(place, "add", "--all", "--force")
        git(place, "commit", "--quiet", "-m", "change")
        git(place, "push", "--quiet", "--force", "origin", branch)
        return git(place, "rev-parse", "HEAD")

    def open(
        self,
        branch: str = "change",
        files: Changes = GREEN,
        who: str = "mia",
        title: str = "Do it",
        body: str = "",
    ) -> PullRequest:
        """A pull request of a branch with these files; strangers are those who were given no role."""
        self.push(branch, files)
        return Person(self.forge, NAME, who).open(
            branch, title, body, self.line.now(), draft=False, fork=False
        )

    @property
    def forge(self) -> Any:
        """The local forge."""
        return self.line.forge

    def now(self, number: int) -> PullRequest:
        """The pull request as it is."""
        found = self.line.forge.pull_request(NAME, number)
        assert found is not None
        return found

    def partition(self, number: int) -> str:
        """The partition of its present head; Dagster knows it from now on."""
        project = self.line.projects.get("shop")
        assert project is not None
        name = subject_of(project, self.now(number)).partition
        self.instance.add_dynamic_partitions(PULL_REQUESTS.name, [name])
        return name

    def run(
        self, job: str, number: int, key: str | None = None, parts: list[str] | None = None
    ) -> dg.ExecuteInProcessResult:
        """A run of a job for a pull request, under the key that it was asked for with; `parts` are a selection."""
        return self.defs.resolve_job_def(job).execute_in_process(
            partition_key=self.partition(number),
            instance=self.instance,
            tags={RUN_KEY_TAG: key} if key else {},
            asset_selection=[dg.AssetKey(part) for part in parts] if parts else None,
            raise_on_error=False,
        )

    def asked(self) -> tuple[AskedRun, ...]:
        """The runs to ask for now."""
        self.line.forge.notice(NAME, self.line.now())
        return receive(self.line)

    def answer(self) -> list[dg.ExecuteInProcessResult]:
        """Do all runs that are asked for, until nothing is asked for any more."""
        made: list[dg.ExecuteInProcessResult] = []
        while (runs := self.asked()) and len(made) < 20:
            made += [self.run(run.job, run.subject.number, run.key) for run in runs]
        return made

    def decisions(self, number: int) -> list[DecisionRecord]:
        """What was decided on it, oldest first."""
        return list(self.line.evidence.decisions(NAME, number))

    def person(self, login: str) -> Person:
        """Somebody at the forge."""
        return Person(self.forge, NAME, login)

    def task(self, key: str) -> None:
        """Let Dagster know a task's partition."""
        self.instance.add_dynamic_partitions(TASKS.name, [key])


@contextmanager
def shop_at(
    folder: Path,
    project: str = PROJECT,
    files: Mapping[str, str | bytes] = FILES,
    sandbox: Any = None,
    **settings: str,
) -> Iterator[Shop]:
    """A shop in a folder. Without `sandbox` it is one in memory; "real" is the machine's own."""
    (folder / "projects").mkdir(parents=True)
    make_bare(repository(folder / "source", dict(files)), folder / "shop.git")
    git(folder, "clone", "--quiet", str(folder / "shop.git"), "work")
    environ = {"CICD_HOME": str(folder / "home"), "CICD_PROJECTS": str(folder / "projects")}
    environ |= {"CICD_SANDBOX": "none" if sandbox != "real" else "auto", "GITHUB_WEBHOOK_SECRET": SECRET}
    given = Settings.from_env({**environ, **settings})
    with (
        dg.DagsterInstance.ephemeral(tempdir=str(folder / "dagster")) as instance,
        open_line(given) as opened,
    ):
        given_one = opened.sandbox if sandbox == "real" else sandbox or MemorySandbox()
        made = Shop(dataclasses.replace(opened, sandbox=given_one), folder, instance)
        made.declare(project)
        for login, role in (("olga", "owner"), ("mia", "member"), ("max", "member")):
            made.forge.rows.set_role(NAME, login, role)
        yield made


def made_by(result: dg.ExecuteInProcessResult) -> set[str]:
    """The assets that a run made."""
    return {event.asset_key.to_user_string() for event in result.get_asset_materialization_events()}


def files_below(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
