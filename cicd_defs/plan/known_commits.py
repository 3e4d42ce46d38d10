"""The commit behind a version of an action, anybody's, as far as the dated table of versions tells.

Tags of the action's own repository come before comments that people wrote beside their pins.
"""

import re
from functools import cache, lru_cache
from typing import NamedTuple

from cicd_defs.plan.pins import rows_of

_NUMBERS = re.compile(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?", re.ASCII)


class Known(NamedTuple):
    """A commit, the fullest version that is known for it, and whether a tag of just that name pointed to it."""

    commit: str
    version: str
    exact: bool


@lru_cache(maxsize=1024)
def commit_of(action: str, version: str) -> Known | None:
    """The commit that a version of an action stands for; None where the table does not tell, as for a branch.

    `v4` stands for what the tag `v4` pointed to, else for the newest `v4.….…` in the table.
    """
    rows = _versions_of("/".join(action.lower().split("/")[:2]))
    if not rows or not version:
        return None
    row = rows.get(version)
    if row is not None:
        return Known(row[0], _fullest(rows, row[0], version), row[1])
    numbers = _NUMBERS.fullmatch(version)
    if numbers is None:
        return None
    within = [
        (parsed, known)
        for known in rows
        if (parsed := _parsed(known)) and _is_within(parsed, numbers.groups())
    ]
    if not within or numbers[3] is not None:
        return None
    newest = max(within)[1]
    return Known(rows[newest][0], newest, False)


def _is_within(parsed: tuple[int, int, int], wanted: tuple[str | None, ...]) -> bool:
    return all(part is None or int(part) == have for part, have in zip(wanted, parsed, strict=True))


def _parsed(version: str) -> tuple[int, int, int] | None:
    found = _NUMBERS.fullmatch(version)
    return (int(found[1]), int(found[2]), int(found[3])) if found and found[3] else None


def _fullest(rows: dict[str, tuple[str, bool]], commit: str, version: str) -> str:
    """The full version with the same commit, such as `v4.2.2` for `v4`, but not `v5.0.0`."""
    numbers = _NUMBERS.fullmatch(version)
    same = [
        (parsed, name[:1] == version[:1], name)
        for name, (known, _) in rows.items()
        if known == commit
        and (parsed := _parsed(name))
        and (numbers is None or _is_within(parsed, numbers.groups()))
    ]
    return max(same)[2] if same else version


@cache
def _versions_of(repository: str) -> dict[str, tuple[str, bool]]:
    """The versions of a repository, in small letters: each with its commit, and whether a tag told it."""
    versions: dict[str, tuple[str, bool]] = {}
    for row in rows_of(repository):
        if row.version not in versions or row.source == "tag":
            versions[row.version] = (row.commit, row.source == "tag")
    return versions
