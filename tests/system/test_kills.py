"""Processes of the running line are killed at named points and anywhere else: nothing is lost, nothing done twice."""

import os
import random
import time

import pytest

from tests.system.invariants import check
from tests.system.killing import kill_gateway, kill_line, kill_run_at_work
from tests.system.running import REPOSITORY, Running, added, changed, missing, running

pytestmark = [pytest.mark.system, pytest.mark.skipif(bool(missing()), reason=missing() or "all is there")]

SOAK = os.environ.get("CICD_SOAK") == "1"
GATEWAY = ("inbox:before_commit", "inbox:after_commit")
LINE = (
    "sensor:asked",
    "run:claimed",
    "run:verdict:sandbox_build",
    "run:verdict:test_results",
    "run:decided",
    "effect:check:intended",
    "effect:comment:unrecorded",
    "effect:merge:intended",
    "effect:merge:unrecorded",
    "forge:merged_unrecorded",
    "effect:delete_branch:unrecorded",
    "supervisor:started",
    "supervisor:finished_unrecorded",
    "effect:push:unrecorded",
    "effect:pull_request:unrecorded",
)
LONGEST = 600.0
"""Seconds after which a line that is not quiet is taken for stuck."""

TITLE = "Add a second attempt"
ATTEMPTS = [added("books/second.txt", "No title\n"), changed("books/second.txt", "No title", "Title: second")]
"""What the agent does: a book without a title, which turns the check red, then the mended book."""


def play(line: Running, pulls: int = 3) -> str:
    """Open good pull requests and a bad one, and submit a task of which the first attempt is red; return its key."""
    task = line.submit_task(TITLE, ATTEMPTS)
    opened = [line.open_pull_request(f"book-{number}") for number in range(pulls)]
    opened.append(line.open_pull_request("bad", "It has none\n"))
    for found in opened:
        line.post_event(found)
    return task


def ended_well(line: Running, task: str) -> None:
    """Whatever has died: the good ones are merged, the bad one is open, and the task was done at its second attempt."""
    states = {found.head_ref: found.state for found in line.forge.pull_requests(REPOSITORY)}
    assert {state for branch, state in states.items() if branch != "bad"} == {"merged"}, states
    assert states["bad"] == "open"
    assert [run.attempt for run in line.store.agent_runs.of_task(task)] == [1, 2]
    check(line)


def test_killed_at_four_points_at_once(tmp_path, postgres):
    points = "run:claimed effect:comment:unrecorded forge:merged_unrecorded supervisor:finished_unrecorded"
    with running(tmp_path, postgres, "inbox:after_commit", points) as line:
        task = play(line, pulls=2)
        line.wait_until_quiet(LONGEST)
        assert line.died() >= {point.replace(":", "-") for point in ("inbox:after_commit", *points.split())}
        ended_well(line, task)
        line.close()
        assert not line.processes_of_home()


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="the long form: make soak")
@pytest.mark.parametrize("point", [*GATEWAY, *LINE])
def test_killed_at_one_point(point, tmp_path, postgres):
    gateway, line_dies = (point, "") if point in GATEWAY else ("", point)
    with running(tmp_path, postgres, gateway, line_dies) as line:
        task = play(line, pulls=1)
        line.wait_until_quiet(LONGEST)
        assert line.died() == {point.replace(":", "-")}
        ended_well(line, task)


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="the long form: make soak")
@pytest.mark.parametrize("kill", [kill_line, kill_run_at_work, kill_gateway], ids=lambda kill: kill.__name__)
def test_killed_from_outside(kill, tmp_path, postgres):
    with running(tmp_path, postgres) as line:
        task = play(line, pulls=2)
        for _ in range(2):
            kill(line)
            time.sleep(5)
        line.wait_until_quiet(LONGEST)
        ended_well(line, task)


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="the long form: make soak")
@pytest.mark.parametrize("seed", range(4))
def test_killed_at_all_points_overlapped(seed, tmp_path, postgres):
    chance = random.Random(seed)
    points = " ".join(f"{point}@{chance.choice((1, 1, 2))}" for point in LINE)
    with running(tmp_path, postgres, " ".join(GATEWAY), points) as line:
        task = play(line, pulls=4)
        for kill in chance.sample((kill_line, kill_run_at_work, kill_gateway), k=2):
            time.sleep(chance.uniform(5, 40))
            kill(line)
        line.wait_until_quiet(2 * LONGEST)
        ended_well(line, task)
