"""What an audit found as SARIF 2.1.0, as GitHub's code scanning takes it.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html,
https://docs.github.com/code-security/reference/code-scanning/sarif-files/sarif-support
"""

import json
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple
from urllib.parse import quote

from cicd_defs.facts.findings import Confidence, Family, Finding, Severity
from cicd_defs.judge.rule import Rule
from cicd_defs.judge.rules import rules_by_name
from cicd_defs.render.rules import manual_of

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.LOW: "note", Severity.MEDIUM: "warning", Severity.HIGH: "error"}
_PROBLEMS = {Severity.LOW: "recommendation", Severity.MEDIUM: "warning", Severity.HIGH: "error"}
_PRECISION = {Confidence.LOW: "low", Confidence.MEDIUM: "medium", Confidence.HIGH: "high"}
_SECURITY = {Severity.LOW: "3.0", Severity.MEDIUM: "5.0", Severity.HIGH: "8.0"}


class _Told(NamedTuple):
    """A finding, and why it does not count: a comment in the file, or a file of what is known."""

    finding: Finding
    quiet: Literal["", "inSource", "external"] = ""
    reason: str = ""


def as_sarif(
    findings: Sequence[Finding],
    version: str,
    known: Sequence[Finding] = (),
    suppressed: Sequence[tuple[Finding, str]] = (),
) -> str:
    """A run for each tool that found something, each a category of its own, with fixes and fingerprints.

    `known` stand in a baseline, `suppressed` are silenced by a comment with that reason.
    """
    every = [
        *map(_Told, findings),
        *(_Told(one, "external", "known from the baseline") for one in known),
        *(_Told(one, "inSource", reason) for one, reason in suppressed),
    ]
    tools = dict.fromkeys(["", *(one.finding.tool for one in every)])
    runs = [_run(tool, version, [one for one in every if one.finding.tool == tool]) for tool in tools]
    return json.dumps(
        {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": runs}, indent=2, ensure_ascii=False
    )


def _run(tool: str, version: str, every: Sequence[_Told]) -> dict[str, Any]:
    examples: dict[str, Finding] = {}
    for one in every:
        examples.setdefault(one.finding.rule, one.finding)
    numbers = {name: number for number, name in enumerate(examples)}
    driver: dict[str, Any] = {
        "name": tool or "cicd",
        "rules": [_rule(name, example) for name, example in examples.items()],
    }
    if not tool:
        driver["semanticVersion"] = version
    return {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"cicd-audit/{tool or 'cicd'}/"},
        "columnKind": "unicodeCodePoints",
        "results": [_result(one, numbers[one.finding.rule]) for one in every],
    }


def _rule(name: str, example: Finding) -> dict[str, Any]:
    rule = rules_by_name().get(name)
    manual = manual_of(name)
    summary = _summary(rule, manual or name)
    words = rule.manual if rule else manual or f"`cicd explain {name}`"
    severity = rule.about.severity if rule else example.severity
    told: dict[str, Any] = {
        "id": name,
        "shortDescription": {"text": summary},
        "fullDescription": {"text": summary},
        "help": {"text": words, "markdown": words},
        "defaultConfiguration": {"level": _LEVELS[severity]},
        "properties": {
            "tags": [example.family.value],
            "precision": _PRECISION[example.confidence],
            "problem.severity": _PROBLEMS[severity],
        },
    }
    if example.url:
        told["helpUri"] = example.url
    if example.family is Family.SAFETY_NETS:
        told["properties"]["security-severity"] = _SECURITY[severity]
        told["properties"]["tags"].append("security")
    return told


def _summary(rule: Rule | None, manual: str) -> str:
    """A rule in one sentence. The manuals of others begin with their name and a line below it."""
    if rule:
        return rule.summary
    lines = [line for line in manual.splitlines() if line.strip("= ")]
    return lines[1] if len(lines) > 1 else lines[0]


def _result(one: _Told, index: int) -> dict[str, Any]:
    finding = one.finding
    told: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": finding.message},
        "locations": [
            {"physicalLocation": {"artifactLocation": _artifact(finding.file), "region": _region(finding)}}
        ],
        # GitHub keeps to the first, and adds `:1` to those that it makes itself.
        "partialFingerprints": {
            "primaryLocationLineHash": f"{finding.fingerprint}:1",
            "cicdDefs/v1": finding.fingerprint,
        },
    }
    if finding.minutes is not None:
        told["properties"] = {"minutes": finding.minutes}
    if one.quiet:
        told["suppressions"] = [{"kind": one.quiet, "justification": one.reason}]
    if finding.fix:
        told["fixes"] = [_fix(finding)]
    return told


def _fix(finding: Finding) -> dict[str, Any]:
    assert finding.fix is not None
    changes: dict[str, list[dict[str, Any]]] = {}
    for edit in finding.fix.edits:
        region = {"charOffset": edit.start, "charLength": edit.end - edit.start}
        replacement = {"deletedRegion": region, "insertedContent": {"text": edit.text}}
        changes.setdefault(edit.file, []).append(replacement)
    return {
        "description": {"text": finding.fix.title},
        "artifactChanges": [
            {"artifactLocation": _artifact(file), "replacements": made} for file, made in changes.items()
        ],
    }


def _artifact(path: str) -> dict[str, str]:
    """A path as a relative address: `a:b` at its beginning would be a scheme. Bytes that are no UTF-8 stay."""
    return {"uri": quote(path.encode("utf-8", "surrogateescape"))}


def _region(finding: Finding) -> dict[str, int]:
    """At least one character, and never before its beginning."""
    one_line = finding.end_line == finding.line
    return {
        "startLine": finding.line,
        "startColumn": finding.column,
        "endLine": finding.end_line,
        "endColumn": max(finding.end_column, finding.column + 1) if one_line else max(1, finding.end_column),
    }
