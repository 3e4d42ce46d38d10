"""A check runs where the shell does not stop at a failure, and nobody looks at its exit status.

**Why it matters** The script goes on behind the failed check and ends with the status of its last command: the step is
green. That is so after `set +e`, in a shell that is started without `-e` (`bash -l {0}`), and in `sh -c "a; b"`.
**How to fix** Leave `set -e` on, or keep the status and leave with it: `status=$?` right behind the check, and
`exit "$status"` at the end.
**Example** `set +e`, `pytest`, `./report.sh` becomes `pytest` and a step with `if: always()` that runs `./report.sh`.
"""

import re
from collections.abc import Iterator

from cicd_defs.facts.findings import Confidence, Edit, Family, Fix, Severity
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.script import Command, Fate
from cicd_defs.facts.workflow import WrittenStep, WrittenWorkflow
from cicd_defs.judge.commands.legitimate import is_legitimate, status_is_read
from cicd_defs.judge.commands.swallowed import closing_success, command_name, guards_of, without_closing
from cicd_defs.judge.edits import edit_script, replace_scalar, with_all
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found

ABOUT = About(Family.CANNOT_FAIL, Severity.HIGH)

_TURNED_OFF = regex(r"set\s+(?:.*\s)?(?:\+[a-zA-Z]*e[a-zA-Z]*|\+o\s+errexit)(?:\s|$)")


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Each place that turns the stop at a failure off, with the first check that is lost by it."""
    for step in workflow.steps:
        if step.script is None or all(command.errexit for command in step.commands):
            continue
        yield from _in_step(step)


def _in_step(step: WrittenStep) -> Iterator[Found]:
    told: set[int] = set()
    for command, purpose in guards_of(step):
        if command.fate is not Fate.UNCHECKED or command.errexit or command.handler:
            continue
        off = _turned_off(step, command)
        if off is None and closing_success(step, command):
            continue  # `then-true` says more of it
        if (off.start if off else -1) in told:
            continue
        if is_legitimate(step, command, purpose) or status_is_read(step, command):
            continue
        told.add(off.start if off else -1)
        yield _found(step, command, off)


def _turned_off(step: WrittenStep, command: Command) -> Command | None:
    """The last `set +e` before a check, in its own shell."""
    found = [
        one
        for one in step.commands
        if one.name == "set" and one.depth == command.depth and one.start < command.start
    ]
    off = [one for one in found if _TURNED_OFF.match(one.text)]
    return off[-1] if off else None


def _found(step: WrittenStep, command: Command, off: Command | None) -> Found:
    name = command_name(command)
    if off is not None:
        start, end = step.place(off.start, off.end)
        said = f"`{name}` cannot fail here: behind `{off.text}` nobody looks at its exit status"
        edits = _turned_on(step, command, off)
        return Found(
            step.source, start, end, said, Fix("Stop at the first failure", edits) if edits else None
        )
    start, end = step.place(command.start, command.end)
    shell = f"`{step.shell}`" if command.depth == 0 else "the shell that it is called in"
    said = (
        f"`{name}` cannot fail here: {shell} does not stop at a failure, and nobody looks at its exit status"
    )
    edit = _stopping(step, command)
    fix = Fix("Stop at the first failure", (edit,)) if edit else None
    return Found(step.source, start, end, said, fix, confidence=Confidence.MEDIUM)


def _turned_on(step: WrittenStep, command: Command, off: Command) -> tuple[Edit, ...] | None:
    """`set -e` in its place, and no success at the script's end that makes light of the failure."""
    if len(off.words) > 3:  # `set +o errexit`
        return None
    closing = closing_success(step, command)
    begun = edit_script(step, off.start, off.end, "set -e")
    return with_all(begun, without_closing(step, closing)) if closing else with_all(begun)


def _stopping(step: WrittenStep, command: Command) -> Edit | None:
    """`-e` for the shell: in the step's own `shell`, or where it is called."""
    if command.depth == 0:
        written = step.node.scalar("shell")
        if written is None or " " not in written.text:
            return None
        program, _, rest = written.text.strip().partition(" ")
        return replace_scalar(step.source, written, f"{program} -e {rest}")
    outer = [one for one in step.commands if one.calls_script and one.start <= command.start <= one.end]
    if not outer:
        return None
    caller = outer[-1]
    for word, span in zip(caller.words, caller.spans, strict=True):
        if re.fullmatch(r"-[a-z]*c", word):
            return edit_script(step, span[0], span[1], f"-e{word[1:]}")
    return None
