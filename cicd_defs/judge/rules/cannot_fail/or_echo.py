"""A check's failure is only told: `|| echo …`, or an `if` whose branch for the failure does nothing more.

**Why it matters** The message stands in a log that nobody reads, and the step is green.
**How to fix** Take the message away, or let `exit 1` follow it.
**Example** `npm test || echo "tests failed"` becomes `npm test`, or `npm test || { echo "tests failed"; exit 1; }`.
"""

from collections.abc import Iterator

from cicd_defs.facts.findings import Confidence, Family, Fix, Severity
from cicd_defs.facts.script import Command, Fate, Handler
from cicd_defs.facts.workflow import WrittenStep, WrittenWorkflow
from cicd_defs.judge.commands.legitimate import is_known_to_fail, is_legitimate, is_recorded
from cicd_defs.judge.commands.swallowed import command_name, guards_of, handled, swallowed_checks
from cicd_defs.judge.edits import edit_script, with_all
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found

ABOUT = About(Family.CANNOT_FAIL, Severity.HIGH)

_TELLING = frozenset({"echo", "printf", "true", ":", "cat", "tee", "logger"})


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Checks of which the failure is told and then forgotten."""
    for step, command, handler in swallowed_checks(workflow):
        if _only_tells(step, handler) and not _is_plain_true(handler):
            yield handled(step, command, handler)
    for step in workflow.steps:
        if step.run is not None and "fi" in step.run.text:
            yield from _in_conditions(step)


def _in_conditions(step: WrittenStep) -> Iterator[Found]:
    for command, purpose in guards_of(step):
        handler = command.handler
        if command.fate is not Fate.TESTED or handler is None or not handler.commands:
            continue
        if not _only_tells(step, handler) or _expects_failure(step, command, handler):
            continue
        if not is_legitimate(step, command, purpose):
            yield _told(step, command, handler)


def _only_tells(step: WrittenStep, handler: Handler) -> bool:
    assert step.run is not None
    text = step.run.text[handler.start : handler.end]
    ran = [one for one in handler.commands if one.fate is not Fate.CAPTURED]
    return (
        bool(ran)
        and not handler.assigns
        and all(one.name in _TELLING for one in ran)
        and not is_recorded(text)
        and not is_known_to_fail(text)
    )


def _is_plain_true(handler: Handler) -> bool:
    return all(one.name in {"true", ":"} for one in handler.commands)


def _expects_failure(step: WrittenStep, command: Command, handler: Handler) -> bool:
    """Whether the branch for success is the one that fails or keeps something: the failure is what is wished for."""
    assert step.run is not None
    between = step.run.text[command.end : handler.start]
    if handler.start > command.end and "=" in between:
        return True
    others = [one for one in step.commands if command.end < one.start and one not in handler.commands]
    return any(
        one.name in {"exit", "false", "return", "break"} and one.end <= handler.start for one in others
    )


def _told(step: WrittenStep, command: Command, handler: Handler) -> Found:
    name = command_name(command)
    start, end = step.place(command.start, command.end)
    last = handler.commands[-1]
    fix = None
    if last.redirects == () or last.end <= handler.end:
        edits = with_all(edit_script(step, last.end, last.end, "; exit 1"))
        fix = Fix(f"Fail where `{name}` fails", edits) if edits and not last.redirects else None
    return Found(
        step.source,
        start,
        end,
        f"`{name}` cannot fail here: the branch for its failure only tells of it",
        fix,
        confidence=Confidence.MEDIUM,
    )
