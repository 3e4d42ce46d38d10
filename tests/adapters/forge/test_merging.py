"""Merges of the local forge: what is refused, what is made, and what is left when a process dies."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from cicd_defs.adapters.git.writing import move_branch
from cicd_defs.facts.github.refusals import MergeRefused
from tests.adapters.forge.conftest import NAME, NOW, forge_at, order
from tests.resources.repository import git


def log(place, form: str, commit: str = "main") -> str:
    return git(place.bare, "log", "-1", f"--format={form}", commit)


@pytest.mark.parametrize(("method", "parents"), [("squash", 1), ("merge", 2)])
def test_a_merge_moves_the_base_branch(place, method, parents):
    found = place.open("change", author="ada")
    place.push("change", {"second": "2"}, "origin/change")
    found = place.forge.pull_request(NAME, found.number)
    commit = place.forge.merge(order(found, method=method), NOW)
    assert place.tip("main") == commit
    assert log(place, "%P").split() == [found.base_sha, found.head_sha][:parents]
    assert log(place, "%s|%an|%cn") == f"Do it (#1)|{'ada' if method == 'squash' else 'cicd-defs'}|cicd-defs"
    assert set(git(place.bare, "ls-tree", "--name-only", "main").split()) == {
        "app.py",
        "change.txt",
        "second",
    }
    merged = place.forge.pull_request(NAME, 1)
    assert (merged.state, merged.merged_sha, merged.head_sha) == ("merged", commit, found.head_sha)
    assert place.tip("change") == found.head_sha
    assert place.events()[-2:] == ["push", "pull_request closed 1"]
    assert place.read_events()[-1].merged


def test_a_merge_is_made_once(place):
    found = place.open()
    commit = place.forge.merge(order(found), NOW)
    place.push("main", {"later": "1"})
    tip = place.tip("main")
    place.forge.notice(NAME, NOW)
    events = place.events()
    assert place.forge.merge(order(found), NOW) == commit
    assert (place.tip("main"), place.events()) == (tip, events)
    with pytest.raises(MergeRefused) as refused:
        place.forge.merge(order(found, head=tip), NOW)
    assert refused.value.reason == "closed"


def moved_head(place, found):
    place.push("change", {"more": "1"}, "origin/change")


def moved_base(place, found):
    place.push("main", {"more": "1"})


def gone(place, found):
    git(place.bare, "update-ref", "-d", "refs/heads/change")
    git(place.bare, "update-ref", "refs/heads/change", found.base_sha)


def closed(place, found):
    place.forge.rows.close(NAME, found.number, NOW)


def draft(place, found):
    place.forge.rows.change(NAME, found.number, NOW, draft=True)


def nothing(place, found):
    pass


@pytest.mark.parametrize(
    ("before", "changes", "reason"),
    [
        (moved_head, {}, "head_moved"),
        (moved_base, {}, "base_moved"),
        (gone, {}, "head_moved"),
        (closed, {}, "closed"),
        (draft, {}, "refused"),
        (nothing, {"method": "rebase"}, "refused"),
        (nothing, {"number": "5"}, "closed"),
        (nothing, {"head": "f" * 40}, "head_moved"),
        (nothing, {"base": "f" * 40}, "base_moved"),
        (nothing, {"head": "--all"}, "head_moved"),
    ],
)
def test_what_is_not_merged(place, before, changes, reason):
    found = place.open("change")
    before(place, found)
    tip = place.tip("main")
    with pytest.raises(MergeRefused) as refused:
        place.forge.merge(order(found, **changes), NOW)
    assert refused.value.reason == reason
    assert place.tip("main") == tip


def test_a_conflict_is_not_merged(place):
    place.open("change", **{"app.py": "mine\n"})
    place.push("main", {"app.py": "theirs\n"})
    found = place.forge.pull_request(NAME, 1)
    with pytest.raises(MergeRefused) as refused:
        place.forge.merge(order(found), NOW)
    assert refused.value.reason == "conflict"


PROGRAM = """
import sys
from pathlib import Path
from cicd_defs.adapters.crash import arm
from cicd_defs.facts.github.pull_requests import MergeOrder
from tests.adapters.forge.conftest import NOW, forge_at

