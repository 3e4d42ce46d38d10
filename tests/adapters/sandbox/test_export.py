import os
import subprocess

import pytest

from cicd_defs.adapters.git import GitError
from cicd_defs.adapters.sandbox.errors import SandboxError
from cicd_defs.adapters.sandbox.export import export
from tests.resources.repository import committed, git, repository

MEGABYTE = 1 << 20


def exported(source, target, commit="", largest=MEGABYTE):
    target.mkdir()
    return export(source / ".git", commit or git(source, "rev-parse", "HEAD"), target, largest)


def test_files_are_written_byte_for_byte_whatever_attributes_say(tmp_path):
    files = {
        ".gitattributes": "*.txt text eol=crlf\n*.id ident export-subst\nleft.py export-ignore\n*.bin filter=evil\n",
        "a.txt": b"one\ntwo\n",
        "b.id": "$Id$ $Format:%H$",
        "left.py": "x = 1",
        "big.bin": os.urandom(100_000),
        "empty": "",
        "umlaut ä\n.txt": "x",
    }
    source = repository(tmp_path / "source", files)
    (source / "run.sh").write_text("#!/bin/sh\n")
    (source / "run.sh").chmod(0o755)
    (source / "inside").symlink_to("a.txt")
    committed(source, {})
    assert exported(source, tmp_path / "out") == ()
    for path, content in files.items():
        assert (tmp_path / "out" / path).read_bytes() == (
            content.encode() if isinstance(content, str) else content
        )
    assert os.access(tmp_path / "out/run.sh", os.X_OK)
    assert not os.access(tmp_path / "out/a.txt", os.X_OK) or os.geteuid() == 0
    assert (tmp_path / "out/inside").readlink().name == "a.txt"


@pytest.mark.parametrize(
    ("place", "target", "kept"),
    [
        ("link", "a.txt", True),
        ("d/link", "../a.txt", True),
        ("link", "nothing", True),
        ("link", "/etc/passwd", False),
        ("link", "../outside", False),
        ("d/link", "../../outside", False),
        ("d/link", "x/../../../outside", False),
    ],
)
def test_links_that_lead_out_are_left_out_and_said(tmp_path, place, target, kept):
    source = repository(tmp_path / "source", {"a.txt": "", "d/b.txt": ""})
    (source / place).symlink_to(target)
    committed(source, {})
    left = exported(source, tmp_path / "out")
    assert (left == ()) is kept
    assert (tmp_path / "out" / place).is_symlink() is kept


def made_tree(source, entries):
    """A commit of a tree that git itself would not make."""
    blob = git(source, "rev-parse", "HEAD:a.txt")
    body = b"".join(f"{mode} ".encode() + name + b"\0" + bytes.fromhex(blob) for mode, name in entries)
    tree = (
        subprocess.run(
            ["git", "hash-object", "-t", "tree", "-w", "--stdin", "--literally"],
            cwd=source,
            input=body,
            capture_output=True,
            check=True,
        )
        .stdout.decode()
        .strip()
    )
    return git(source, "commit-tree", "-m", "made", tree)


def test_names_that_lead_out_are_left_out(tmp_path):
    source = repository(tmp_path / "source", {"a.txt": "x"})
    commit = made_tree(source, [("100644", b".."), ("100644", b".git"), ("100644", b"fine")])
    assert exported(source, tmp_path / "out", commit) == ("..", ".git")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["fine"]


def test_too_much_is_refused(tmp_path):
    source = repository(tmp_path / "source", {"a.txt": "x" * 2000})
    with pytest.raises(SandboxError, match=r"has 1 files of 0 MB; at most .* Raise the limit"):
        exported(source, tmp_path / "out", largest=1000)


@pytest.mark.parametrize(
    ("commit", "error"), [("main", SandboxError), ("--output=x", SandboxError), ("0" * 40, GitError)]
)
def test_what_is_no_commit_is_refused(tmp_path, commit, error):
    source = repository(tmp_path / "source", {"a.txt": "x"})
    with pytest.raises(error):
        exported(source, tmp_path / "out", commit)
