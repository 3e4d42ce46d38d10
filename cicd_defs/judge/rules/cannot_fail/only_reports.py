"""A check only reports: as it is called, its exit status says nothing of what it found.

**Why it matters** `trivy`, `semgrep scan`, `grype`, `trufflehog` and `gofmt -l` print what they find and succeed. The
step is green on a vulnerability, and looks like a check.
**How to fix** Ask for the status: `trivy --exit-code 1`, `semgrep --error`, `grype --fail-on high`, `--check` beside
`--diff`; or hand the report to code scanning, which judges it.
**Example** `trivy fs .` becomes `trivy fs --exit-code 1 .`.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from cicd_defs.facts.findings import Confidence, Family, Fix, Severity
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.script import Command, Fate
from cicd_defs.facts.workflow import WrittenStep, WrittenWorkflow
from cicd_defs.facts.yaml_nodes import Mapping, Node, Scalar, scalars
from cicd_defs.judge.commands.legitimate import is_legitimate
from cicd_defs.judge.commands.purposes import called_as, purpose_of
from cicd_defs.judge.commands.swallowed import command_name
from cicd_defs.judge.edits import edit_script, set_input
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found

ABOUT = About(Family.CANNOT_FAIL, Severity.HIGH, Confidence.MEDIUM)


class _Tool(NamedTuple):
    """A call that always succeeds: what it looks like, what would make it fail, and the option to add behind what."""

    call: re.Pattern[str]
    fails_by: re.Pattern[str]
    option: str


_REPORTS = regex(
    r"--?(?:format|f|output-format|sarif|json|sarif-output|output|o|template|report\S*|list-all-pkgs|download-db-only)\b"
    r"(?![ =]table\b)"
    r"|--(?:generate-|input|convert)"
)
_TOOLS = (
    _Tool(
        regex(r"trivy (?:-\S+ )*(?:fs|filesystem|image|i|config|conf|repo|repository|rootfs|k8s|sbom|vm)\b"),
        regex(r"--exit-code\b|--exit-on-eol|--config\b|-c\b"),
        "--exit-code 1",
    ),
    _Tool(regex(r"semgrep (?:scan\b|--config\b|-\S*\s|\.)"), regex(r"--error\b"), "--error"),
    _Tool(regex(r"grype (?!db|version|config)\S"), regex(r"--fail-on\b|-f\b|-c\b"), "--fail-on high"),
    _Tool(
        regex(r"trufflehog (?:-\S+ )*(?:git|filesystem|github|docker)\b"),
        regex(r"--fail\b"),
        "--fail",
    ),
    _Tool(regex(r"dockle (?:-\S+ )*\S"), regex(r"--exit-code\b"), "--exit-code 1"),
    _Tool(regex(r"black\b.* --diff\b"), regex(r"--check\b"), "--check"),
    _Tool(regex(r"isort\b.* --diff\b"), regex(r"--check\b|-c\b|--check-only\b"), "--check-only"),
    _Tool(regex(r"(?:gofmt|gofumpt|goimports) (?:-\w+ )*-[ls]*[ld]"), regex(r" -\w*w\b"), ""),
)


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Checks that succeed whatever they find."""
    for step in workflow.steps:
        if step.run is not None:
            yield from _in_script(step)
        elif step.action == "aquasecurity/trivy-action":
            yield from _in_action(step)


def _in_script(step: WrittenStep) -> Iterator[Found]:
    for command in step.commands:
        purpose = purpose_of(command)
        if purpose is None or not purpose.is_check or command.fate not in {Fate.REACHES, Fate.LEFT_OF_AND}:
            continue
        tool = next((one for one in _TOOLS if any(map(one.call.match, called_as(command)))), None)
        if tool is None or tool.fails_by.search(command.plain) or _goes_elsewhere(step, command, tool):
            continue
        if is_legitimate(step, command, purpose) or _in_pipe(step, command) or _is_kept(step, command):
            continue
        yield _found(step, command, tool)


def _goes_elsewhere(step: WrittenStep, command: Command, tool: _Tool) -> bool:
    """Whether the report is what the tool is called for."""
    if tool.option and tool.option.startswith("--check"):
        return bool(command.redirects)
    variables = step.node.mapping("env")
    set_there = variables is not None and any("EXIT_CODE" in key.text for key, _ in variables.pairs)
    told = any("EXIT_CODE" in word for word in command.before)
    return bool(command.redirects) or bool(_REPORTS.search(command.plain)) or set_there or told


def _is_kept(step: WrittenStep, command: Command) -> bool:
    """Whether what it prints is somebody's value: `out=$(gofmt -l .)`."""
    text = step.script.text if step.script else ""
    return bool(re.search(r"=[\"']?(?:\$\(|`)\s*(?:cd [^&;|]* && )?$", text[: command.start]))


def _in_pipe(step: WrittenStep, command: Command) -> bool:
    text = step.script.text if step.script else ""
    before = text[: command.start].rstrip(" \t\\\n")
    after = text[command.end :].lstrip(" \t\\\n")
    return before.endswith("|") or (after.startswith("|") and not after.startswith("||"))


def _found(step: WrittenStep, command: Command, tool: _Tool) -> Found:
    name = command_name(command)
    start, end = step.place(command.start, command.end)
    edit = edit_script(step, command.end, command.end, f" {tool.option}") if tool.option else None
    if not tool.option and command.words[0] in {"gofmt", "gofumpt", "goimports"}:
        quote = "" if step.run is not None and step.run.style == '"' else '"'
        edit = edit_script(step, command.start, command.end, f"test -z {quote}$({command.text}){quote}")
    wanted = (
        f": without `{tool.option}` its status says nothing"
        if tool.option
        else ": it lists files and succeeds"
    )
    return Found(
        step.source,
        start,
        end,
        f"`{name}` cannot fail here{wanted}",
        Fix(f"Let `{name}` fail", (edit,)) if edit else None,
    )


def _in_action(step: WrittenStep) -> Iterator[Found]:
    """The action's `exit-code` is 0 where nothing is given."""
    if "exit-code" in step.inputs or "trivy-config" in step.inputs or step.uses is None:
        return
    if step.given("format") not in {"", "table"} or step.given("output") or step.given("template"):
        return
    if any("EXIT_CODE" in key.text for part in (step.node, step.job.node) for key, _ in _pairs(part)):
        return
    if step.given("scan-type") in {"sbom"} or any(
        "download" in one.text for one in scalars(step.node.get("env"))
    ):
        return
    edit = set_input(step, "exit-code", "1")
    yield Found(
        step.source,
        step.uses.start,
        step.uses.end,
        f"`{step.action}` cannot fail here: without `exit-code` it succeeds whatever it finds",
        Fix("Let the scan fail", (edit,)) if edit else None,
    )


def _pairs(part: Mapping) -> list[tuple[Scalar, Node]]:
    held = part.mapping("env")
    return held.pairs if held else []
