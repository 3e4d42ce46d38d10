"""What an audit found, as people and programs read it: text, JSON, SARIF, GitHub's annotations."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from cicd_defs.facts.findings import Confidence, Finding, Severity
from cicd_defs.judge.rules import rules_by_name

WIDTH = 120
SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.LOW: "note", Severity.MEDIUM: "warning", Severity.HIGH: "error"}
_PRECISION = {Confidence.LOW: "low", Confidence.MEDIUM: "medium", Confidence.HIGH: "high"}
_SECURITY = {Severity.LOW: "3.0", Severity.MEDIUM: "5.0", Severity.HIGH: "8.0"}


def as_text(findings: Iterable[Finding]) -> str:
    """Each finding with its line and the span marked below it."""
    return "\n".join(_block(finding) for finding in findings)


def _block(finding: Finding) -> str:
    fix = (
        "" if finding.fix is None else " (can be fixed)" if finding.fix.safe else " (can be fixed: --fix=all)"
    )
    cost = (
        ""
        if finding.minutes is None
        else f" about {finding.minutes:g} min a run;"
        if fix
        else f" about {finding.minutes:g} min a run"
    )
    head = (
        f"{finding.file}:{finding.line}:{finding.column}: {finding.severity.word}: {finding.message}"
        f" [{finding.rule}]{';' + cost.removesuffix(';') if cost else ''}{fix}"
    )
    if not finding.excerpt.strip():
        return head + "\n"
    begin = finding.column - 1
    length = (
        finding.end_column - finding.column
        if finding.end_line == finding.line
        else len(finding.excerpt) - begin
    )
    line, begin = _window(finding.excerpt.replace("\t", " "), begin)
    number = str(finding.line)
    marks = "^" * max(1, min(length, len(line) - begin))
    return f"{head}\n  {number} | {line}\n  {' ' * len(number)} | {' ' * begin}{marks}\n"


def _window(line: str, begin: int) -> tuple[str, int]:
    """The part of a line around a place, and where the place is in it."""
    if len(line) <= WIDTH:
        return line.rstrip(), min(begin, len(line))
    left = max(0, min(begin - 20, len(line) - WIDTH))
    return line[left : left + WIDTH].rstrip(), max(0, begin - left)


def summary(findings: Sequence[Finding], files: int, known: int = 0, suppressed: int = 0) -> str:
    """One sentence: how many of which severity, what it would save, and what to do next."""
    beside = [f"{known} known from the baseline" * bool(known), f"{suppressed} suppressed" * bool(suppressed)]
    also = f" ({', '.join(filter(None, beside))})" if any(beside) else ""
    looked = f"in {files} file{'s' if files != 1 else ''}"
    if not findings:
        return f"No findings {looked}{also}."
    counts = Counter(finding.severity for finding in findings)
    parts = ", ".join(f"{counts[severity]} {severity.word}" for severity in sorted(counts, reverse=True))
    fixable = sum(finding.fix is not None for finding in findings)
    safe = sum(finding.fix is not None and finding.fix.safe for finding in findings)
    minutes = sum(finding.minutes or 0 for finding in findings)
    told = f"{len(findings)} finding{'s' if len(findings) != 1 else ''} {looked}: {parts}{also}."
    if minutes:
        told += f" About {minutes:.1f} minutes of each run are spent in vain."
    if fixable:
        told += f" {fixable} can be fixed: `cicd audit --fix` makes the {safe} safe fixes, `--fix=all` all of them."
    return told


def as_json(findings: Iterable[Finding]) -> str:
    """A list of objects."""
    return json.dumps([_object(finding) for finding in findings], indent=2, ensure_ascii=False)


def _object(finding: Finding) -> dict[str, Any]:
    told: dict[str, Any] = {
        "rule": finding.rule,
        "family": finding.family.value,
        "severity": finding.severity.word,
        "confidence": finding.confidence.value,
        "file": finding.file,
        "line": finding.line,
        "column": finding.column,
        "end_line": finding.end_line,
        "end_column": finding.end_column,
        "message": finding.message,
        "fixable": finding.fix is not None,
        "safe": finding.fix is not None and finding.fix.safe,
        "fix": finding.fix.title if finding.fix else None,
        "minutes": finding.minutes,
        "tool": finding.tool or "cicd",
        "fingerprint": finding.fingerprint,
    }
    return told


def as_annotations(findings: Iterable[Finding]) -> str:
    """GitHub's workflow commands, which show a finding beside its line.

    https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
    """
    words = {Severity.LOW: "notice", Severity.MEDIUM: "warning", Severity.HIGH: "error"}
    return "\n".join(
        f"::{words[one.severity]} file={_property(one.file)},line={one.line},endLine={one.end_line},"
        f"col={one.column},endColumn={one.end_column},title={_property(one.rule)}::{_data(one.message)}"
        for one in findings
    )


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def as_sarif(findings: Sequence[Finding], version: str, suppressed: Sequence[Finding] = ()) -> str:
    """SARIF 2.1.0, a run for each tool that found something, with fixes and fingerprints.

    https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
    """
    every = [*((one, False) for one in findings), *((one, True) for one in suppressed)]
    tools = dict.fromkeys(["", *(finding.tool for finding, _ in every)])
    runs = [_run(tool, version, [pair for pair in every if pair[0].tool == tool]) for tool in tools]
    return json.dumps(
        {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": runs}, indent=2, ensure_ascii=False
    )


def _run(tool: str, version: str, pairs: Sequence[tuple[Finding, bool]]) -> dict[str, Any]:
    names = list(dict.fromkeys(finding.rule for finding, _ in pairs))
    driver: dict[str, Any] = {
        "name": tool or "cicd",
        "rules": [_rule(name, next(one for one, _ in pairs if one.rule == name)) for name in names],
    }
    if not tool:
        driver["semanticVersion"] = version
    results = [_result(finding, names.index(finding.rule), quiet) for finding, quiet in pairs]
    return {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}


def _rule(name: str, example: Finding) -> dict[str, Any]:
    rule = rules_by_name().get(name)
    text = rule.summary if rule else name
    told: dict[str, Any] = {
        "id": name,
        "shortDescription": {"text": text},
        "fullDescription": {"text": text},
        "help": {
            "text": rule.manual if rule else f"`cicd explain {name}`",
            "markdown": rule.manual if rule else f"`cicd explain {name}`",
        },
        "defaultConfiguration": {"level": _LEVELS[example.severity]},
        "properties": {
            "tags": [example.family.value],
            "precision": _PRECISION[example.confidence],
            "problem.severity": {"note": "recommendation"}.get(
                _LEVELS[example.severity], _LEVELS[example.severity]
            ),
        },
    }
    if example.url:
        told["helpUri"] = example.url
    if example.family.value == "safety nets":
        told["properties"]["security-severity"] = _SECURITY[example.severity]
        told["properties"]["tags"].append("security")
    return told


def _result(finding: Finding, index: int, quiet: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": finding.message},
        "locations": [
            {"physicalLocation": {"artifactLocation": _artifact(finding.file), "region": _region(finding)}}
        ],
        "partialFingerprints": {"cicdDefs/v1": finding.fingerprint},
    }
    if finding.minutes is not None:
        told["properties"] = {"minutes": finding.minutes}
    if quiet:
        told["suppressions"] = [{"kind": "inSource"}]
    if finding.fix:
        changes: dict[str, list[dict[str, Any]]] = {}
        for edit in finding.fix.edits:
            region = {"charOffset": edit.start, "charLength": edit.end - edit.start}
            replacement = {"deletedRegion": region, "insertedContent": {"text": edit.text}}
            changes.setdefault(edit.file, []).append(replacement)
        told["fixes"] = [
            {
                "description": {"text": finding.fix.title},
                "artifactChanges": [
                    {"artifactLocation": _artifact(file), "replacements": made}
                    for file, made in changes.items()
                ],
            }
        ]
    return told


def _artifact(path: str) -> dict[str, str]:
    from urllib.parse import quote

    return {"uri": quote(path)}


def _region(finding: Finding) -> dict[str, int]:
    end = (
        max(finding.end_column, finding.column + 1)
        if finding.end_line == finding.line
        else finding.end_column
    )
    return {
        "startLine": finding.line,
        "startColumn": finding.column,
        "endLine": finding.end_line,
        "endColumn": end,
    }
