"""Workspace members: folders that match the globs of a workspace's root."""

import re
from collections.abc import Iterable
from functools import lru_cache

from cicd_defs.facts.survey import is_within

MOST_WILDCARDS = 5  # more would make matching slow, and no workspace needs them


def within_globs(
    folders: Iterable[str], root: str, include: Iterable[str], exclude: Iterable[str] = ()
) -> list[str]:
    """The folders below a root that match one of the globs (`packages/*`, `crates/**`, `!packages/x`)."""
    globs = [glob.strip() for glob in include]
    wanted = [pattern_of(glob) for glob in globs if not glob.startswith("!")]
    unwanted = [pattern_of(glob.lstrip("!")) for glob in (*(g for g in globs if g.startswith("!")), *exclude)]
    members = []
    for folder in folders:
        if folder == root or not is_within(folder, root):
            continue
        inside = folder if root == "." else folder[len(root) + 1 :]
        if any(p.fullmatch(inside) for p in wanted) and not any(p.fullmatch(inside) for p in unwanted):
            members.append(folder)
    return members


@lru_cache(maxsize=4096)
def pattern_of(glob: str) -> re.Pattern[str]:
    """A glob as a pattern for whole paths; one with more wildcards than `MOST_WILDCARDS` matches nothing."""
    glob = glob[:300].removeprefix("./").rstrip("/")
    if len(re.findall(r"\*+", glob)) > MOST_WILDCARDS:
        return re.compile(r"(?!)")
    parts = []
    for piece in re.split(r"(\*\*/?|\*|\?|\{[^{}]*\})", glob):
        if piece.startswith("**"):
            parts.append(".*")
        elif piece == "*":
            parts.append("[^/]*")
        elif piece == "?":
            parts.append("[^/]")
        elif piece.startswith("{"):
            parts.append("(?:" + "|".join(map(re.escape, piece[1:-1].split(","))) + ")")
        else:
            parts.append(re.escape(piece))
    return re.compile("".join(parts))