arm(sys.argv[3])
forge, _ = forge_at(Path(sys.argv[1]))
print(forge.merge(MergeOrder.model_validate_json(sys.argv[2]), NOW))
"""


def merging(folder: Path, wanted, crash: str = "") -> subprocess.Popen[str]:
    """A process that carries out an order."""
    arguments = [sys.executable, "-c", PROGRAM, str(folder), wanted.model_dump_json(), crash]
    root = Path(__file__).parents[3]
    return subprocess.Popen(
        arguments, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ}
    )


@pytest.mark.parametrize("method", ["squash", "merge"])
@pytest.mark.parametrize("then", ["repeated", "noticed", "base-goes-on", "intent-lost"])
def test_a_process_that_dies_between_the_merge_and_its_record(place, tmp_path, method, then):
    found = place.open()
    wanted = order(found, method=method)
    process = merging(tmp_path, wanted, "forge:merged_unrecorded")
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    commit = place.tip("main")
    assert commit != found.base_sha
    assert place.forge.rows.get(NAME, 1).pull_request.state == "open"
    if then == "noticed":
        assert place.forge.notice(NAME, NOW) == 2
        assert place.forge.rows.get(NAME, 1).pull_request.state == "merged"
    if then == "base-goes-on":
        place.push("main", {"later": "1"})
    if then == "intent-lost":
        place.forge.rows.change(NAME, 1, NOW, merged_sha=None, merged_head=None)
    else:
        assert place.forge.pull_request(NAME, 1).merged_sha == commit
    tip = place.tip("main")
    assert place.forge.merge(wanted, NOW) == commit
    assert place.forge.merge(wanted, NOW) == commit
    assert place.tip("main") == tip
    assert place.events() == ["pull_request opened 1", "push", "pull_request closed 1"]
    assert place.forge.pull_request(NAME, 1).state == "merged"


def test_of_two_pull_requests_merged_at_once_into_one_base_one_is(place, tmp_path):
    wanted = [order(place.open(name)) for name in ("a", "b")]
    processes = [merging(tmp_path, one) for one in wanted]
    outcomes = [process.communicate(timeout=60) for process in processes]
    assert sorted(process.returncode for process in processes) == [0, 1]
    assert sum("base_moved" in err or "has moved away" in err or "is at" in err for _, err in outcomes) == 1
    states = sorted(place.forge.pull_request(NAME, number).state for number in (1, 2))
    assert states == ["merged", "open"]
    assert place.tip("main") == next(out.strip() for out, _ in outcomes if out)
    assert sorted(place.events()[2:]) in (
        ["pull_request closed 1", "push"],
        ["pull_request closed 2", "push"],
    )


def test_the_same_order_carried_out_at_once_gives_one_merge(place, tmp_path):
    wanted = order(place.open())
    processes = [merging(tmp_path, wanted) for _ in range(3)]
    outcomes = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], outcomes
    assert {out.strip() for out, _ in outcomes} == {place.tip("main")}
    assert log(place, "%P") == wanted.base
    assert sorted(place.events()) == ["pull_request closed 1", "pull_request opened 1", "push"]


def test_a_base_that_the_same_merge_has_just_moved_is_merged(place, monkeypatch):
    found = place.open()

    def outrun(*arguments):
        assert move_branch(*arguments)
        return move_branch(*arguments)

    monkeypatch.setattr("cicd_defs.adapters.forge.local.move_branch", outrun)
    assert place.forge.merge(order(found), NOW) == place.tip("main") != found.base_sha


def test_many_who_open_and_look_at_once(place, tmp_path):
    for number in range(6):
        place.push(f"b{number}", {f"f{number}": "x"})
    faults: list[BaseException] = []

    def act(number: int) -> None:
        forge, store = forge_at(tmp_path)
        try:
            for branch in (f"b{number}", "b0"):
                forge.open_pull_request(NAME, branch, "t", "b", "ada", NOW)
                forge.put_comment(NAME, 1, "<!-- m -->", f"{number}", NOW)
        except BaseException as fault:
            faults.append(fault)
        finally:
            store.close()

    place.forge.open_pull_request(NAME, "b0", "t", "b", "ada", NOW)
    threads = [threading.Thread(target=act, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert sorted(one.head_ref for one in place.forge.open_pull_requests(NAME, "main")) == [
        f"b{n}" for n in range(6)
    ]
    assert sorted(place.events()) == [f"pull_request opened {n}" for n in range(1, 7)]
    assert len(place.forge.comments(NAME, 1)) == 1
