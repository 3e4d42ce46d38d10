import subprocess
from pathlib import Path

import pytest

from cicd_defs.adapters.git import GitError
from resources.commits import Person, author_in, commit_files, tip_of

AUTHOR = Person(name="Ada", email="ada@example.com")


def git(place: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com", *arguments]
    return subprocess.run(command, cwd=place, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def work_tree(tmp_path) -> Path:
    place = tmp_path / "shop"
    place.mkdir()
    git(place, "init", "-q", "-b", "main")
    (place / "run.sh").write_text("true\n")
    (place / "run.sh").chmod(0o755)
    (place / "old.txt").write_text("old\n")
    git(place, "add", ".")
    git(place, "commit", "-q", "-m", "Begin")
    return place


def committed(work_tree: Path, files, branch: str = "update") -> str:
    return commit_files(work_tree, branch, files, "Change it", AUTHOR, when=1_750_000_000)


def test_files_are_put_on_a_branch_and_the_work_tree_stays_as_it_is(work_tree):
    (work_tree / "mine.txt").write_text("not committed\n")
    commit = committed(work_tree, {".github/workflows/ci.yml": "on: push\n", "old.txt": None})
    assert git(work_tree, "rev-parse", "update") == commit
    assert git(work_tree, "show", "update:.github/workflows/ci.yml") == "on: push"
    assert git(work_tree, "ls-tree", "--name-only", "update") == ".github\nrun.sh"
    assert git(work_tree, "log", "-1", "--format=%an %ae %s %at", "update") == (
        "Ada ada@example.com Change it 1750000000"
    )
    assert git(work_tree, "status", "--porcelain") == "?? mine.txt"
    assert git(work_tree, "branch", "--show-current") == "main"


def test_a_branch_that_is_there_goes_on_from_its_tip(work_tree):
    first = committed(work_tree, {"a": "1\n"})
    second = committed(work_tree, {"b": "2\n"})
    assert git(work_tree, "rev-parse", f"{second}^") == first
    assert git(work_tree, "ls-tree", "--name-only", "update") == "a\nb\nold.txt\nrun.sh"


def test_a_file_keeps_its_mode(work_tree):
    committed(work_tree, {"run.sh": "false\n"})
    assert git(work_tree, "ls-tree", "update", "run.sh").startswith("100755 ")


def test_no_hook_of_the_repository_runs(work_tree):
    for name in ("pre-commit", "commit-msg", "post-commit", "reference-transaction"):
        hook = work_tree / ".git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {work_tree}/ran\n")
        hook.chmod(0o755)
    committed(work_tree, {"a": "1\n"})
    assert not (work_tree / "ran").exists()


def test_a_branch_that_is_checked_out_is_refused(work_tree):
    before = tip_of(work_tree, "main")
    with pytest.raises(GitError, match="main is checked out"):
        committed(work_tree, {"a": "1\n"}, branch="main")
    git(work_tree, "worktree", "add", "-q", str(work_tree.parent / "beside"), "-b", "busy")
    with pytest.raises(GitError, match="busy is checked out"):
        committed(work_tree, {"a": "1\n"}, branch="busy")
    assert tip_of(work_tree, "main") == before


def test_a_repository_without_a_commit_is_refused(tmp_path):
    git(tmp_path, "init", "-q", "-b", "main")
    with pytest.raises(GitError, match="no commit to put a branch on"):
        committed(tmp_path, {"a": "1\n"})


def test_who_commits_is_read_where_git_reads_it(work_tree, tmp_path):
    with pytest.raises(GitError, match=r"git config user\.name"):
        author_in(work_tree, tmp_path)
    (tmp_path / ".gitconfig").write_text("[user]\nname = Ada\nemail = ada@example.com\n")
    assert author_in(work_tree, tmp_path) == AUTHOR
    git(work_tree, "config", "user.name", "Grace")
    assert author_in(work_tree, tmp_path).name == "Grace"


@pytest.mark.parametrize(
    "name", ["", "-x", "HEAD", "@", "@{-1}", "a..b", "a b", "x.lock", "main~1", "refs/heads/x"]
)
def test_what_is_no_name_of_a_branch_is_refused(work_tree, name):
    with pytest.raises(GitError, match="is not the name of a branch"):
        committed(work_tree, {"a": "1\n"}, name)
    assert git(work_tree, "branch", "--format=%(refname)") == "refs/heads/main"


@pytest.mark.parametrize("what", ["link", "folder"])
def test_a_link_or_a_folder_does_not_give_way_to_a_file(work_tree, what):
    place = work_tree / "Makefile"
    if what == "link":
        place.symlink_to("run.sh")
    else:
        place.mkdir()
        (place / "x").touch()
    git(work_tree, "add", ".")
    git(work_tree, "commit", "-q", "-m", "More")
    with pytest.raises(GitError, match=f"Makefile is a {what} there"):
        committed(work_tree, {"Makefile": "ci:\n"})
    assert tip_of(work_tree, "update") is None
