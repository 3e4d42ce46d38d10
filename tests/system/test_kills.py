"""Processes of the running line are killed at named points and anywhere else: nothing is lost, nothing done twice."""

import os
import random
import time
from collections.abc import Sequence

import pytest

from tests.system.invariants import check
from tests.system.killing import kill_gateway, kill_line, kill_run_at_work
from tests.system.playing import added, changed, open_pull_request, post_event, submit_task
from tests.system.running import REPOSITORY, Running, marked, missing, running

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

TEXTS = {"bad": "It has none\n", "long": "Title: long\n" + 4 * "Page\n"}
"""What books say that say something else than their title; a page is read in a second."""


def play(line: Running, pulls: Sequence[str] = ("emma", "faust", "bad"), task: str = TITLE) -> None:
    """Submit a task of which the first attempt is red, and open pull requests; `bad` fails its check."""
    if task:
        submit_task(line, task, ATTEMPTS)
    opened = [open_pull_request(line, name, TEXTS.get(name)) for name in pulls]
    for found in opened:
        post_event(line, found)


def ended_well(line: Running) -> None:
    """Whatever has died: the good ones are merged, the bad one is open, and the task was done at its second attempt."""
    for found in line.forge.pull_requests(REPOSITORY):
        assert found.state == ("open" if found.head_ref == "bad" else "merged"), found
    for task in line.store.tasks.listed():
        assert [run.attempt for run in line.store.agent_runs.of_task(task.key)] == [1, 2]
    check(line)
    line.close()
    ended_with_the_line(line)


def ended_with_the_line(line: Running, seconds: float = 30.0) -> None:
    """The code server notices by its heartbeat that nobody asks any more."""
    line.wait_for(lambda: not line.processes_of_home(), seconds, "all processes have ended")


def test_killed_at_five_points_at_once(tmp_path, postgres):
    points = "run:claimed effect:comment:unrecorded forge:merged_unrecorded supervisor:finished_unrecorded"
    with running(tmp_path, postgres, "inbox:after_commit", points) as line:
        play(line, ("emma", "faust"))
        line.wait_until_quiet(LONGEST)
        assert line.died() == names("inbox:after_commit", *points.split())
        ended_well(line)


def names(*points: str) -> set[str]:
    """Points as the names of their markers."""
    return {marked(point) for point in points}


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="the long form: make soak")
@pytest.mark.parametrize("point", [*GATEWAY, *LINE])
def test_killed_at_one_point(point, tmp_path, postgres):
    gateway, line_dies = (point, "") if point in GATEWAY else ("", point)
    with running(tmp_path, postgres, gateway, line_dies) as line:
        is_of_tasks = point.startswith(("supervisor", "effect:pu"))
        play(line, () if is_of_tasks else ("emma",), TITLE if is_of_tasks else "")
        line.wait_until_quiet(LONGEST)
        assert line.died() == names(point)
        ended_well(line)


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="the long form: make soak")
@pytest.mark.parametrize("kill", [kill_line, kill_run_at_work, kill_gateway], ids=lambda kill: kill.__name__)
def test_killed_from_outside(kill, tmp_path, postgres):
    with running(tmp_path, postgres) as line:
        play(line, ("emma", "long"))
        for _ in range(2):
            time.sleep(7)
            kill(line)
        line.wait_until_quiet(LONGEST)
        ended_well(line)


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="the long form: make soak")
@pytest.mark.parametrize("seed", range(4))
def test_killed_at_all_points_overlapped(seed, tmp_path, postgres):
    chance = random.Random(seed)
    points = " ".join(
        f"{point}@{chance.choice((1, 1, 2)) if point == 'sensor:asked' else 1}" for point in LINE
    )
    with running(tmp_path, postgres, " ".join(GATEWAY), points) as line:
        play(line, ("emma", "faust", "bad", "long"))
        for kill in chance.sample((kill_line, kill_run_at_work, kill_gateway), k=2):
            time.sleep(chance.uniform(5, 40))
            kill(line)
        line.wait_until_quiet(2 * LONGEST)
        assert line.died() == names(*GATEWAY, *LINE)
        ended_well(line)
