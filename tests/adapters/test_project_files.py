import os
from pathlib import Path

import pytest

from cicd_defs.adapters.project_files import declared_in, read_project_files
from tests.resources.repository import write


def test_files_are_read_in_order_and_others_left_alone(tmp_path):
    files = {
        "shop.yaml": "repository: a/b\n",
        "api.yml": "repository: a/c\n",
        "project.schema.json": "{}",
        "x.txt": "",
    }
    read = read_project_files(write(tmp_path / "projects", files))
    assert [(file.shown, file.stem) for file in read] == [
        ("projects/api.yml", "api"),
        ("projects/shop.yaml", "shop"),
    ]
    assert [declared.project.repository for declared in declared_in(read)] == ["a/c", "a/b"]


def test_a_bad_file_costs_itself_only(tmp_path):
    files = {
        "bad.yaml": "repositry: a/b\n",
        "good.yaml": "repository: a/b\n",
        "worse.yaml": b"\xff",
        "empty.yaml": "",
    }
    read = {file.stem: file for file in read_project_files(write(tmp_path / "projects", files))}
    assert [name for name, file in read.items() if file.project] == ["good"]
    assert any("repositry" in str(problem) and problem.line == 1 for problem in read["bad"].problems)
    assert all(file.problems for name, file in read.items() if name != "good")


def test_of_names_that_collide_the_first_stays(tmp_path):
    files = {"a-b.yaml": "repository: a/b\n", "a_b.yaml": "repository: a/b\n", "a-b.yml": "repository: a/b\n"}
    read = read_project_files(write(tmp_path / "projects", files))
    assert [file.shown for file in read if file.project] == ["projects/a-b.yaml"]
    assert all("collides" in str(file.problems[0]) for file in read if not file.project)


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    write(tmp_path / "projects", {"good.yaml": "repository: a/b\n"})
    (tmp_path / "projects/folder.yaml").mkdir()
    (tmp_path / "projects/lost.yaml").symlink_to(tmp_path / "nowhere")
    read = {file.stem: file for file in read_project_files(tmp_path / "projects")}
    assert "cannot be read" in str(read["folder"].problems[0])
    assert "cannot be read" in str(read["lost"].problems[0])
    assert read["good"].project


def test_the_digest_is_that_of_the_bytes(tmp_path):
    write(
        tmp_path,
        {"a.yaml": "repository: a/b\n", "b.yaml": "repository: a/b\n", "c.yaml": "repository: a/b  # x\n"},
    )
    a, b, c = read_project_files(tmp_path)
    assert a.digest == b.digest != c.digest


@pytest.mark.parametrize("name", ["nowhere", "file", "file/below"])
def test_a_folder_that_is_not_there_is_told(name, tmp_path):
    write(tmp_path, {"file": ""})
    [read] = read_project_files(tmp_path / name)
    assert read.project is None
    assert f"there is no folder {tmp_path / name}" in str(read.problems[0])
    assert "Correct CICD_PROJECTS" in str(read.problems[0])


def test_an_empty_folder_means_no_projects(tmp_path):
    assert read_project_files(tmp_path) == ()


def test_a_name_that_is_not_utf8_can_be_shown(tmp_path):
    write(tmp_path / "projects", {"good.yaml": "repository: a/b\n"})
    Path(os.fsdecode(os.fsencode(tmp_path / "projects") + b"/sh\xffp.yaml")).write_text("repository: a/b\n")
    good, bad = read_project_files(tmp_path / "projects")
    assert good.project
    assert bad.project is None
    assert bad.shown == "projects/sh\\xffp.yaml"
    for text in (bad.shown, bad.stem, str(bad.path), *map(str, bad.problems)):
        text.encode()


def test_a_pipe_does_not_block(tmp_path):
    write(tmp_path / "projects", {"good.yaml": "repository: a/b\n"})
    os.mkfifo(tmp_path / "projects/pipe.yaml")
    good, pipe = read_project_files(tmp_path / "projects")
    assert good.project
    assert "it is not a regular file" in str(pipe.problems[0])


@pytest.mark.parametrize("name", ["project_files", "project-files"])
def test_the_name_of_our_own_asset_is_kept(name, tmp_path):
    [read] = read_project_files(write(tmp_path, {f"{name}.yaml": "repository: a/b\n"}))
    assert read.project is None
    assert len(read.problems) == 1
    assert "is the name of the asset" in str(read.problems[0])
    assert "Rename the file" in str(read.problems[0])
