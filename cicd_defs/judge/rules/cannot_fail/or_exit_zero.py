"""A check's failure ends the script with success: `|| exit 0`.

**Why it matters** The step is green whatever the check says, and what follows in the script is left out as well.
**How to fix** Take `|| exit 0` away. To stop quietly where there is nothing to check, ask for that before the check.
**Example** `pytest -q || exit 0` becomes `pytest -q`.
"""

from collections.abc import Iterator

from cicd_defs.facts.findings import Family, Fix, Severity
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.script import Fate, Handler
from cicd_defs.facts.workflow import WrittenStep, WrittenWorkflow
from cicd_defs.judge.commands.legitimate import is_legitimate
from cicd_defs.judge.commands.swallowed import command_name, guards_of, handled, swallowed_checks
from cicd_defs.judge.edits import edit_script, with_all
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found

ABOUT = About(Family.CANNOT_FAIL, Severity.HIGH)

_TRAP = regex(r"trap \S*?(?:.*[;\s\"'])?exit 0[;\"']* (?:\S+ )*(?:ERR|EXIT|0)(?: \S+)*")


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Checks behind whose failure the script leaves with 0."""
    for step, command, handler in swallowed_checks(workflow):
        if _leaves_with_success(handler):
            yield handled(step, command, handler)
    for step in workflow.steps:
        if step.run is None or " 0" not in step.run.text:
            continue
        if "fi" in step.run.text:
            yield from _in_conditions(step)
        if "trap" in step.run.text:
            yield from _in_traps(step)


def _in_conditions(step: WrittenStep) -> Iterator[Found]:
    for command, purpose in guards_of(step):
        handler = command.handler
        if command.fate is not Fate.TESTED or handler is None or not _leaves_with_success(handler):
            continue
        if is_legitimate(step, command, purpose):
            continue
        leaving = next(one for one in handler.commands if one.name in {"exit", "return"})
        start, end = step.place(command.start, leaving.end)
        name = command_name(command)
        edits = with_all(edit_script(step, *leaving.spans[1], "1"))
        yield Found(
            step.source,
            start,
            end,
            f"`{name}` cannot fail here: where it fails, the script leaves with `{leaving.text}`",
            Fix(f"Fail where `{name}` fails", edits) if edits else None,
        )


def _in_traps(step: WrittenStep) -> Iterator[Found]:
    """`trap 'exit 0' ERR` or `EXIT`: whatever fails below it, the script leaves with 0."""
    for trap in step.commands:
        if trap.name != "trap" or not _TRAP.fullmatch(" ".join(trap.words)):
            continue
        below = ((one, purpose) for one, purpose in guards_of(step) if one.start > trap.end)
        lost = next((one for one, purpose in below if not is_legitimate(step, one, purpose)), None)
        if lost is not None and lost.fate is Fate.REACHES:
            start, end = step.place(trap.start, trap.end)
            name = command_name(lost)
            said = f"`{name}` cannot fail here: where it fails, `{trap.text}` leaves with 0"
            yield Found(step.source, start, end, said)


def _leaves_with_success(handler: Handler) -> bool:
    leaving = [one.words[1:] for one in handler.commands if one.name in {"exit", "return"}]
    return bool(leaving) and set(leaving) == {("0",)} and not handler.assigns
