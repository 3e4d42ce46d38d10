"""Good and bad cases of each rule: `FAMILY/RULE.txt`.

A file is cut at lines `### bad: what` and `### good: what`; a case at lines `--- path` into files (without one it is
`.github/workflows/ci.yml`). A line that must be found ends with ` #!`, which is taken off before it is judged. Where a
line can hold no such mark, the head says it: `### bad: what @ path:line`.
"""

import re
from pathlib import Path
from typing import NamedTuple

CASES = Path(__file__).parent
DEFAULT_PATH = ".github/workflows/ci.yml"
_HEAD = re.compile(r"^### (bad|good): (.+?)((?: @ \S+:\d+)*)$")
_MARK = re.compile(r"[ \t]*#!$")


class Case(NamedTuple):
    """One case: its files, and where the rule must find something, as path and line."""

    rule: str
    bad: bool
    title: str
    files: dict[str, str]
    expected: tuple[tuple[str, int], ...]


def cases_of(file: Path) -> list[Case]:
    """The cases in a file."""
    found: list[Case] = []
    head: re.Match[str] | None = None
    lines: list[str] = []
    for line in [*file.read_text("utf-8").splitlines(), "### good: end"]:
        if begun := _HEAD.match(line):
            if head:
                found.append(_case(file.stem.replace("_", "-"), head, lines))
            head, lines = begun, []
        else:
            lines.append(line)
    return found


def _case(rule: str, head: re.Match[str], lines: list[str]) -> Case:
    files: dict[str, list[str]] = {}
    path = DEFAULT_PATH
    expected = [(place, int(line)) for place, line in re.findall(r"@ (\S+):(\d+)", head[3])]
    for line in lines:
        if line.startswith("--- "):
            path = line[4:].strip()
            files.setdefault(path, [])
            continue
        held = files.setdefault(path, [])
        held.append(_MARK.sub("", line))
        if _MARK.search(line):
            expected.append((path, len(held)))
    texts = {
        path: "\n".join(held).strip("\n") + "\n" if "".join(held).strip() else ""
        for path, held in files.items()
    }
    return Case(
        rule,
        head[1] == "bad",
        head[2],
        {p: t for p, t in texts.items() if t or p != DEFAULT_PATH},
        tuple(sorted(expected)),
    )


ALL = [case for file in sorted(CASES.rglob("*.txt")) for case in cases_of(file)]
