"""An action does what the runner can do by itself.

**Why it matters** Each action is code of somebody else that runs with the job's token, and one more thing to keep up to
date. GitHub's runners bring `rustup`, `gh` and `git` along.
**How to fix** Call the program in a step of one's own. A toolchain of Rust is put in by `rustup`; for what asks
questions of GitHub, write the step with `gh`.
**Example** `dtolnay/rust-toolchain@stable` becomes `rustup toolchain install stable --profile minimal`.
"""

import re

from cicd_defs.facts.findings import Edit, Fix
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.workflow import WrittenStep
from cicd_defs.judge.adopted.place import Place
from cicd_defs.judge.edits import indent_of

_CHANNEL = regex(r"(?:stable|beta|nightly(?:-\d{4}-\d\d-\d\d)?|1\.\d{1,3}(?:\.\d{1,2})?)")
_MATRIX = regex(r"\$\{\{\s*([\w.-]+)\s*}}")
_WORDS = regex(r"[\w., -]+")
_KNOWN = {"toolchain", "targets", "target", "components"}


def fix(place: Place) -> Fix | None:
    """`rustup` in place of an action that calls it."""
    step = place.step
    if (
        step is None
        or step.action != "dtolnay/rust-toolchain"
        or step.id
        or step.node.flow
        or step.node.aliased
    ):
        return None
    if set(step.inputs) - _KNOWN or {key.text for key, _ in step.node.pairs} - {"name", "if", "uses", "with"}:
        return None
    if step.job.node.get("container") is not None or step.uses is None:
        return None
    lines = _lines(step)
    indent = indent_of(place.source, step.node)
    if lines is None or indent is None:
        return None
    edits = _edits(step, lines, indent)
    return Fix("Put the toolchain in by `rustup`", edits) if edits else None


def _lines(step: WrittenStep) -> list[str] | None:
    """The step's new lines; None where an input says what `rustup` does not understand."""
    toolchain = step.given("toolchain") or step.version
    environment: list[str] = []
    matrix = _MATRIX.fullmatch(toolchain)
    if matrix:
        environment = ["env:", f"  TOOLCHAIN: {toolchain}"]
        toolchain = '"$TOOLCHAIN"'
    elif not _CHANNEL.fullmatch(toolchain):
        return None
    command = f"rustup toolchain install {toolchain} --profile minimal --no-self-update"
    targets = step.given("targets") or step.given("target")
    for name, flag in ((targets, "--target"), (step.given("components"), "--component")):
        if name and not _WORDS.fullmatch(name):
            return None
        command += "".join(f" {flag} {word}" for word in re.split(r"[,\s]+", name) if word)
    return [*environment, "run: |", f"  {command}", f"  rustup default {toolchain}", "shell: bash"]


def _edits(step: WrittenStep, lines: list[str], indent: str) -> tuple[Edit, ...]:
    source = step.source
    key, uses = step.node.by_key["uses"]
    newline = source.newline
    behind = source.text[uses.end : source.line_end(uses.end)].strip()
    kept = f" {behind}" if behind and not re.fullmatch(r"[0-9a-f]{40}", step.version) else ""
    text = newline.join([lines[0] + kept, *(indent + line for line in lines[1:])])
    edits = [Edit(source.path, key.start, source.line_end(uses.end), text)]
    if "with" in step.node.by_key:
        given, below = step.node.by_key["with"]
        begin, end = source.line_start(given.start), source.next_line(max(below.end - 1, given.end))
        if source.text[begin : given.start].strip() or begin < edits[0].end:
            return ()
        edits.append(Edit(source.path, begin, end, ""))
    return tuple(edits)
