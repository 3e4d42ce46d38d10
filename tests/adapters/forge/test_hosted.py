"""Where the repositories of declared projects lie."""

from pathlib import Path

import pytest

from cicd_defs.adapters.forge.hosted import hosted_from
from cicd_defs.adapters.git.writing import make_bare
from cicd_defs.adapters.project_files import declared_in, read_project_files
from tests.resources.repository import repository, write


@pytest.mark.parametrize(
    ("repository_key", "name", "place"),
    [
        ("acme/shop", "acme/shop", "forge/acme/shop.git"),
        ("../bare.git", "local/shop", "bare.git"),
        ("../source", "local/shop", "forge/local/shop.git"),
        ("https://git.example.com/acme/shop", "local/shop", "forge/local/shop.git"),
    ],
)
def test_where_a_repository_lies(tmp_path, repository_key, name, place):
    make_bare(repository(tmp_path / "source", {"a": "1"}), tmp_path / "bare.git")
    write(tmp_path, {"projects/shop.yaml": f"repository: {repository_key}\nbranch: dev\n"})
    declared = declared_in(read_project_files(tmp_path / "projects"))
    hosted = hosted_from(declared, tmp_path / "forge")
    assert list(hosted) == [name]
    found = hosted[name]
    assert (found.project, found.branch, found.git_dir) == ("shop", "dev", tmp_path / place)
    assert found.exists == (place == "bare.git")
    assert (found.source is not None) == repository_key.startswith("..")


def test_of_projects_that_share_a_repository_the_first_counts(tmp_path):
    write(tmp_path, {f"projects/{name}.yaml": "repository: acme/shop\n" for name in ("b", "a")})
    hosted = hosted_from(declared_in(read_project_files(tmp_path / "projects")), Path("/forge"))
    assert [(name, one.project) for name, one in hosted.items()] == [("acme/shop", "a")]
