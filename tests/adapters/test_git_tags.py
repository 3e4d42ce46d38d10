"""The tags that a repository has, without fetching anything."""

import pytest

from cicd_defs.adapters.git import Git, GitError
from tests.resources.repository import committed, git, repository


@pytest.fixture
def tagged(tmp_path):
    place = repository(tmp_path / "action", {"action.yml": "name: x\n"})
    git(place, "tag", "v1.0.0")
    git(committed(place, {}), "tag", "-a", "-m", "x", "v1.1.0")
    git(place, "tag", "-a", "-m", "of a tag", "v1", "v1.1.0")
    return place


def test_tags_come_with_the_commits_behind_them(tagged, tmp_path):
    first, second = (git(tagged, "rev-parse", f"{tag}^{{commit}}") for tag in ("v1.0.0", "v1.1.0"))
    assert Git(tmp_path).tags(tagged) == {"v1": second, "v1.0.0": first, "v1.1.0": second}


def test_branches_are_no_tags(tagged, tmp_path):
    git(tagged, "branch", "v9.0.0")
    assert "v9.0.0" not in Git(tmp_path).tags(tagged)


def test_the_folder_that_we_are_in_has_no_say(tagged, tmp_path, monkeypatch):
    here = repository(tmp_path / "here", {"a": ""})
    git(here, "config", f"url.{tmp_path / 'elsewhere'}.insteadOf", str(tagged))
    monkeypatch.chdir(here)
    assert set(Git(tmp_path).tags(tagged)) == {"v1", "v1.0.0", "v1.1.0"}


@pytest.mark.parametrize("address", ["ext::sh -c id", "--upload-pack=id", "http://localhost/x", "git@x:y/z"])
def test_other_addresses_are_refused(address, tmp_path):
    with pytest.raises(GitError, match="is not an address"):
        Git(tmp_path).tags(address)
