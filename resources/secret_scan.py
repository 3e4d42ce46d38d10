"""A program of its own: detect-secrets over some folders, asked by JSON and answering in JSON.

It reads `{"folders": [...], "filters": [...]}` and answers one object for each folder: `found` and `allowed` (what has
`pragma: allowlist secret` beside it) as lists of `[file, type, hash, line, word]`, and `unread` as `[file, reason]`.
Secrets themselves leave it in no way: not in its answer, and not in what it complains of. `hash` is the one that
detect-secrets gives; of some kinds it is made of a few first letters only, and `word` is then the whole word's.

It is detect-secrets without its command line, which would load plugins and filters from the folder that it is shown,
and would ask each service whether a secret works. Only what comes with detect-secrets is used, and nobody is asked.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from hashlib import sha1
from multiprocessing import Pool
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from detect_secrets.core.potential_secret import PotentialSecret

ALLOWLIST = "detect_secrets.filters.allowlist.is_line_allowlisted"
FILTERS = (
    "is_indirect_reference",
    "is_likely_id_string",
    "is_lock_file",
    "is_not_alphanumeric_string",
    "is_potential_uuid",
    "is_prefixed_with_dollar_sign",
    "is_sequential_string",
    "is_swagger_file",
    "is_templated_secret",
)
"""What detect-secrets leaves out by itself."""

FILES_FOR_A_PROCESS = 100
"""So many files are worth one more process."""

SHORTEST_SECRET = 8
"""Letters; what is shorter is taken for the beginning of a secret."""

_WORD = re.compile(r"[\w./+=~-]+")
_MARK = re.compile(rb"pragma: ?(allow|white)list", re.IGNORECASE)

Row = tuple[str, str, str, int, str]
Filter = dict[str, object]
Found = tuple[list[Row], tuple[str, str] | None]


def main() -> None:
    """Read what is asked, scan, answer."""
    asked = json.load(sys.stdin)
    answer, refused = [], []
    extra: list[Filter] = []
    for one in asked["filters"]:
        patterns = [pattern for pattern in one["pattern"] if _compiles(pattern)]
        refused += [pattern for pattern in one["pattern"] if pattern not in patterns]
        extra += [{"path": one["path"], "pattern": patterns}] if patterns else []
    for folder in asked["folders"]:
        os.chdir(folder)  # filters of files are shown paths as they are in the repository
        answer.append(_scanned(extra))
    json.dump({"folders": answer, "refused": len(refused)}, sys.stdout)


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return False
    return True


def _scanned(extra: Sequence[Filter]) -> dict[str, object]:
    paths = sorted((Path(here) / name).as_posix() for here, _, names in os.walk(".") for name in names)
    marked = [path for path in paths if _MARK.search(Path(path).read_bytes())]
    found, unread = _found(paths, [{"path": ALLOWLIST}, *extra])
    everything, _ = _found(marked, extra)
    return {"found": found, "allowed": sorted(set(everything) - set(found)), "unread": unread}


def _found(paths: Sequence[str], extra: Sequence[Filter]) -> tuple[list[Row], list[tuple[str, str]]]:
    found: set[Row] = set()
    unread: list[tuple[str, str]] = []
    workers = min(os.cpu_count() or 1, 1 + len(paths) // FILES_FOR_A_PROCESS)
    for rows, complaint in _each(paths, list(extra), workers):
        found.update(rows)
        unread += [complaint] if complaint else []
    return sorted(found), sorted(unread)


def _each(paths: Sequence[str], extra: list[Filter], workers: int) -> Iterator[Found]:
    if workers == 1:
        _set_up(extra)
        yield from map(_in_file, paths)
        return
    with Pool(workers, _set_up, (extra,)) as pool:
        yield from pool.imap_unordered(_in_file, paths, chunksize=8)


def _set_up(extra: list[Filter]) -> None:
    """In each process: every plugin that comes with detect-secrets, and these filters."""
    from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
    from detect_secrets.settings import cache_bust, configure_settings_from_baseline

    kinds: dict[str, type] = dict(get_mapping_from_secret_type_to_class())
    names = [kind.__name__ for kind in kinds.values()]
    filters = [{"path": f"detect_secrets.filters.heuristic.{name}"} for name in FILTERS]
    cache_bust()
    configure_settings_from_baseline(
        {"plugins_used": [{"name": name} for name in names], "filters_used": [*filters, *extra]}
    )


def _in_file(path: str) -> Found:
    """What is found in one file; or that it could not be read, and nothing of what is in it."""
    from detect_secrets.core.scan import scan_file

    try:
        return [_row(path, one) for one in scan_file(path)], None
    except Exception as error:  # one file that it stumbles over must not cost the others
        return [], (path, type(error).__name__)


def _row(path: str, secret: PotentialSecret) -> Row:
    value, word = secret.secret_value or "", ""
    if len(value) < SHORTEST_SECRET:
        line = Path(path).read_text("utf-8", "replace").splitlines()[secret.line_number - 1]
        words = [one for one in _WORD.findall(line) if value in one]
        word = sha1(max(words, key=len, default=value).encode(), usedforsecurity=False).hexdigest()
    return path, secret.type, secret.secret_hash, secret.line_number, word


if __name__ == "__main__":
    main()
