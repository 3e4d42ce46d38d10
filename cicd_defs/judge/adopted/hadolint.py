"""hadolint's findings as ours, and the list of those that we mend.

Errors and warnings speak in the default profile, advice on style in the strict profile only.
Rules: https://github.com/hadolint/hadolint/wiki
"""

from collections.abc import Iterator

from cicd_defs.facts.findings import Confidence, Family, Finding, Severity
from cicd_defs.facts.reported import Reported
from cicd_defs.facts.source import Source
from cicd_defs.judge.rule import located

TOOL = "hadolint"
_SEVERITIES = {"error": Severity.HIGH, "warning": Severity.MEDIUM}


def adopted(source: Source, reports: tuple[Reported, ...]) -> Iterator[Finding]:
    """What hadolint says of one Dockerfile, as findings of ours."""
    for report in reports:
        start = min(report.start, len(source.text))
        yield located(
            source,
            start,
            source.line_end(start),
            rule=report.rule,
            family=Family.HYGIENE,
            severity=_SEVERITIES.get(report.severity, Severity.LOW),
            confidence=Confidence.HIGH,
            message=report.message,
            tool=TOOL,
            url=report.url,
            strict=report.severity not in _SEVERITIES,
        )
