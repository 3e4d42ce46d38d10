"""Scripts that install a tool, and the action that does the same, pinned to a commit."""

import re

from cicd_defs.facts.findings import Edit, Fix
from cicd_defs.facts.workflow import WrittenStep
from cicd_defs.judge.commands.downloads import Unchecked
from cicd_defs.judge.edits import comment_gap
from cicd_defs.plan import pins

ACTIONS: tuple[tuple[str, str, str], ...] = (
    (r"astral\.sh/uv(?:/[\d.]+)?/install\.(?:sh|ps1)", "astral-sh/setup-uv", "uv"),
    (r"bun\.sh/install", "oven-sh/setup-bun", "Bun"),
    (r"pixi\.sh/install\.(?:sh|ps1)", "prefix-dev/setup-pixi", "Pixi"),
    (r"raw\.githubusercontent\.com/helm/helm/\S+/get-helm-3|get\.helm\.sh", "Azure/setup-helm", "Helm"),
)
"""Where a tool's installer stands, the action that sets it up, and the tool's name."""


def action_instead(step: WrittenStep, unchecked: Unchecked) -> Fix | None:
    """The tool's own action in place of a step that does nothing but run its installer."""
    if step.run is None or step.run.aliased or step.node.aliased or step.node.flow:
        return None
    text = step.run.text
    rest = text[: unchecked.start] + text[unchecked.end :]
    if rest.strip() or {key.text for key, _ in step.node.pairs} - {"name", "id", "if", "run", "shell"}:
        return None
    found = next((row for row in ACTIONS if re.search(row[0], text[unchecked.start : unchecked.end])), None)
    if found is None:
        return None
    try:
        action = pins.action(found[1])
    except pins.UnknownPin:
        return None
    source = step.source
    key = step.node.key("run")
    assert key is not None
    edits = [
        Edit(
            source.path,
            key.start,
            step.run.end,
            f"uses: {action.name}@{action.commit}{comment_gap(source)}# {action.version}",
        )
    ]
    if shell := step.node.key("shell"):
        below = step.node.by_key["shell"][1]
        begin, end = source.line_start(shell.start), source.next_line(below.end)
        if source.text[begin : shell.start].strip():
            return None
        edits.append(Edit(source.path, begin, end, ""))
    return Fix(f"Set up {found[2]} by its action", tuple(edits))
