from contextlib import suppress
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

import cicd_defs.adapters.git
from cicd_defs.adapters.git import Git, GitError
from cicd_defs.spec.names import Repository
from cicd_defs.spec.read import read_project
from cicd_defs.spec.text import Form
from resources.repositories import GitRepositories, local_path
from tests.resources.repository import committed, git, repository, write

FILES = {"a.py": "1\n", "b/c.py": "2\n"}


@pytest.fixture
def repositories(tmp_path):
    return GitRepositories(Git(tmp_path / "mirrors"))


def project(repository):
    return read_project(f"repository: {repository}\n", "projects/shop.yaml")


def test_a_work_tree_is_taken_as_it_is_with_its_commit(tmp_path, repositories):
    place = repository(tmp_path / "shop", FILES)
    snapshot = repositories.snapshot(project("../shop"), tmp_path / "projects")
    assert snapshot.commit == git(place, "rev-parse", "HEAD")
    assert [(file.path, file.size) for file in snapshot.files] == [("a.py", 2), ("b/c.py", 2)]
    assert snapshot.uncommitted == 0
    assert repositories.tree(snapshot).text("a.py") == "1\n"


def test_files_that_differ_from_the_commit_are_counted(tmp_path, repositories):
    place = repository(tmp_path / "shop", {**FILES, "gone": "x"})
    write(place, {"a.py": "changed", "new.py": "3"})
    (place / "gone").unlink()
    assert repositories.snapshot(project("../shop"), tmp_path / "projects").uncommitted == 3


def test_a_folder_of_a_checkout_has_no_commit_and_a_digest(tmp_path, repositories):
    repository(tmp_path / "checkout", {"examples/shop/a.py": "1", "projects/shop.yaml": "x"})
    snapshot = repositories.snapshot(project("../examples/shop"), tmp_path / "checkout/projects")
    assert snapshot.commit is None
    assert snapshot.digest.startswith("sha256:")
    assert [file.path for file in snapshot.files] == ["a.py"]


def test_the_digest_is_of_paths_and_content_alone(tmp_path, repositories):
    digests = []
    for name, files in {
        "one": FILES,
        "same": FILES,
        "other": {**FILES, "a.py": "2\n"},
        "less": {"a.py": "1\n"},
    }.items():
        write(tmp_path / name, files)
        digests.append(repositories.snapshot(project(f"./{name}"), tmp_path).digest)
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3


def test_a_folder_that_has_changed_is_not_passed_off_as_the_snapshot(tmp_path, repositories):
    place = write(tmp_path / "shop", FILES)
    snapshot = repositories.snapshot(project("./shop"), tmp_path)
    write(place, {"a.py": "other"})
    with pytest.raises(
        GitError, match="has changed since its snapshot was taken: materialise `repository` again"
    ):
        repositories.tree(snapshot)


def test_a_mirrored_snapshot_stays_what_it_was(tmp_path, repositories):
    source = repository(tmp_path / "source", FILES)
    git(tmp_path, "clone", "--quiet", "--bare", str(source), "bare.git")
    snapshot = repositories.snapshot(project("./bare.git"), tmp_path)
    committed(source, {"a.py": "changed\n"})
    git(source, "push", "--quiet", str(tmp_path / "bare.git"), "main")
    later = repositories.snapshot(project("./bare.git"), tmp_path)
    assert repositories.tree(snapshot).text("a.py") == "1\n"
    assert repositories.tree(later).text("a.py") == "changed\n"
    assert snapshot.mirrored


def test_a_snapshot_that_the_mirror_has_dropped_is_told(tmp_path, repositories, monkeypatch):
    monkeypatch.setattr(cicd_defs.adapters.git, "GROWTH_LEFT_ALONE", -(10**9))
    source = repository(tmp_path / "source", FILES)
    git(tmp_path, "clone", "--quiet", "--bare", str(source), "bare.git")
    snapshot = repositories.snapshot(project("./bare.git"), tmp_path)
    git(committed(source, {"a.py": "3"}), "push", "--quiet", str(tmp_path / "bare.git"), "main")
    repositories.snapshot(project("./bare.git"), tmp_path)
    with pytest.raises(GitError, match=r"keeps the latest commits only.*Materialise `repository` again"):
        repositories.tree(snapshot)


def test_a_path_that_is_not_there_says_where_it_was_looked_for(tmp_path, repositories):
    with pytest.raises(
        GitError, match=r"'./shop' is .*/projects/shop, where there is no folder.*folder of that file"
    ):
        repositories.snapshot(project("./shop"), tmp_path / "projects")


def test_a_file_address_is_a_local_path(tmp_path, repositories):
    write(tmp_path / "shop", FILES)
    assert repositories.snapshot(project(f"file://{tmp_path}/shop"), Path("/")).mirrored is False


def test_a_file_address_is_unquoted(tmp_path, repositories):
    write(tmp_path / "a ä", FILES)
    snapshot = repositories.snapshot(project(f"file://{tmp_path}/a%20%C3%A4"), Path("/"))
    assert snapshot.place == str(tmp_path / "a ä")


ACCEPTED = next(item for item in get_args(Repository)[1:] if isinstance(item, Form))
PART = st.text(alphabet="ab1-_.%2@:~+", min_size=1, max_size=6)


@given(
    address=st.builds("{}{}/{}{}".format, st.sampled_from(["", "https://", "file:///", "./", "/"]), PART, PART,
                      st.sampled_from(["", "/", "/..", ".git"]))
    | st.from_regex(ACCEPTED.rules[-1].pattern, fullmatch=True)
)  # fmt: skip
@example(address="acme/.github")
@example(address="acme/-x")
@example(address="https://e.com/a/..b")
@example(address="file:///%ff%20")
def test_what_a_project_file_may_name_can_be_fetched_or_found(address):
    try:
        ACCEPTED.read(address)
    except PydanticCustomError:
        return
    if local_path(address, Path("/projects")) is None:
        url, protocol = cicd_defs.adapters.git._address(address)
        assert protocol == "https"
        assert url.startswith("https://")


@given(owner=PART, name=PART)
@example(owner="acme", name=".github")
@example(owner="acme", name="shop.")
def test_an_owner_and_name_is_the_same_in_a_project_file_and_to_git(owner, name):
    address = f"{owner}/{name}"
    if local_path(address, Path("/projects")):
        return
    with suppress(PydanticCustomError):
        assert cicd_defs.adapters.git._address(ACCEPTED.read(address)) == (
            f"https://github.com/{address}.git",
            "https",
        )
        return
    with pytest.raises(GitError):
        cicd_defs.adapters.git._address(address)


def test_a_second_work_tree_of_a_repository_is_one_too(tmp_path, repositories):
    place = repository(tmp_path / "shop", FILES)
    git(place, "worktree", "add", "--quiet", "--detach", str(tmp_path / "second"))
    snapshot = repositories.snapshot(project("./second"), tmp_path)
    assert snapshot.commit == git(place, "rev-parse", "HEAD")
    assert snapshot.uncommitted == 0
    assert [file.path for file in snapshot.files] == sorted(FILES)
