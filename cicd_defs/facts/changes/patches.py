"""What a patch names, before anybody applies it."""

import re
from collections.abc import Iterator

_HUNK = re.compile(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_NAMES = re.compile(r"(?:--- |\+\+\+ |(?:rename|copy) (?:from|to) )(.*)")
_BOTH = re.compile(r"diff --git (.*)")


def path_outside(patch: str) -> str | None:
    """The first path in a patch's headers that is absolute or has a part `..`; None where there is none."""
    return next((path for path in _named(patch) if _leads_out(path)), None)


def _named(patch: str) -> Iterator[str]:
    """The paths in the headers. Lines of a hunk are skipped, as many as it announces."""
    old = new = 0
    for line in patch.split("\n"):
        if old > 0 or new > 0:
            old, new = old - (line[:1] in "- "), new - (line[:1] in "+ ")
        elif hunk := _HUNK.match(line):
            old, new = (int(count) if count is not None else 1 for count in hunk.groups())
        elif both := _BOTH.match(line):
            yield from both[1].split(" ")
        elif names := _NAMES.match(line):
            yield names[1].split("\t")[0]


def _leads_out(path: str) -> bool:
    plain = path.strip().strip('"')
    return plain != "/dev/null" and (plain.startswith("/") or ".." in re.split(r"[/\\]", plain))
