"""What a sparse checkout leaves out of a work tree: files that git has, and that do not stand there."""

from __future__ import annotations

from pathlib import Path

from cicd_defs.adapters.git import GitError, run_git


def left_out(path: Path) -> frozenset[str]:
    """The tracked files below a folder that its work tree is told to leave out; none outside of a work tree."""
    try:
        answer = run_git("ls-files", "-z", "-t", "--cached", work_tree=path)
    except GitError:  # a folder without git leaves nothing out
        return frozenset()
    lines = answer.decode("utf-8", "replace").split("\0")
    return frozenset(line[2:] for line in lines if line.startswith("S ") and not (path / line[2:]).exists())
