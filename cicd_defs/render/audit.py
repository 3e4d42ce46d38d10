"""What an audit found, as people and programs read it: text, JSON, GitHub's annotations. SARIF is in `sarif`.

What strangers wrote is told so that a terminal shows it: characters that would move or colour it are escaped.
"""

import json
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from cicd_defs.facts.findings import Finding, Severity

WIDTH = 120
"""Columns of a terminal that a line of a file may take."""

BEFORE = 30
"""Columns of a long line that are shown before the span."""

_COLOURS = {Severity.LOW: "36", Severity.MEDIUM: "33", Severity.HIGH: "31"}
_BOLD, _DIM = "1", "2"


def as_text(findings: Iterable[Finding], *, colour: bool = False) -> str:
    """Each finding with its line and the span marked below it, in ANSI's colours where they are asked for."""
    return "\n".join(_block(finding, colour) for finding in findings)


def _block(finding: Finding, colour: bool) -> str:
    def paint(text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if colour and text else text

    paler = _COLOURS[finding.severity]
    place = f"{plain(finding.file)}:{finding.line}:{finding.column}:"
    head = (
        f"{paint(place, _BOLD)} {paint(f'{finding.severity.word}:', paler)} {plain(finding.message)}"
        f" {paint(f'[{finding.rule}]', _DIM)}{_remarks(finding)}"
    )
    if not finding.excerpt.strip():
        return head + "\n"
    line = marked(finding)
    number = str(finding.line)
    bar = paint(f"  {number} |", _DIM), paint(f"  {' ' * len(number)} |", _DIM)
    return f"{head}\n{bar[0]} {line.text}\n{bar[1]} {' ' * line.indent}{paint('^' * line.width, paler)}\n"


def _remarks(finding: Finding) -> str:
    told = [] if finding.minutes is None else [f"about {max(round(finding.minutes, 1), 0.1):g} min a run"]
    if finding.fix:
        told.append("can be fixed" if finding.fix.safe else "can be fixed: --fix=all")
    return f" ({'; '.join(told)})" if told else ""


class Marked(NamedTuple):
    """A line as it is shown, and in which columns of a terminal the span is."""

    text: str
    indent: int
    width: int


def marked(finding: Finding) -> Marked:
    """The line of a finding, cut around its span, with the place of the marks below it."""
    begin = min(max(0, finding.column - 1 - finding.excerpt_at), len(finding.excerpt))
    length = finding.end_column - finding.column if finding.end_line == finding.line else WIDTH
    stop = min(begin + max(1, length), len(finding.excerpt))
    shown = [plain(char) for char in finding.excerpt.replace("\t", " ")]
    first = begin
    room = BEFORE if sum(map(columns, shown)) > WIDTH else WIDTH
    while first and room >= columns(shown[first - 1]):
        first -= 1
        room -= columns(shown[first])
    last, room = first, WIDTH
    while last < len(shown) and room >= columns(shown[last]):
        room -= columns(shown[last])
        last += 1
    indent = sum(map(columns, shown[first:begin]))
    width = sum(map(columns, shown[begin : min(stop, last)]))
    return Marked("".join(shown[first:last]).rstrip(), indent, max(1, width))


def columns(text: str) -> int:
    """How many columns of a terminal a text takes: wide letters take two, marks above other letters none.

    https://www.unicode.org/reports/tr11/
    """
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.category(char) in {"Mn", "Me"}
        else 2
        if unicodedata.east_asian_width(char) in "WF"
        else 1
        for char in text
    )


def plain(text: str) -> str:
    """A stranger's text on one line of a terminal: whatever is not printable is escaped."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


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
        mends = f"`cicd audit --fix` makes the {safe} safe fixes, `--fix=all` all of them"
        told += f" {fixable} can be fixed: {mends if safe else '`cicd audit --fix=all` makes the fixes'}."
    return told


def as_json(findings: Iterable[Finding]) -> str:
    """A list of objects."""
    # A flat object can be indented by its separators, which takes a third of the time.
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",\n    ", ": ")).encode
    objects = ",\n".join(f"  {{\n    {encode(_object(finding))[1:-1]}\n  }}" for finding in findings)
    return f"[\n{objects}\n]" if objects else "[]"


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
