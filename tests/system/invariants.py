"""What must hold once everything is quiet, wherever processes have died before."""

import time
from collections import Counter
from pathlib import Path

import sqlalchemy as sa

from cicd_defs.adapters.git import run_git
from cicd_defs.adapters.sandbox.housing import marker_of
from cicd_defs.adapters.sandbox.limits.cgroups import MOUNT
from cicd_defs.adapters.sandbox.limits.slots import FOLDER as SLOTS
from cicd_defs.adapters.store.tables import effects, inbox, notifications
from cicd_defs.facts.github.pull_requests import PullRequest
from cicd_defs.flows.pull_request.decide import DECISION
from cicd_defs.flows.pull_request.report import marker_of as comment_marker
from cicd_defs.judge.merge.decision import Decision
from tests.system.running import REPOSITORY, UNDER_WAY, Running


def check(line: Running) -> None:
    """Everything at once: what came in, what was decided, what was done, and what is left behind."""
    pulls = line.forge.pull_requests(REPOSITORY)
    nothing_was_lost(line)
    for found in pulls:
        one_decision_counts(line, found)
        it_was_commented_once(line, found)
    nothing_was_merged_twice(line, pulls)
    nothing_was_opened_twice(line, pulls)
    every_key_ran_once(line)
    verified = line.store.audit.verify()
    assert not verified.broken, verified
    nothing_is_left(line)


def nothing_was_lost(line: Running) -> None:
    """Every delivery ended, and every acknowledged one is there."""
    states = {row.delivery: row.state for row in _rows(line, inbox)}
    assert set(states.values()) <= {"done", "ignored"}, states
    lost = [delivery for delivery in line.acknowledged if delivery not in states]
    assert not lost, lost


def one_decision_counts(line: Running, found: PullRequest) -> None:
    """The newest head has one decision of the newest generation, which has ended; and that is what came of it."""
    claim = line.store.claims.current(REPOSITORY, found.number)
    assert claim, f"{found.number} was never evaluated"
    subject = claim.subject
    assert (claim.state, subject.head) == ("done", found.head_sha), (claim, found)
    counting = line.store.evidence.parts(subject, claim.generation)[DECISION]
    digest = Decision.model_validate(counting).digest
    assert (counting["head"], counting["base"]) == (subject.head, subject.base), counting
    assert (counting["outcome"] == "merge") == (found.state == "merged"), (found, counting)
    records = line.store.evidence.decisions(REPOSITORY, found.number)
    kept = [record for record in records if record.digest == digest]
    assert len(kept) == 1, [(record.head, record.base, record.outcome, record.at) for record in records]
    if found.state == "open":
        assert subject.base == found.base_sha, "the base has moved, and it was not evaluated again"


def it_was_commented_once(line: Running, found: PullRequest) -> None:
    """One comment of ours, and one check of ours at the head."""
    ours = [one for one in line.forge.comments(REPOSITORY, found.number) if "<!-- cicd-defs:" in one.body]
    assert [one.body.startswith(comment_marker(found.number)) for one in ours] == [True], ours
    assert len([one for one in line.forge.checks(REPOSITORY, found.head_sha) if one.ours]) == 1


def nothing_was_merged_twice(line: Running, pulls: tuple[PullRequest, ...]) -> None:
    """The main branch has one commit for each merged pull request; ledger, log and notes say the same."""
    merged = {found.number: found.merged_sha for found in pulls if found.state == "merged"}
    log = run_git("log", "--format=%H %s", "main", git_dir=Path(line.git_dir)).decode().splitlines()
    made = [one.split(" ", 1) for one in log[:-1]]
    assert {sha for sha, _ in made} == set(merged.values()), (made, merged)
    assert Counter(subject.rpartition("(#")[2] for _, subject in made) == Counter(f"{one})" for one in merged)
    done = [row for row in _rows(line, effects) if row.kind == "merge" and row.state == "done"]
    assert Counter(row.external_id for row in done) == Counter(merged.values())
    assert not [row.key for row in _rows(line, effects) if row.state == "failed"]
    told = [row.subject for row in _rows(line, notifications) if row.event == "merge_complete"]
    assert Counter(subject.split("-")[1] for subject in told) == Counter(map(str, merged)), told
    noted = [one.detail["commit"] for one in line.store.audit.entries() if one.action == "merged"]
    assert Counter(noted) == Counter(merged.values()), noted
    left = run_git("branch", "--format=%(refname:short)", git_dir=Path(line.git_dir)).decode().split()
    assert set(left) == {"main", *(found.head_ref for found in pulls if found.state == "open")}


def nothing_was_opened_twice(line: Running, pulls: tuple[PullRequest, ...]) -> None:
    """One pull request for each task, one run of the agent for each attempt."""
    for task in line.store.tasks.listed(limit=100):
        opened = [found.number for found in pulls if found.head_ref == f"cicd/{task.key}"]
        assert opened == [task.pull_request], (task, opened)
        runs = line.store.agent_runs.of_task(task.key)
        assert [run.attempt for run in runs] == list(range(1, len(runs) + 1)), runs
        assert all(run.harvested for run in runs), runs


def every_key_ran_once(line: Running) -> None:
    """Dagster started each key once, and nothing of it seems to go on."""
    runs = line.dagster_runs()
    twice = [key for key, count in Counter(run.run_key for run in runs).items() if key and count > 1]
    assert not twice, twice
    assert not [run for run in runs if run.status in UNDER_WAY]


def nothing_is_left(line: Running, seconds: float = 60.0) -> None:
    """Soon no workspace, mount, group, user id or process of a sandbox is left."""
    until = time.monotonic() + seconds
    while left := leftovers(line):
        assert time.monotonic() < until, left
        time.sleep(1)


def leftovers(line: Running) -> list[str]:
    """What sandboxes have left on this machine, in words."""
    root = line.settings.cicd_home / "workspaces"
    there = (
        [str(place) for place in root.iterdir() if not place.name.startswith(".pip")] if root.is_dir() else []
    )
    mounts = [row for row in Path("/proc/self/mountinfo").read_text().splitlines() if str(root) in row]
    slots = [str(slot) for slot in SLOTS.glob("[0-9]*") if slot.read_text().startswith(str(root))]
    names = {
        f"{run.partition}-{number}" for run in line.dagster_runs() if run.partition for number in range(40)
    }
    markers = {marker_of(root / name) for name in names}
    groups = [str(one) for one in MOUNT.rglob("cicd-sandbox-*") if one.name.rpartition("-")[2] in markers]
    held = _marked(markers)
    return [*there, *mounts, *slots, *groups, *held]


def _marked(markers: set[str]) -> list[str]:
    """The processes that run in one of our workspaces."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            environ = (place / "environ").read_bytes()
        except OSError:
            continue
        found += [f"process {place.name}" for marker in markers if marker.encode() in environ]
    return found


def _rows(line: Running, table: sa.Table) -> "list[sa.Row]":
    with line.store.engine.connect() as db:
        return list(db.execute(sa.select(table)))
