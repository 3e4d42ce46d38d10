"""zizmor's findings as ours, and the list of those that we mend.

Its regular persona speaks in the default profile, the pedantic one and the auditor in the strict profile only.
Audits: https://docs.zizmor.sh/audits/
"""

from collections.abc import Iterator

from cicd_defs.facts.findings import Confidence, Family, Finding, Severity
from cicd_defs.facts.reported import Reported
from cicd_defs.facts.workflow import WrittenWorkflow
from cicd_defs.judge.adopted.place import Place
from cicd_defs.judge.rule import located

TOOL = "zizmor"
_SEVERITIES = {"high": Severity.HIGH, "medium": Severity.MEDIUM}


def adopted(workflow: WrittenWorkflow, reports: tuple[Reported, ...]) -> Iterator[Finding]:
    """What zizmor says of one file, as findings of ours. A file of another kind is read as a workflow too."""
    for report in reports:
        yield _finding(Place(report, workflow))


def _finding(place: Place) -> Finding:
    report, source = place.reported, place.source
    # A place of many lines is told by its first one.
    end = min(report.end, source.line_end(report.start))
    return located(
        source,
        report.start,
        end,
        rule=report.rule,
        family=Family.SAFETY_NETS,
        severity=_SEVERITIES.get(report.severity, Severity.LOW),
        confidence=Confidence(report.confidence) if report.confidence in set(Confidence) else Confidence.LOW,
        message=report.message,
        tool=TOOL,
        url=report.url,
        strict=report.persona != "regular",
    )
