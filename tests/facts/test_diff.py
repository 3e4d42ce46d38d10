"""A change as git writes it, read: every kind of file, any name, and what is too much."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cicd_defs.adapters.git.writing import GitRepositories
from cicd_defs.facts.changes import reading
from cicd_defs.facts.changes.diff import ChangedFile, Diff
from cicd_defs.facts.changes.patches import path_outside
from cicd_defs.facts.changes.reading import read_diff
from tests.resources.repository import committed, git, repository, write

HOSTILE = (
    "a\nb",
    'quo"te',
    "tab\there",
    "back\\slash",
    "-rf",
    "a b/ü ñ",
    "x => y",
    "{old => new}",
    "\ndiff --git a/safe b/safe\n@@ -0,0 +1 @@\n+forged",
    ":100644 100644 0 0 M",
)


def changed(tmp_path: Path, before: dict, after: dict) -> Diff:
    """What a second commit changes that has these files besides; None removes one."""
    work = repository(tmp_path / "work", before)
    base = git(work, "rev-parse", "HEAD")
    for path, content in after.items():
        place = work / path
        if place.is_symlink() or (content is None and place.exists()):
            place.unlink()
        if isinstance(content, Path):
            place.unlink(missing_ok=True)
            place.symlink_to(content)
        elif content is not None:
            write(work, {path: content})
    head = git(committed(work, {}), "rev-parse", "HEAD")
    return GitRepositories().diff(str(work / ".git"), base, head)


def only(diff: Diff) -> ChangedFile:
    (file,) = diff.files
    return file


LONG = "".join(f"line {number}\n" for number in range(40))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(None, "a\nb\n", {"status": "added", "mode": "100644", "added_lines": 2}, id="added"),
        pytest.param("a\n", None, {"status": "deleted", "mode": "100644", "removed_lines": 1}, id="deleted"),
        pytest.param(
            "a\n", "b\n", {"status": "modified", "added_lines": 1, "removed_lines": 1}, id="modified"
        ),
        pytest.param(None, "", {"status": "added", "added_lines": 0, "cut": False}, id="empty"),
        pytest.param(None, b"\0\1", {"binary": True, "added": (), "cut": False}, id="binary"),
        pytest.param(None, Path("/etc/passwd"), {"mode": "120000", "status": "added"}, id="link"),
        pytest.param("a\n", Path("x"), {"mode": "120000", "status": "type_changed"}, id="file-to-link"),
        pytest.param(Path("x"), "a\n", {"mode": "100644", "status": "type_changed"}, id="link-to-file"),
        pytest.param(None, "ends without", {"added_lines": 1}, id="no-newline"),
    ],
)
def test_one_file(tmp_path, before, after, expected):
    start = {"other": "1"} | ({"f": before} if isinstance(before, str) else {})
    if isinstance(before, Path):
        (tmp_path / "work").mkdir()
        (tmp_path / "work" / "f").symlink_to(before)
    file = only(changed(tmp_path, start, {"f": after}))
    assert {name: getattr(file, name) for name in expected} == expected
    assert (file.path, file.old_path) == ("f", "f")


def test_a_moved_file_names_both_places_and_its_new_mode(tmp_path):
    work = repository(tmp_path / "work", {"old.sh": LONG})
    base = git(work, "rev-parse", "HEAD")
    git(work, "mv", "old.sh", "new.sh")
    (work / "new.sh").chmod(0o755)
    (work / "new.sh").write_text(LONG.replace("line 7\n", "seven\n"))
    head = git(committed(work, {}), "rev-parse", "HEAD")
    diff = GitRepositories().diff(str(work / ".git"), base, head)
    file = only(diff)
    assert (file.status, file.mode, file.old_path, file.path) == ("renamed", "100755", "old.sh", "new.sh")
    assert diff.paths == ("new.sh", "old.sh")
    assert [(line.number, line.text) for line in file.added] == [(8, "seven")]
    assert [(line.number, line.text) for line in file.removed] == [(8, "line 7")]


def test_a_submodule_is_a_file_of_its_mode(tmp_path):
    work = repository(tmp_path / "work", {"a": "1"})
    base = git(work, "rev-parse", "HEAD")
    git(work, "update-index", "--add", "--cacheinfo", f"160000,{base},sub")
    git(work, "commit", "--quiet", "-m", "sub")
    diff = GitRepositories().diff(str(work / ".git"), base, git(work, "rev-parse", "HEAD"))
    assert (only(diff).path, only(diff).mode) == ("sub", "160000")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_one_file_with_its_own_lines(tmp_path, name):
    diff = changed(tmp_path, {"z": "1\n", name: LONG}, {name: LONG + "new\n", "z": "2\n"})
    assert sorted(diff.paths) == sorted([name, "z"])
    lines = {file.path: [line.text for line in file.added] for file in diff.files}
    assert lines == {name: ["new"], "z": ["2"]}


def test_a_name_that_is_not_utf8_is_written_with_escapes(tmp_path):
    work = repository(tmp_path / "work", {"a": "1"})
    base = git(work, "rev-parse", "HEAD")
    Path(os.fsdecode(os.fsencode(work) + b"/x-\xff")).touch()
    head = git(committed(work, {}), "rev-parse", "HEAD")
    assert GitRepositories().diff(str(work / ".git"), base, head).paths == ("x-\\xff",)


LINES = st.lists(
    st.sampled_from(["a", "b", "", "+x", "-y", "@@ -1 +1 @@", "diff --git a/q b/q", "\\ No", "\r"])
)


@settings(max_examples=25)
@given(LINES, LINES)
def test_lines_that_look_like_a_patch_are_lines(tmp_path_factory, before, after):
    old, new = ("".join(f"{line}\n" for line in lines) for lines in (before, after))
    diff = changed(tmp_path_factory.mktemp("diff"), {"f": old, "z": "z"}, {"f": new})
    if old == new:
        assert diff.files == ()
        return
    file = only(diff)
    assert all(after[line.number - 1] == line.text for line in file.added)
    assert all(before[line.number - 1] == line.text for line in file.removed)
    kept = [
        line for number, line in enumerate(before, 1) if number not in {one.number for one in file.removed}
    ]
    assert kept == [
        line for number, line in enumerate(after, 1) if number not in {one.number for one in file.added}
    ]


def test_a_large_change_is_cut_and_small_ones_beside_it_are_not(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "MOST_LINES", 50)
    monkeypatch.setattr(reading, "MOST_TEXT", 1000)
    diff = changed(tmp_path, {"a": "1"}, {"a-large": "x\n" * 49, "long": "y" * 2000, "small": "z\n" * 3})
    assert [(file.path, file.cut, file.added_lines, len(file.added)) for file in diff.files] == [
        ("a-large", True, 49, 0),
        ("long", True, 1, 0),
        ("small", False, 3, 3),
    ]
    assert not diff.cut


def test_more_files_than_are_read_are_said(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "MOST_FILES", 2)
    diff = changed(tmp_path, {"z": "1"}, dict.fromkeys("abc", "x\n"))
    assert ([file.path for file in diff.files], diff.cut) == (["a", "b"], True)


def test_a_nul_in_a_text_can_be_stored(tmp_path):
    file = only(changed(tmp_path, {"z": "1"}, {"f": b"x" * 9000 + b"\n\0\xff\n"}))
    assert file.added[1].text == "\ufffd\\xff"


RAW = b":100644 100644 1111111 2222222 M\0f\0"


@pytest.mark.parametrize(
    "data",
    [
        b"x",
        b"hello\0",
        b":100644 100644 1 2 X\0f\0",
        b":100644 100644 1 2 R100\0f\0",
        RAW,
        RAW + b"1\tx\tf\0",
        RAW + b"1\t0\tf\0" + b"1\t0\tg\0",
        RAW + b"1\t0\tf\0\0diff --git a/f b/f\n@@ -0,0 +1 @@\n",
        RAW + b"1\t0\tf\0\0diff --git a/f b/f\n@@ -0,0 +1 @@\n context\n",
        RAW + b"2\t0\tf\0\0diff --git a/f b/f\n@@ -0,0 +1 @@\n+x\n",
        RAW + b"1\t0\tf\0\0diff --git a/f b/f\ndiff --git a/g b/g\n",
    ],
)
def test_what_git_does_not_write_is_refused(data):
    with pytest.raises(ValueError, match=r"."):
        read_diff(data)


def test_without_a_patch_the_files_are_there_and_their_lines_cut():
    assert only(read_diff(RAW + b"7\t5\tf\0")) == ChangedFile(
        path="f", old_path="f", status="modified", cut=True, added_lines=7, removed_lines=5
    )
    assert read_diff(b"") == Diff()


@pytest.mark.parametrize(
    ("patch", "path"),
    [
        ("--- /dev/null\n+++ b/x\n", None),
        ("--- a/x\n+++ /etc/x\n", "/etc/x"),
        ("diff --git a/../x b/x\n", "a/../x"),
        ("rename to ../x\n", "../x"),
        ('+++ "/x"\n', '"/x"'),
        ("@@ -1,2 +1,2 @@\n--- /x\n+++ /y\n \n", None),
        ("@@ -1 +1 @@\n-a\n+b\n--- /x\n", "/x"),
    ],
)
def test_paths_that_a_patch_names(patch, path):
    assert path_outside(patch) == path
