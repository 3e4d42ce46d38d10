"""A script ends with `true` or `exit 0` behind a check, so that its own status is always success.

**Why it matters** Where the shell does not stop at a failure, as in `sh -c "npm test; true"`, the check cannot fail.
GitHub's own shells do stop, so there the line is only a trap: it turns the check off as soon as `set +e` comes near.
**How to fix** Take the closing `true` or `exit 0` away.
**Example** `sh -c "npm test; true"` becomes `sh -c "npm test"`.
"""

import re
from collections.abc import Iterator

from cicd_defs.facts.findings import Confidence, Family, Fix, Severity
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.script import Command, Fate
from cicd_defs.facts.workflow import WrittenStep, WrittenWorkflow
from cicd_defs.judge.commands.legitimate import is_legitimate, status_is_read
from cicd_defs.judge.commands.swallowed import closing_success, command_name, guards_of, without_closing
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found

ABOUT = About(Family.CANNOT_FAIL, Severity.MEDIUM, Confidence.MEDIUM)

_ENDS = regex(r"\btrue\b|(?:^|\s):|\b(?:exit|return) 0", re.MULTILINE)


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Checks with nothing but success behind them."""
    for step in workflow.steps:
        if step.run is None or not _ENDS.search(step.run.text):
            continue
        for command, purpose in guards_of(step):
            if command.fate not in {Fate.REACHES, Fate.UNCHECKED, Fate.LEFT_OF_AND} or command.handler:
                continue
            if command.depth and command.errexit:
                continue  # `bash -ec "…"` stops at a failure, and somebody saw to that
            if (
                command.depth == 0
                and not command.errexit
                and command.fate is Fate.UNCHECKED
                and _by_set(step)
            ):
                continue  # `errexit-off` says more of it
            last = closing_success(step, command)
            if last and not is_legitimate(step, command, purpose) and not status_is_read(step, command):
                yield _found(step, command, last)


def _by_set(step: WrittenStep) -> bool:
    return any(one.name == "set" and not one.text.startswith("set -") for one in step.commands)


def _found(step: WrittenStep, command: Command, last: Command) -> Found:
    name = command_name(command)
    hidden = command.fate is Fate.UNCHECKED
    said = (
        f"`{name}` cannot fail here: `{last.text}` behind it is what the shell ends with"
        if hidden
        else f"`{last.text}` behind `{name}` makes light of its failure: only `set -e` still stops the step"
    )
    start, end = step.place(last.start, last.end)
    edit = without_closing(step, last)
    return Found(
        step.source,
        start,
        end,
        said,
        Fix(f"Take `{last.text}` away", (edit,)) if edit else None,
        confidence=Confidence.HIGH if hidden else Confidence.LOW,
    )
