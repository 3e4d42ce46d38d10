"""Checks whose failure goes into a handler: `check || handler`."""

from collections.abc import Iterator

from cicd_defs.facts.findings import Fix
from cicd_defs.facts.script import Command, Fate, Handler
from cicd_defs.facts.workflow import WrittenStep, WrittenWorkflow
from cicd_defs.judge.edits import edit_script, with_all
from cicd_defs.judge.purposes import checks_of
from cicd_defs.judge.rule import Found


def swallowed_checks(workflow: WrittenWorkflow) -> Iterator[tuple[WrittenStep, Command, Handler]]:
    """Each check with what runs where it fails."""
    for step in workflow.steps:
        for command, _ in checks_of(step):
            if command.fate is Fate.HANDLED and command.handler:
                yield step, command, command.handler


def handled(step: WrittenStep, command: Command, handler: Handler) -> Found:
    """A check whose handler makes light of its failure, and the fix: the handler goes."""
    assert step.run is not None
    text = step.run.text
    written = text[handler.start : handler.end]
    blanks = len(text[: handler.start]) - len(text[: handler.start].rstrip(" \t\\\n"))
    edits = with_all(edit_script(step, handler.start - blanks, handler.end, ""))
    start, end = step.place(command.start, handler.end)
    return Found(
        step.source,
        start,
        end,
        f"`{command.name}` cannot fail here: `{written}` hides its exit status",
        Fix(f"Let `{command.name}` fail", edits) if edits else None,
    )
