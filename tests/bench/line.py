"""How quickly the delivery line goes.

    python -m tests.bench line

Four measures, each beside a floor in the same run: an event until its run's first step; an evaluation beside the same
steps run by hand in the same sandbox; acknowledgements of the gateway beside a bare FastAPI handler with one fsynced
insert; the import of `delivery` beside that of Dagster alone, without and with 1,000 projects declared.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from cicd_defs.assembly import open_line
from cicd_defs.facts.detect import detect
from cicd_defs.facts.reports.steps import Limits
from cicd_defs.facts.written import written_files
from cicd_defs.plan.compile import compile_pipeline
from cicd_defs.plan.files import looked_at
from cicd_defs.plan.work.evaluation import evaluation_steps
from tests.bench.acknowledged import acknowledged
from tests.bench.location import write_projects
from tests.postgres import running_postgres
from tests.system import playing
from tests.system.running import PROJECT, REPOSITORY, Running, missing

EVENTS, PAIRS, IMPORTS = 8, 5, 5


def main() -> None:
    """Print all measures with the load of the machine."""
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    imports()
    acknowledged()
    if reason := missing():
        print(f"the running line is left out: {reason}")
        return
    with running_postgres() as postgres, tempfile.TemporaryDirectory(prefix="cicd-bench-") as folder:
        line = Running(Path(folder), postgres)
        try:
            line.start()
            evaluated(line)
        finally:
            line.close()
            line.remove()


def evaluated(line: Running) -> None:
    """One pull request after the other: when its event was stored, its run's first step, its decision; and by hand."""
    first, decided, by_hand = [], [], []
    for number in range(1, EVENTS + 1):
        begun = time.time()
        playing.open_pull_request(line, f"book-{number}")
        claim = _until(lambda at=number: line.store.claims.current(REPOSITORY, at))
        records = _until(lambda at=number: list(line.store.evidence.decisions(REPOSITORY, at)))
        taken, done = claim.taken_at.timestamp(), records[0].at.timestamp()
        first.append(taken - begun)
        decided.append(done - taken)
        if number <= PAIRS:
            by_hand.append(steps_by_hand(line, claim.subject.head))
        line.wait_for(
            lambda at=number: line.forge.pull_request(REPOSITORY, at).state == "merged", 60, "it is merged"
        )
    show("event stored → first step, through the sensor", first)
    show("first step → decision", decided)
    show("the same steps by hand in the same sandbox", by_hand)


def steps_by_hand(line: Running, commit: str) -> float:
    """Seconds in which a workspace is made, the project's steps are run in it, and it is removed."""
    with open_line(line.settings) as opened:
        project = opened.projects.get(PROJECT)
        git_dir = opened.forge.git_dir(REPOSITORY)
        assert project
        assert opened.sandbox
        opened.sandbox.isolation()  # tried out once in a process, and not what is measured
        tree = opened.repositories.tree(git_dir, commit)
        pipeline = compile_pipeline(project, detect(tree), written_files(tree, looked_at(project)))
        steps = evaluation_steps(pipeline, 600, "bench")
        begun = time.perf_counter()
        workspace = opened.sandbox.prepare(git_dir, commit, f"{PROJECT}-bench", Limits())
        try:
            results = [workspace.run(step) for step in (*steps.install, *steps.build, *steps.checks)]
        finally:
            workspace.destroy()
        assert all(result.passed for result in results)
        return time.perf_counter() - begun


def imports() -> None:
    """Whole processes that import Dagster, and the location, without projects and beside 1,000."""
    with tempfile.TemporaryDirectory(prefix="cicd-bench-") as folder:
        many, none = Path(folder, "many"), Path(folder, "none")
        write_projects(many, 1000)
        none.mkdir()
        for name, code, projects in (
            ("import dagster", "import dagster", none),
            ("import delivery, no projects", "import cicd_defs.definitions.delivery", none),
            ("import delivery, 1,000 projects", "import cicd_defs.definitions.delivery", many),
        ):
            env = {**os.environ, "CICD_PROJECTS": str(projects), "DAGSTER_HOME": folder}
            show(name, [_process([sys.executable, "-W", "ignore", "-c", code], env) for _ in range(IMPORTS)])


def _process(command: Sequence[str], env: dict[str, str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, env=env, check=True, capture_output=True)
    return time.perf_counter() - begun


def _until(look: Callable[[], object], seconds: float = 90) -> object:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := look():
            return found
        time.sleep(0.05)
    raise TimeoutError("the line did not come to it")


def show(name: str, seconds: Sequence[float]) -> None:
    """Print the least, the median and the most."""
    print(
        f"{name:<48} {min(seconds):7.2f} {statistics.median(seconds):7.2f} {max(seconds):7.2f} s"
        f"   ({len(seconds)} runs)",
        flush=True,
    )
