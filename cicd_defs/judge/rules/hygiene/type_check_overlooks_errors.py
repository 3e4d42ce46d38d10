"""A type check is told to overlook errors by the flags that it is called with.

**Why it matters** With `--ignore-missing-imports` or `--follow-imports=skip` everything that comes from another
package, or one whose name is mistyped, is `Any`: calls into it are not checked, and nobody learns that they are not.
**How to fix** Take the flag away and install the types (`types-requests`, `--install-types`). For a package that has
none, say so for that package alone: `[[tool.mypy.overrides]]` with `module = ["boto3.*"]`.
**Example** `mypy src --ignore-missing-imports` becomes `mypy src`.
"""

from collections.abc import Iterator

from cicd_defs.facts.findings import Family, Fix, Severity
from cicd_defs.facts.script import Command
from cicd_defs.facts.workflow import WrittenStep, WrittenWorkflow
from cicd_defs.judge.edits import edit_script
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found

ABOUT = About(Family.HYGIENE, Severity.MEDIUM)

_MYPY_PROGRAMS = frozenset({"mypy", "dmypy"})
_TYPESCRIPT = frozenset({"tsc", "vue-tsc", "tsgo"})
_PROGRAMS = _MYPY_PROGRAMS | _TYPESCRIPT

MYPY = ("--ignore-missing-imports", "--ignore-errors")
TSC = ("--noCheck",)


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Flags of mypy and tsc that hide errors."""
    for step in workflow.steps:
        for command in step.commands:
            for first, last in _flags(command):
                yield _found(step, command, first, last)


def _flags(command: Command) -> Iterator[tuple[int, int]]:
    """The numbers of the first and last word of each such flag."""
    words = command.words
    if command.calls_script:
        return
    begin = next((at for at, word in enumerate(words) if word.rpartition("/")[2] in _PROGRAMS), None)
    if begin is None:
        return
    program = words[begin].rpartition("/")[2]
    if "install" in words[:begin]:
        return
    for at in range(begin + 1, len(words)):
        word, following = words[at], words[at + 1] if at + 1 < len(words) else ""
        if program in _TYPESCRIPT:
            if word in TSC or (word == "--strict" and following == "false"):
                yield at, at + (following in {"false", "true"})
        elif word in MYPY or word == "--follow-imports=skip":
            yield at, at
        elif word == "--follow-imports" and following == "skip":
            yield at, at + 1


def _found(step: WrittenStep, command: Command, first: int, last: int) -> Found:
    assert step.run is not None
    text = step.run.text
    start, end = command.spans[first][0], command.spans[last][1]
    begin = start - (len(text[:start]) - len(text[:start].rstrip(" \t")))
    if text[:begin].endswith(("\n", "\\")):  # the flag begins a line: the blanks and the next word stay
        stop = end + (len(text[end:]) - len(text[end:].lstrip(" \t")))
        edit = edit_script(step, start, stop, "") if text[stop : stop + 1] not in {"", "\n", "\\"} else None
        if edit is None and text[stop : stop + 2] == "\\\n":
            edit = edit_script(step, text.rfind("\n", 0, start) + 1, stop + 2, "")
        elif edit is None and begin >= 2 and text[:begin].endswith("\\\n"):
            edit = edit_script(
                step, begin - 2 - (len(text[: begin - 2]) - len(text[: begin - 2].rstrip(" \t"))), end, ""
            )
    else:
        edit = edit_script(step, begin, end, "")
    flag = " ".join(command.words[first : last + 1])
    place = step.place(start, end)
    message = f"`{flag}` makes the type check overlook errors"
    return Found(step.source, *place, message, Fix(f"Take `{flag}` away", (edit,)) if edit else None)
