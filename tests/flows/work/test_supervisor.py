"""Supervisors as real processes, killed where it hurts most: one result, one pull request, whatever happens."""

import os
import subprocess
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cicd_defs.adapters.agents.processes import SupervisorStarter, held_alone
from cicd_defs.adapters.forge.hosted import Hosted
from cicd_defs.adapters.forge.local import LocalForge
from cicd_defs.adapters.git.writing import GitRepositories
from cicd_defs.adapters.store.engine import open_store
from cicd_defs.flows.work.cancel_agent import cancel_agent
from cicd_defs.flows.work.harvest import harvest
from cicd_defs.flows.work.start_agent import start_agent
from cicd_defs.flows.work.write_prompt import write_prompt
from tests.flows.memory import FILES, task, world

PATCH = """diff --git a/src/shop/cart.py b/src/shop/cart.py
--- a/src/shop/cart.py
+++ b/src/shop/cart.py
@@ -1,2 +1,2 @@
-def total(prices):
-    return sum(prices)
+def total(prices, discount=0):
+    return sum(prices) * (100 - discount) / 100
"""
SLUG = "give-a-discount-in-the-cart"


def git(place, *arguments):
    who = [
        part for name in ("AUTHOR", "COMMITTER") for part in (f"GIT_{name}_NAME=ann", f"GIT_{name}_EMAIL=a@b")
    ]
    env = {"PATH": os.environ["PATH"], "HOME": str(place), **dict(one.split("=") for one in who)}
    subprocess.run(["git", *arguments], cwd=place, env=env, check=True, capture_output=True)


@pytest.fixture
def here(tmp_path):
    """A line on a real store, a real local forge, real git and real processes; its agent has a recording."""
    work, bare, home = tmp_path / "work", tmp_path / "shop.git", tmp_path / "home"
    for path, text in FILES.items():
        (work / path).parent.mkdir(parents=True, exist_ok=True)
        (work / path).write_text(text)
    git(work, "init", "-qb", "main")
    git(work, "add", "-A")
    git(work, "commit", "-qm", "Begin")
    git(tmp_path, "clone", "-q", "--bare", str(work), str(bare))
    recording = tmp_path / "recordings" / "shop" / SLUG
    recording.mkdir(parents=True)
    (recording / "1.patch").write_text(PATCH)
    store = open_store(f"sqlite:///{home}/store.db", migrate=True)
    hosted = {"acme/shop": Hosted("acme/shop", "shop", "main", bare)}
    line = replace(
        world().line,
        tasks=store.tasks,
        agent_runs=store.agent_runs,
        effects=store.effects,
        audit=store.audit,
        notifications=store.notifications,
        forge=LocalForge(store.engine, store.inbox, home / "forge", hosted),
        repositories=GitRepositories(),
        now=lambda: datetime.now(UTC),
    )
    store.tasks.add(task(key="", number=0))
    write_prompt(line, "shop-1")
    yield line, home
    store.close()


def environ(home, **more):
    known = {"CICD_PROJECTS": str(home), "CICD_RECORDINGS": str(home.parent / "recordings")}
    return {"PATH": os.environ["PATH"], "GITHUB_WEBHOOK_SECRET": "never-passed-on", **known, **more}


def supervised(line, home, **more):
    """The line with a starter of real processes, which remembers their ids."""
    starter = SupervisorStarter(environ(home, **more), home)
    return replace(line, starter=starter)


def status_of(pid):
    """How a process of ours ended: its exit status, or minus the signal."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def play(home, text):
    (home.parent / "recordings" / "shop" / SLUG / "1.json").write_text(text)


def test_a_supervisor_outlives_its_starter_and_writes_the_result(here):
    line, home = here
    play(home, '{"steps": ["It reads.", "It writes."], "seconds": 0.5, "message": "Done."}')
    run = start_agent(supervised(line, home), write_prompt(supervised(line, home), "shop-1"))
    assert os.getsid(run.pid) == run.pid, "a session of its own"
    assert b"never-passed-on" not in Path(f"/proc/{run.pid}/environ").read_bytes()
    assert status_of(run.pid) == 0
    ended = line.agent_runs.get(run.id)
    assert (ended.state, ended.result["message"], ended.progress) == ("completed", "Done.", 100)
    assert harvest(line, run.id).pull_request == 1


@pytest.mark.parametrize("point", ["supervisor:started", "supervisor:finished_unrecorded"])
def test_killed_at_a_named_point_and_started_again_there_is_one_result(here, point):
    line, home = here
    dying = supervised(line, home, CICD_CRASH=f"{point}@1:{home}/died")
    run = start_agent(dying, write_prompt(dying, "shop-1"))
    assert status_of(run.pid) == -9
    assert line.agent_runs.get(run.id).state in ("queued", "running")
    assert status_of(dying.starter.start(run.id)) == 0
    assert line.agent_runs.get(run.id).state == "completed"
    for _ in range(2):
        assert harvest(line, run.id).pull_request == 1
    assert [one.number for one in line.forge.pull_requests("acme/shop")] == [1]
    assert len(list((home / "agents" / "scripted").glob("*.started.json"))) == 1


def test_of_two_supervisors_the_second_ends_and_leaves_the_run_alone(here):
    line, home = here
    play(home, '{"seconds": 2}')
    starting = supervised(line, home)
    run = start_agent(starting, write_prompt(starting, "shop-1"))
    wait_until(lambda: line.agent_runs.get(run.id).state == "running")
    assert status_of(starting.starter.start(run.id)) == 0
    assert line.agent_runs.get(run.id).state == "running"
    assert status_of(run.pid) == 0
    assert line.agent_runs.get(run.id).state == "completed"


def test_a_supervisor_obeys_its_row(here):
    line, home = here
    play(home, '{"seconds": 600}')
    run = start_agent(supervised(line, home), write_prompt(supervised(line, home), "shop-1"))
    wait_until(lambda: line.agent_runs.get(run.id).state == "running")
    cancel_agent(line.agent_runs, run.id, datetime.now(UTC))
    assert status_of(run.pid) == 0
    assert line.agent_runs.get(run.id).state == "cancelled"


def test_only_one_process_holds_a_run(tmp_path):
    with held_alone(tmp_path, "run") as first, held_alone(tmp_path, "run") as second:
        assert (first, second) == (True, False)
    with held_alone(tmp_path, "run") as again:
        assert again


@pytest.mark.parametrize("run_id", ["", "../x", "a/b", ".hidden", "x" * 101])
def test_a_foreign_id_names_no_file(tmp_path, run_id):
    with pytest.raises(ValueError, match="not the id"):
        SupervisorStarter({}, tmp_path).start(run_id)


def wait_until(holds):
    for _ in range(100):
        if holds():
            return
        time.sleep(0.1)
    pytest.fail("It did not come to be within ten seconds.")
