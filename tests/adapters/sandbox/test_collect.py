import os
import socket
from pathlib import Path

import pytest

from cicd_defs.adapters.sandbox import collect as module
from cicd_defs.adapters.sandbox.collect import collect
from tests.resources.repository import write

FILES = {
    "report.xml": "<a/>",
    "reports/one.xml": "1",
    "reports/deep/two.xml": "2",
    "reports/one.txt": "t",
    "node_modules/x/three.xml": "3",
}


@pytest.mark.parametrize(
    ("patterns", "paths"),
    [
        (["report.xml"], ["report.xml"]),
        (["./report.xml", "reports/*.xml"], ["report.xml", "reports/one.xml"]),
        (["reports/**/*.xml"], ["reports/deep/two.xml", "reports/one.xml"]),
        (["**/*.xml"], ["report.xml", "reports/deep/two.xml", "reports/one.xml"]),
        (["../secret", "/etc/passwd", "nothing"], []),
        ([], []),
    ],
)
def test_files_that_match_are_taken(tmp_path, patterns, paths):
    found = collect(write(tmp_path / "top", FILES), patterns)
    assert sorted(found) == paths
    assert found.refused == {}
    assert all(found[path] == FILES[path].encode() for path in paths)


def linked(place):
    place.symlink_to("/etc/passwd")


def inside_link(place):
    place.symlink_to(place.with_name("other.xml"))


def piped(place):
    os.mkfifo(place)


def listening(place):
    socket.socket(socket.AF_UNIX).bind(str(place))


@pytest.mark.parametrize(
    ("made", "said"),
    [
        pytest.param(linked, "It is a link; links are not followed.", id="link-out"),
        pytest.param(inside_link, "It is a link; links are not followed.", id="link-inside"),
        pytest.param(piped, "It is no regular file.", id="pipe"),
        pytest.param(listening, "No such device or address.", id="socket"),
    ],
)
def test_what_is_no_file_is_refused_and_said(tmp_path, made, said):
    write(tmp_path, {"other.xml": "x"})
    made(tmp_path / "report.xml")
    found = collect(tmp_path, ["report.xml"])
    assert found == {}
    assert found.refused == {"report.xml": said}


def test_a_link_where_a_folder_was_expected_is_refused_and_said(tmp_path):
    write(tmp_path, {"top/a.txt": "", "away/one.xml": "secret"})
    (tmp_path / "top/reports").symlink_to(tmp_path / "away")
    found = collect(tmp_path / "top", ["reports/*.xml", "**/*.xml"])
    assert (found, found.refused) == ({}, {"reports": "It is a link; links are not followed."})


def test_number_and_size_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST_FILES", 3)
    monkeypatch.setattr(module, "LARGEST_FILE", 100)
    monkeypatch.setattr(module, "LARGEST_SUM", 150)
    write(tmp_path, {"a": "x" * 101, "b": "x" * 100, "c": "x" * 51, "d": "x" * 50, "e": "", "f": ""})
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(1 << 40)
    found = collect(tmp_path, ["*"])
    assert sorted(found) == ["b", "d", "e"]
    assert set(found.refused) == {"a", "c", "f", "sparse"}
    assert found.refused["a"] == "It has 101 bytes; 100 are left to take."


def test_what_is_very_deep_or_very_much_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_MOST_SEEN", 50)
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1500):
        Path(f"/proc/self/fd/{here}/d").mkdir()  # the whole path would be too long
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    write(tmp_path, {f"f{at}": "" for at in range(60)})
    assert "" in collect(tmp_path, ["**/*.xml"]).refused
    os.system(f"rm -rf {tmp_path}/d")
