"""What stood in earlier commits of real repositories, made with git as anybody would."""

import pytest

from cicd_defs.adapters.git import Git, GitError
from cicd_defs.spec.read import read_project
from resources import histories
from resources.histories import GitHistories
from resources.repositories import GitRepositories
from tests.resources.repository import committed, git, repository, write


@pytest.fixture
def place(tmp_path):
    """A work tree in which a file was added, changed, and taken away."""
    made = repository(tmp_path / "code", {"a.txt": "one\n", "keep.txt": "kept\n"})
    committed(made, {"secret.env": "first\n"})
    committed(made, {"secret.env": "second\n", "a.txt": "two\n"})
    (made / "secret.env").unlink()
    return committed(made, {})


class Read:
    """What is read of a repository: `of()` reads it as it is now."""

    def __init__(self, place, tmp_path):
        self.project = read_project(f"repository: {place}\n", "projects/code.yaml")
        self.folder = tmp_path
        self.repositories = GitRepositories(Git(tmp_path / "mirrors"))
        self.histories = GitHistories(Git(tmp_path / "histories"))

    def of(self, since=None, commits=frozenset()):
        snapshot = self.repositories.snapshot(self.project, self.folder)
        return self.histories.history(self.project, self.folder, snapshot, since, commits)


def commits(place):
    """The newest first."""
    return git(place, "rev-list", "HEAD").split()


def bare(place, tmp_path):
    git(tmp_path, "clone", "--quiet", "--bare", str(place), str(tmp_path / "code.git"))
    return tmp_path / "code.git"


def seen(history):
    return [(one.path, one.commit, one.content.decode()) for one in history.versions]


@pytest.mark.parametrize("remote", [False, True], ids=["folder", "remote"])
def test_what_stands_there_no_more_is_read_with_the_commit_that_had_it(remote, place, tmp_path):
    read = Read(bare(place, tmp_path) if remote else place, tmp_path)
    _, third, second, first = commits(place)
    history = read.of()
    assert seen(history) == [
        ("a.txt", first, "one\n"),
        ("secret.env", second, "first\n"),
        ("secret.env", third, "second\n"),
    ]
    assert history.told == "4 commits"


@pytest.mark.parametrize("remote", [False, True], ids=["folder", "remote"])
def test_after_the_last_scan_only_newer_commits_are_read(remote, place, tmp_path):
    read = Read(bare(place, tmp_path) if remote else place, tmp_path)
    newest, third, second, _ = commits(place)
    assert seen(read.of(since=third)) == [("secret.env", third, "second\n")]
    history = read.of(since=newest, commits=frozenset({second, f"{third}^"}))
    assert (history.versions, history.told) == ((), f"no commits after {newest[:12]}")
    assert history.kept == {second, f"{third}^"}


def test_what_a_merge_brings_of_its_own_is_read(place, tmp_path):
    git(place, "checkout", "--quiet", "-b", "side", "HEAD~1")
    committed(place, {"side.txt": "x\n"})
    git(place, "checkout", "--quiet", "main")
    git(place, "merge", "--quiet", "--no-ff", "--no-commit", "side")
    committed(place, {"merged.env": "of the merge\n"})
    (place / "merged.env").unlink()
    committed(place, {})
    assert ("merged.env", commits(place)[1], "of the merge\n") in seen(Read(place, tmp_path).of())


@pytest.mark.parametrize("remote", [False, True], ids=["folder", "remote"])
def test_where_it_is_cut_is_said(remote, place, tmp_path, monkeypatch):
    monkeypatch.setattr(histories, "MOST_COMMITS", 2)
    _, third, *_ = commits(place)
    history = Read(bare(place, tmp_path) if remote else place, tmp_path).of()
    assert {one.commit for one in history.versions} <= {third, f"{third}^"}
    assert ("secret.env", third, "second\n") in seen(history)
    assert ("secret.env", f"{third}^", "first\n") in seen(history)
    assert history.told == f"the newest 2 commits, cut before {third[:12]}"


def test_versions_that_are_too_large_are_told(place, tmp_path, monkeypatch):
    monkeypatch.setattr(histories, "LARGEST_VERSION", 5)
    history = Read(place, tmp_path).of()
    assert ("secret.env", commits(place)[1], "second\n") not in seen(history)
    assert "2 versions of files that are too large" in history.told


def test_a_history_that_was_written_anew_is_read_from_the_start(place, tmp_path):
    newest, third, *_ = commits(place)
    git(place, "reset", "--quiet", "--hard", "HEAD~2")
    committed(place, {"b.txt": "x\n"})
    history = Read(place, tmp_path).of(since=newest, commits=frozenset({third, commits(place)[2]}))
    assert history.told.startswith(
        f"{newest[:12]}, up to which it was read before, is not in it any more; 3 commits"
    )
    assert history.kept == {commits(place)[2]}


def test_what_a_repository_configures_is_not_run(place, tmp_path):
    marker = tmp_path / "ran"
    evil = f"touch {marker}; cat"
    for name in ("diff.evil.textconv", "diff.external", "gpg.program", "core.fsmonitor", "core.pager"):
        git(place, "config", name, evil)
    git(place, "config", "log.showSignature", "true")
    write(place, {".gitattributes": "* diff=evil\n"})
    assert len(Read(place, tmp_path).of().versions) == 3
    assert not marker.exists()


def test_a_folder_without_a_history_says_so(tmp_path):
    plain = write(tmp_path / "plain", {"a.txt": "x"})
    history = Read(plain, tmp_path).of()
    assert (history.versions, "has no history" in history.told) == ((), True)


def test_a_repository_that_is_not_to_be_had_is_an_error(place, tmp_path):
    remote = bare(place, tmp_path)
    read = Read(remote, tmp_path)
    snapshot = read.repositories.snapshot(read.project, tmp_path)
    (remote / "HEAD").unlink()
    with pytest.raises(GitError):
        read.histories.history(read.project, tmp_path, snapshot, None, frozenset())
