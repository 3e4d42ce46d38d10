"""What security scanners report, as values, and what became of it since the report before.

A finding is known by its fingerprint: what was found, in which file, and in which words, not on which line. So it stays
the same finding when lines move. Of what could not be looked at again nobody knows whether it is still there: it is
carried on, and is neither fixed nor new.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable
from typing import Literal

from cicd_defs.facts.value import Value

ScanName = Literal["dependencies", "secrets", "code", "image"]
SCANS: tuple[ScanName, ...] = ("dependencies", "secrets", "code", "image")
"""Every scan, in the order in which they are made."""

Severity = Literal["low", "medium", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high", "critical")
"""From the lightest to the heaviest."""

NOT_GIVEN: Severity = "high"
"""What a finding counts as of which the tool gives no severity: nobody has said that it is less."""

LONGEST_TEXT = 400


class UnreadableAnswer(ValueError):
    """What a tool answered is not what its documentation says: in which place."""


class ScanFinding(Value):
    """One thing that a tool holds against a repository.

    `target` is what the tool was shown: a lock file, a Dockerfile, or the whole. `severity` is one scale for all tools,
    `said` is what the tool itself calls it; empty where it gives none. `line` counts from 1, 0 is the file as a whole.
    `subject` is what it is about: a package with its version, the hash of a secret. `commit` is where a secret was that
    is no longer in the files.
    """

    tool: str
    target: str
    rule: str
    severity: Severity
    said: str = ""
    file: str
    line: int = 0
    subject: str = ""
    message: str
    fix: str = ""
    url: str = ""
    commit: str = ""
    fingerprint: str = ""


class Unread(Value):
    """A file that a tool was shown and could not judge, and why."""

    file: str
    reason: str


class ToolRun(Value):
    """One tool that was asked about one target. `reason`: why it could not be; empty where it could.

    `looked_at` says how much it saw, in words.
    """

    tool: str
    target: str
    reason: str = ""
    looked_at: str = ""
    unread: tuple[Unread, ...] = ()

    @property
    def evaluated(self) -> bool:
        """Whether the tool gave an answer."""
        return not self.reason


class Scanned(Value):
    """What came of asking all tools of one scan. `suppressed`: findings that people have waved through in the code."""

    runs: tuple[ToolRun, ...] = ()
    findings: tuple[ScanFinding, ...] = ()
    suppressed: int = 0
    notes: tuple[str, ...] = ()


class ScanReport(Value):
    """One scan of one state of a repository.

    `findings` were seen this time; `carried` were there before and could not be looked at again. `read_to` is the
    commit up to which the history has been read for secrets.
    """

    scan: ScanName
    commit: str | None = None
    digest: str
    runs: tuple[ToolRun, ...] = ()
    findings: tuple[ScanFinding, ...] = ()
    carried: tuple[ScanFinding, ...] = ()
    suppressed: int = 0
    notes: tuple[str, ...] = ()
    read_to: str | None = None

    @property
    def known(self) -> tuple[ScanFinding, ...]:
        """All that is known to be there, or was when it was last looked for."""
        return (*self.findings, *self.carried)

    @property
    def evaluated(self) -> tuple[ToolRun, ...]:
        """The tools that gave an answer."""
        return tuple(run for run in self.runs if run.evaluated)

    @property
    def gaps(self) -> tuple[str, ...]:
        """What was not evaluated, and why: whole targets, and single files."""
        runs = [f"{run.tool}, {run.target}: {run.reason}" for run in self.runs if not run.evaluated]
        files = [f"{run.tool}, {one.file}: {one.reason}" for run in self.runs for one in run.unread]
        return (*runs, *files)


class Trend(Value):
    """What became of the findings since the report before; of a first report all are new."""

    first: bool
    new: tuple[ScanFinding, ...] = ()
    fixed: tuple[ScanFinding, ...] = ()
    still: tuple[ScanFinding, ...] = ()
    carried: tuple[ScanFinding, ...] = ()


def report_of(
    scan: ScanName, commit: str | None, digest: str, scanned: Scanned, before: ScanReport | None
) -> ScanReport:
    """The report of a scan. What was known before and was not looked at again is carried on."""
    return ScanReport(
        scan=scan,
        commit=commit,
        digest=digest,
        runs=scanned.runs,
        findings=scanned.findings,
        carried=_carried(scanned, before),
        suppressed=scanned.suppressed,
        notes=scanned.notes,
    )


def _carried(scanned: Scanned, before: ScanReport | None) -> tuple[ScanFinding, ...]:
    found = {finding.fingerprint for finding in scanned.findings}
    targets = {run.target for run in scanned.runs if not run.evaluated}
    files = {(run.target, one.file) for run in scanned.runs for one in run.unread}
    return tuple(
        finding
        for finding in (before.known if before else ())
        if finding.fingerprint not in found
        and (finding.target in targets or (finding.target, finding.file) in files)
    )


def trend_of(before: ScanReport | None, now: ScanReport) -> Trend:
    """What is new, what is fixed, what is still there, and what nobody could look at."""
    earlier = {finding.fingerprint for finding in before.known} if before else set()
    present = {finding.fingerprint for finding in now.known}
    return Trend(
        first=before is None,
        new=tuple(finding for finding in now.findings if finding.fingerprint not in earlier),
        fixed=tuple(one for one in (before.known if before else ()) if one.fingerprint not in present),
        still=tuple(finding for finding in now.findings if finding.fingerprint in earlier),
        carried=now.carried,
    )


def at_least(findings: Iterable[ScanFinding], severity: Severity) -> tuple[ScanFinding, ...]:
    """The findings of this severity and of heavier ones."""
    weighty = SEVERITIES[SEVERITIES.index(severity) :]
    return tuple(finding for finding in findings if finding.severity in weighty)


def heaviest_first(findings: Iterable[ScanFinding]) -> tuple[ScanFinding, ...]:
    """The same findings, the heaviest first, then by place."""
    return tuple(
        sorted(findings, key=lambda one: (-SEVERITIES.index(one.severity), one.file, one.line, one.rule))
    )


def fingerprinted(sightings: Iterable[tuple[ScanFinding, str]]) -> tuple[ScanFinding, ...]:
    """Give each finding its fingerprint, from what it is about: the text beside it.

    Of several that are alike in one file each has its own, in the order given: one more of them is one new finding.
    """
    seen: Counter[tuple[str, ...]] = Counter()
    found = []
    for finding, content in sightings:
        what = (finding.tool, finding.rule, finding.file, " ".join(content.split()))
        told = "\0".join((*what, str(seen[what])))
        seen[what] += 1
        digest = hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        found.append(finding.model_copy(update={"fingerprint": digest}))
    return tuple(found)


def severity_of(said: str) -> Severity:
    """A tool's own word on one scale for all."""
    return _WORDS.get(said.lower(), NOT_GIVEN)


_WORDS: dict[str, Severity] = {
    "info": "low",
    "informational": "low",
    "none": "low",
    "low": "low",
    "moderate": "medium",
    "medium": "medium",
    "high": "high",
    "critical": "critical",
}


def in_short(text: object) -> str:
    """What a tool says as one line that is not too long."""
    words = " ".join(str(text or "").split())
    return words if len(words) <= LONGEST_TEXT else f"{words[: LONGEST_TEXT - 1]}…"
