"""Edits that take one command out of a step, or give it a step of its own."""

import re

from cicd_defs.facts.findings import Edit
from cicd_defs.facts.script import Command
from cicd_defs.facts.workflow import WrittenStep, bare_condition
from cicd_defs.facts.yaml_nodes import Mapping
from cicd_defs.judge.edits import edit_script, end_of, indent_of, insert_pair, remove_step, scalar_text

_QUIET = frozenset({"echo", "printf", "set", "true", ":"})
_CARRIED = ("working-directory", "shell", "env")
"""What a command keeps when it moves to another step."""


def remove_command(step: WrittenStep, command: Command | None) -> tuple[Edit, ...] | None:
    """Take a command out of its step; the step, too, where it does nothing else."""
    if step.id and f"steps.{step.id}" in step.source.text:
        return None
    if command is None or _stands_alone(step, command):
        removed = remove_step(step)
        return (removed,) if removed else None
    edit = _out_of_list(step, command) or _out_of_lines(step, command)
    return (edit,) if edit else None


def _stands_alone(step: WrittenStep, command: Command) -> bool:
    """Whether all that a script does is this command, and to go where it runs."""
    others = [one for one in step.commands if one is not command and one.name not in {*_QUIET, "cd"}]
    return not others


def _statement(step: WrittenStep, command: Command) -> tuple[int, int] | None:
    script = step.script
    if script is None or command.depth or command.statement >= len(script.statements):
        return None
    return script.statements[command.statement]


def _out_of_list(step: WrittenStep, command: Command) -> Edit | None:
    """`a && command` and `command && b`."""
    span = _statement(step, command)
    if span is None or step.run is None or command.redirects:
        return None
    text = step.run.text
    behind = re.compile(r"[ \t]*(?:\\\n[ \t]*)?&&[ \t]*(?:\\?\n[ \t]*)?").match(text, command.end)
    if behind and behind.end() < span[1] and text[span[0] : command.start].strip() in {"", "("}:
        return edit_script(step, command.start, behind.end(), "")
    before = re.search(r"[ \t]*(?:\\\n[ \t]*)?&&[ \t]*(?:\\?\n[ \t]*)?$", text[span[0] : command.start])
    if before and before.start():
        return edit_script(step, span[0] + before.start(), command.end, "")
    return None


def _out_of_lines(step: WrittenStep, command: Command) -> Edit | None:
    """A command that is all that stands on its lines: they go, with their newline."""
    span = _statement(step, command)
    if span is None or step.run is None or not step.can_be_edited or step.run.style != "|":
        return None
    text, (start, end) = step.run.text, span
    if command.start != start or text[command.end : end].strip() != " ".join(command.redirects):
        return None
    begin = text.rfind("\n", 0, start) + 1
    stop = text.find("\n", end)
    stop = len(text) if stop < 0 else stop
    if text[begin:start].strip() or re.sub(r"#.*", "", text[end:stop]).strip():
        return None
    source = step.source
    first, last = step.place(start, max(end, start + 1))
    return Edit(source.path, source.line_start(first), source.next_line(last), "")


def only_in_first_leg(step: WrittenStep) -> Edit | None:
    """A step that runs in the first leg of its matrix only."""
    condition = bare_condition(step.condition)
    if condition is None:
        key = "uses" if step.uses is not None else "run"
        if step.node.flow:
            return None
        return insert_pair(step.source, step.node, [f"if: {_FIRST_LEG}"], before=key)
    scalar = step.condition
    if (
        scalar is None
        or scalar.aliased
        or scalar.style in {"|", ">"}
        or '"' in condition
        or "${{" in condition
    ):
        return None
    both = f"({condition}) && {_FIRST_LEG}" if "||" in condition else f"{condition} && {_FIRST_LEG}"
    return Edit(step.source.path, scalar.start, scalar.end, "${{ " + both + " }}")


_FIRST_LEG = "strategy.job-index == 0"


def own_step_in_first_leg(step: WrittenStep, command: Command, name: str) -> tuple[Edit, ...] | None:
    """A command out of a script into a step of its own before it, which runs in the first leg only."""
    taken = _out_of_lines(step, command)
    indent = indent_of(step.source, step.node)
    if taken is None or indent is None or len(indent) < 2 or step.run is None or step.node.aliased:
        return None
    if any(one.name in {"cd", "pushd", "export", "source", "."} for one in step.commands) or command.before:
        return None
    carried = [held for key in _CARRIED if (held := _pair_lines(step, step.node, key)) is not None]
    written = command.text
    if "\n" in written:
        return None
    condition = bare_condition(step.condition)
    if condition is not None and ("${{" in condition or '"' in condition):
        return None
    runs_if = _FIRST_LEG if condition is None else "${{ (" + condition + ") && " + _FIRST_LEG + " }}"
    lines = [f"- name: {scalar_text(name)}", f"  if: {runs_if}"]
    begin = step.source.line_start(step.node.start)
    dash = step.source.text[begin : step.node.start]
    if dash.strip() != "-":
        return None
    newline, outer = step.source.newline, dash[: dash.index("-")]
    inner = indent
    body = newline.join(
        [outer + lines[0], inner + lines[1].strip(), *carried, f"{inner}run: {scalar_text(written)}"]
    )
    blank = newline if _blank_between(step) else ""
    return Edit(step.source.path, begin, begin, body + newline + blank), taken


def _pair_lines(step: WrittenStep, node: Mapping, key: str) -> str | None:
    pair = node.by_key.get(key)
    if pair is None:
        return None
    start = step.source.line_start(pair[0].start)
    text = step.source.text[start : end_of(step.source, pair[1])].rstrip("\r\n")
    return text.replace("-", " ", 1) if text.lstrip().startswith("- ") else text


def _blank_between(step: WrittenStep) -> bool:
    """Whether steps are set apart by empty lines."""
    begin = step.source.line_start(step.node.start)
    before = step.source.text[:begin].rstrip(" \t")
    return step.index > 0 and before.endswith(("\n\n", "\n\r\n"))
