"""Checks whose failure is lost in the script that runs them."""

import re
from collections.abc import Iterator

from cicd_defs.facts.findings import Confidence, Edit, Fix
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.remembered import remembered
from cicd_defs.facts.script import Command, Fate, Handler
from cicd_defs.facts.workflow import WrittenStep, WrittenWorkflow
from cicd_defs.judge.commands.legitimate import is_legitimate, tries_again
from cicd_defs.judge.commands.purposes import Purpose, purpose_of
from cicd_defs.judge.edits import edit_script, with_all
from cicd_defs.judge.rule import Found
from cicd_defs.plan.kinds import StepKind

_HANDLED = {Fate.HANDLED, Fate.UNCHECKED, Fate.PIPED}
_ELSEWHERE = regex(r"&&\s*$|;;|^\s*(?:else|elif)\b", re.MULTILINE)
"""What stands before a command that runs only where the one above succeeds, or in another branch."""
_LOOKS = regex(r"git(?: -\S+(?: \S+)?)* diff\b.* --exit-code\b")


@remembered
def guards_of(step: WrittenStep) -> tuple[tuple[Command, Purpose], ...]:
    """The commands whose failure has to be seen: checks, builds, a look at what a generator changed, own functions."""
    return tuple(_guards(step))


def _guards(step: WrittenStep) -> Iterator[tuple[Command, Purpose]]:
    functions = _checking_functions(step)
    for command in step.commands:
        purpose = purpose_of(command)
        if purpose is None and _LOOKS.match(command.plain):
            purpose = Purpose(StepKind.LINT, "git diff")
        if purpose is None and command.name in functions:
            purpose = Purpose(functions[command.name].kind, command.name)
        if purpose and (purpose.is_check or purpose.kind is StepKind.BUILD):
            yield command, purpose


def _checking_functions(step: WrittenStep) -> dict[str, Purpose]:
    """The script's own functions that check something."""
    found: dict[str, Purpose] = {}
    for command in step.commands:
        if command.function and (purpose := purpose_of(command)) and purpose.is_check:
            found.setdefault(command.function, purpose)
    return found


def swallowed_checks(workflow: WrittenWorkflow) -> Iterator[tuple[WrittenStep, Command, Handler]]:
    """Each check with what runs where it fails, `check || handler`, where nothing makes that right."""
    for step in workflow.steps:
        if step.run is None or "||" not in step.run.text:
            continue
        for command, purpose in guards_of(step):
            if command.fate not in _HANDLED or command.handler is None:
                continue
            if not is_legitimate(step, command, purpose) and not tries_again(step, command):
                yield step, command, command.handler


def handled(step: WrittenStep, command: Command, handler: Handler) -> Found:
    """A check whose handler makes light of its failure, and the fix: the handler goes.

    It stands where the check begins; where the handler is on a later line, it is that line that has to change.
    """
    assert step.run is not None
    text = step.run.text
    written = " ".join(text[handler.start : handler.end].split())
    blanks = len(text[: handler.start]) - len(text[: handler.start].rstrip(" \t\\\n"))
    edits = with_all(edit_script(step, handler.start - blanks, handler.end, ""))
    start, end = step.place(command.start, command.end)
    light, stop = step.place(handler.start, handler.end)
    if step.source.position(light).line > step.source.position(start).line:
        start = light
    return Found(
        step.source,
        start,
        max(end, stop),
        f"`{command_name(command)}` cannot fail here: `{shortened(written)}` hides its exit status",
        Fix(f"Let `{command_name(command)}` fail", edits) if edits else None,
        confidence=Confidence.HIGH,
    )


def command_name(command: Command) -> str:
    """What a command is called in a message: the program and what it does, without its wrappers."""
    purpose = purpose_of(command)
    return purpose.tool if purpose else " ".join(command.words[:2])


def shortened(text: str) -> str:
    """A text for a message."""
    return text if len(text) <= 60 else text[:57] + "..."


def closing_success(step: WrittenStep, command: Command) -> Command | None:
    """`true`, `:` or `exit 0` as the last thing that the check's own shell does, right behind the check."""
    mine = [
        one
        for one in step.commands
        if one.depth == command.depth and one.function == command.function and one.start >= command.start
    ]
    behind = [one for one in mine if one.start >= command.end and one.name not in {"echo", "printf"}]
    if len(behind) != 1 or behind[0].fate is not Fate.REACHES:
        return None
    last = behind[0]
    between = step.script.text[command.end : last.start] if step.script else ""
    if any(one.start > last.end for one in mine) or _ELSEWHERE.search(between):
        return None
    succeeds = last.name in {"true", ":"} or last.words in {("exit", "0"), ("return", "0")}
    return last if succeeds else None


def without_closing(step: WrittenStep, last: Command) -> Edit | None:
    """The edit that takes a closing command away, with the `;` or the line that leads to it."""
    assert step.run is not None
    text = step.run.text
    begin = len(text[: last.start].rstrip(" \t"))
    if text[:begin].endswith((";", "&&")):
        begin -= 1 if text[:begin].endswith(";") else 2
        begin = len(text[:begin].rstrip(" \t"))
        return edit_script(step, begin, last.end, "")
    if not text[:begin].endswith("\n") or text[last.end :].strip() or not step.can_be_edited:
        return None
    start, end = step.place(last.start, last.end)
    source = step.source
    if source.text[source.line_start(start) : start].strip():
        return None
    return Edit(source.path, source.line_start(start), source.next_line(max(end - 1, start)), "")
