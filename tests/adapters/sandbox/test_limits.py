"""User ids, control groups and the size of folders: what a workspace is limited by."""

import os
import subprocess
import threading

import pytest

from cicd_defs.adapters.sandbox.errors import SandboxError
from cicd_defs.adapters.sandbox.housing import folder_for, marker_of, processes_of
from cicd_defs.adapters.sandbox.limits.cgroups import Cgroup, lacking, make_cgroup
from cicd_defs.adapters.sandbox.limits.disk import remove, size_of, watch_size
from cicd_defs.adapters.sandbox.limits.slots import Slots
from cicd_defs.facts.reports.steps import Limits

LIMITS = Limits(memory_mb=100, cpus=2, processes=50)
LEAST = 1_900_000_000
"""A user id that nobody has."""


def test_two_workspaces_that_exist_never_have_one_user(tmp_path):
    slots = Slots(tmp_path / "slots", LEAST, 20)
    found, folders = [], [tmp_path / f"w{at}" for at in range(20)]

    def take(folder):
        folder.mkdir()
        found.append(Slots(tmp_path / "slots", LEAST, 20).take(folder))

    threads = [threading.Thread(target=take, args=(folder,)) for folder in folders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == list(range(LEAST, LEAST + 20))
    (tmp_path / "more").mkdir()
    with pytest.raises(SandboxError, match="All 20 user ids for sandboxes are taken"):
        slots.take(tmp_path / "more")
    folders[7].rmdir()  # as a crash, or a person, leaves it
    assert slots.take(tmp_path / "more") in found


def test_a_user_id_is_given_back_by_its_owner_only(tmp_path):
    slots = Slots(tmp_path / "slots", LEAST, 1)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    uid = slots.take(tmp_path / "one")
    slots.release(uid, tmp_path / "two")
    with pytest.raises(SandboxError):
        slots.take(tmp_path / "two")
    slots.release(uid, tmp_path / "one")
    assert slots.take(tmp_path / "two") == uid


def test_a_user_that_runs_something_is_passed_over(tmp_path):
    (tmp_path / "one").mkdir()
    with pytest.raises(SandboxError):
        Slots(tmp_path / "slots", os.geteuid(), 1).take(tmp_path / "one")


@pytest.mark.parametrize(
    ("text", "version_2", "folders", "written"),
    [
        pytest.param(
            "4:memory:/me\n3:cpu,cpuacct:/\n2:pids:/\n0::/\n",
            False,
            {"memory": "memory/me/name", "pids": "pids/name", "cpu": "cpu/name"},
            {"memory/me/name/memory.limit_in_bytes": "104857600", "pids/name/pids.max": "50"},
            id="version-1",
        ),
        pytest.param("4:memory:/me\n", False, {"memory": "memory/me/name"}, {}, id="version-1-memory-only"),
        pytest.param(
            "0::/user/me\n",
            True,
            dict.fromkeys(("memory", "pids", "cpu"), "user/me/name"),
            {"user/me/name/memory.max": "104857600", "user/me/name/cpu.max": "200000 100000"},
            id="version-2",
        ),
        pytest.param("", False, {}, {}, id="none"),
    ],
)
def test_groups_are_made_below_our_own(tmp_path, text, version_2, folders, written):
    for place in ("cg/user/me",) if version_2 else ("cg/memory/me", "cg/pids", "cg/cpu"):
        (tmp_path / place).mkdir(parents=True)
    if version_2:
        (tmp_path / "cg/cgroup.controllers").touch()
    (tmp_path / "own").write_text(text)
    found = make_cgroup("name", LIMITS, tmp_path / "cg", tmp_path / "own")
    assert found.folders == {kind: str(tmp_path / "cg" / folder) for kind, folder in folders.items()}
    assert {path: (tmp_path / "cg" / path).read_text() for path in written} == written
    assert len(lacking(found)) == 3 - len(folders)


def test_what_was_killed_for_memory_is_counted(tmp_path):
    assert Cgroup({}).memory_kills() == 0
    for name in ("memory.oom_control", "memory.events"):
        (tmp_path / name).write_text("low 0\noom_kill 3\n")
        assert Cgroup({"memory": str(tmp_path)}).memory_kills() == 3


def test_a_folder_that_grows_over_its_size_is_noticed(tmp_path):
    look = watch_size(tmp_path, 1, pause=0)
    assert look() == ""
    (tmp_path / "sparse").write_bytes(b"")
    os.truncate(tmp_path / "sparse", 1 << 30)
    (tmp_path / "link").symlink_to("/usr")
    assert look() == ""
    (tmp_path / "d").mkdir()
    (tmp_path / "d/f").write_bytes(b"x" * (2 << 20))
    assert look() == "It wrote more than 1 MB."
    assert 2 << 20 <= size_of(tmp_path) < 3 << 20


def test_a_folder_is_removed_but_nothing_that_it_links_to(tmp_path):
    (tmp_path / "top/d/e").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    (tmp_path / "other/f").touch()
    (tmp_path / "top/d/link").symlink_to(tmp_path / "other")
    (tmp_path / "top/d/e").chmod(0)
    (tmp_path / "top/d").chmod(0)
    remove(tmp_path / "top")
    remove(tmp_path / "top")
    assert not (tmp_path / "top").exists()
    assert (tmp_path / "other/f").exists()


def test_processes_are_found_by_the_mark_of_their_workspace(tmp_path):
    env = {"CICD_SANDBOX": marker_of(tmp_path)}
    with subprocess.Popen(["/usr/bin/sleep", "60"], env=env) as one:
        found = list(processes_of(marker_of(tmp_path), None))
        one.kill()
    assert found == [one.pid]
    assert list(processes_of(marker_of(tmp_path), None)) == []


@pytest.mark.parametrize("name", ["", ".", "..", ".x", "a/b", "a\n", "x" * 200, "ä"])
def test_what_is_no_name_is_refused(tmp_path, name):
    with pytest.raises(SandboxError, match="no name for a workspace"):
        folder_for(tmp_path, name)
