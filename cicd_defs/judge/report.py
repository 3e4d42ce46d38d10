"""What an audit found, as a value that is kept: rows for a table, and the numbers over time."""

from collections.abc import Iterable
from functools import cached_property
from typing import Literal

from cicd_defs.facts.findings import Family, Finding, Severity
from cicd_defs.facts.value import Value
from cicd_defs.judge.audit import Audited


class Row(Value):
    """One finding. Lines and columns count from 1; `minutes` is what it costs a run; `tool` is empty for our rules."""

    rule: str
    family: str
    severity: Literal["low", "medium", "high"]
    confidence: str
    file: str
    line: int
    column: int
    message: str
    fix: str = ""
    safe: bool = False
    minutes: float | None = None
    tool: str = ""
    url: str = ""
    fingerprint: str

    @classmethod
    def of(cls, finding: Finding) -> "Row":
        """A finding as it is kept."""
        return cls.model_validate(
            {
                "rule": finding.rule,
                "family": finding.family.value,
                "severity": finding.severity.word,
                "confidence": finding.confidence.value,
                "file": finding.file,
                "line": finding.line,
                "column": finding.column,
                "message": finding.message,
                "fix": finding.fix.title if finding.fix else "",
                "safe": bool(finding.fix and finding.fix.safe),
                "minutes": finding.minutes,
                "tool": finding.tool,
                "url": finding.url,
                "fingerprint": finding.fingerprint,
            }
        )


class AuditReport(Value):
    """A repository's audit: the heaviest finding first. `not_evaluated` says who could not be asked, and why."""

    commit: str
    profile: str
    rows: tuple[Row, ...]
    suppressed: int = 0
    files: int = 0
    not_evaluated: tuple[str, ...] = ()

    def of_family(self, family: Family) -> tuple[Row, ...]:
        """The findings of one family."""
        return tuple(row for row in self.rows if row.family == family.value)

    def count(self, severity: Severity) -> int:
        """How many findings have this severity."""
        return sum(row.severity == severity.word for row in self.rows)

    @cached_property
    def minutes(self) -> float:
        """What each run would take less, by the stated model."""
        return round(sum((row.minutes or 0.0 for row in self.rows), 0.0), 1)

    @cached_property
    def fixable(self) -> int:
        """How many findings can be fixed."""
        return sum(bool(row.fix) for row in self.rows)


def report_of(commit: str, profile: str, audited: Audited, not_evaluated: Iterable[str] = ()) -> AuditReport:
    """What is kept of an audit."""
    weights = {severity.word: -severity for severity in Severity}
    rows = sorted(
        map(Row.of, audited.findings), key=lambda row: (weights[row.severity], row.file, row.line, row.rule)
    )
    return AuditReport(
        commit=commit,
        profile=profile,
        rows=tuple(rows),
        suppressed=len(audited.suppressed),
        files=audited.files,
        not_evaluated=tuple(not_evaluated),
    )
