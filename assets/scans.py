"""The nightly scans of a project: dependencies, secrets, code, images; each with what became of it since the last one.

A scan that could not be made is told as such, with the reason: its check does not pass and is a warning. Numbers are
left out then, so that a graph of them has a gap and no false zero.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import dagster as dg

from assets.declarations import Declaration, asked_project, group_of, refusal, told_plainly
from assets.shown import Metadata, code_reference, table
from assets.written import digest
from cicd_defs.adapters.git import GitError
from cicd_defs.adapters.project_files import Declared
from cicd_defs.facts.detect import detect
from cicd_defs.facts.scans import (
    SCANS,
    ScanFinding,
    ScanName,
    Scanned,
    ScanReport,
    Severity,
    Trend,
    at_least,
    heaviest_first,
    report_of,
    trend_of,
)
from cicd_defs.facts.tree import Tree
from cicd_defs.plan.images import images_of
from cicd_defs.plan.release_images import pushed_images
from cicd_defs.spec.model import Project
from resources.histories import Histories, History
from resources.last_values import last_value
from resources.repositories import Repositories, Snapshot
from resources.scan_tools import ScanTools, Unavailable

COUNTS: Severity = "medium"
"""From this severity on a finding keeps the check from passing; lighter ones are shown and counted."""

REPORT = dg.PythonObjectDagsterType(ScanReport)
"""Named once: to work it out anew for each of many thousand outputs takes Dagster long."""

WORDS: dict[ScanName, str] = {
    "dependencies": "Known vulnerabilities of the versions that lock files name.",
    "secrets": "Secrets in the files, and in what commits since the last scan had in them.",
    "code": "Dangerous patterns in the project's own code.",
    "image": "What is wrong with the Dockerfiles, and with what is in the images that were pushed.",
}
QUESTIONS: dict[ScanName, str] = {
    "dependencies": "Is nothing known against the dependencies?",
    "secrets": "Are no secrets in the files and in the history?",
    "code": "Are there no dangerous patterns in the code?",
    "image": "Is nothing known against the images?",
}
_COLUMNS = ("severity", "said", "tool", "rule", "file", "line", "subject", "message", "fix", "commit", "url")


class Looked(NamedTuple):
    """What scans look at: the project with the place of its file, its repository, and who is asked about it."""

    declared: Declared
    snapshot: Snapshot
    tree: Tree
    tools: ScanTools
    histories: Histories

    @property
    def project(self) -> Project:
        """What is declared."""
        return self.declared.project


def scan_names(declared: Declaration) -> tuple[ScanName, ...]:
    """The scans that a declaration has on; of a refused one every scan."""
    if not isinstance(declared, Declared):
        return SCANS
    on = declared.project.pipeline.scans
    return tuple(name for name in SCANS if getattr(on, name))


def scan_key(name: str, scan: ScanName) -> dg.AssetKey:
    """The key of one scan of a project."""
    return dg.AssetKey([name, f"scan_{scan}"])


def scan_keys(declared: Declaration) -> list[dg.AssetKey]:
    """The keys of a project's scans."""
    return [scan_key(declared.name, scan) for scan in scan_names(declared)]


def scans_asset(declared: Declaration) -> list[dg.AssetsDefinition]:
    """Every scan that is on as an asset of its own; all in one definition, which is quicker to load than one each."""
    names = scan_names(declared)
    if not names:
        return []
    declared_by = code_reference(declared.path, declared.shown)

    @dg.multi_asset(
        name=f"{group_of(declared.name)}__scans",
        outs={f"scan_{scan}": _out(declared, scan, declared_by) for scan in names},
        check_specs=[
            dg.AssetCheckSpec(
                f"{scan}_clean", asset=scan_key(declared.name, scan), description=QUESTIONS[scan]
            )
            for scan in names
        ],
        ins={"repository": dg.AssetIn(key=[declared.name, "repository"])},
        can_subset=True,
    )
    def scans(
        context: dg.AssetExecutionContext,
        repository: Snapshot,
        repositories: dg.ResourceParam[Repositories],
        scan_tools: dg.ResourceParam[ScanTools],
        histories: dg.ResourceParam[Histories],
    ) -> Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult]:
        asked_project(context, declared)
        assert isinstance(declared, Declared)
        with told_plainly():
            tree = repositories.tree(repository)
        looked = Looked(declared, repository, tree, scan_tools, histories)
        for scan in names:
            yield from _scan(context, looked, scan)

    return [scans]


def _out(declared: Declaration, scan: ScanName, declared_by: Mapping[str, object]) -> dg.AssetOut:
    return dg.AssetOut(
        key=scan_key(declared.name, scan),
        description=refusal(declared) or WORDS[scan],
        group_name=group_of(declared.name),
        metadata=declared_by,
        dagster_type=REPORT,
        is_required=False,
    )


def _scan(
    context: dg.AssetExecutionContext, looked: Looked, scan: ScanName
) -> Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult]:
    key = scan_key(looked.declared.name, scan)
    kept = key in context.selected_asset_keys
    checked = any(check.asset_key == key for check in context.selected_asset_check_keys)
    if not (kept or checked):
        return
    before = last_value(context.instance, key, ScanReport)
    report = made_report(looked, scan, before)
    trend = trend_of(before, report)
    if kept:
        told = dg.DataVersion(digest(report.model_dump_json()))
        yield dg.MaterializeResult(
            asset_key=key, value=report, metadata=report_metadata(report, trend), data_version=told
        )
    if checked:
        yield verdict(key, report, trend)


def made_report(looked: Looked, scan: ScanName, before: ScanReport | None) -> ScanReport:
    """Scan, and bring it together with what was known before."""
    scanned = _SCAN[scan](looked, before)
    report = report_of(scan, looked.snapshot.commit, looked.snapshot.digest, scanned, before)
    if scan != "secrets":
        return report
    read = all(run.evaluated for run in report.runs)
    return report.model_copy(update={"read_to": report.commit if read else before and before.read_to})


def _secrets(looked: Looked, before: ScanReport | None) -> Scanned:
    earlier = before.known if before else ()
    return looked.tools.secrets(looked.tree, _history(looked, before), earlier)


def _history(looked: Looked, before: ScanReport | None) -> History | Unavailable:
    since = before.read_to if before else None
    commits = frozenset(finding.commit for finding in (before.known if before else ()) if finding.commit)
    folder = looked.declared.path.parent
    try:
        return looked.histories.history(looked.project, folder, looked.snapshot, since, commits)
    except GitError as error:
        return Unavailable(str(error))


def _image(looked: Looked, _: ScanReport | None) -> Scanned:
    return looked.tools.image(looked.tree, image_references(looked.project, looked.tree))


def image_references(project: Project, tree: Tree) -> tuple[str, ...]:
    """The images of a project that its releases push, by the tag that follows the branch."""
    if not project.docker.registries:
        return ()
    images = pushed_images(project, images_of(detect(tree), (), project.docker))
    return tuple(f"{image.names[0]}:{project.branch.replace('/', '-')}" for image in images)


_SCAN: Mapping[ScanName, Callable[[Looked, ScanReport | None], Scanned]] = {
    "dependencies": lambda looked, _: looked.tools.dependencies(looked.tree),
    "secrets": _secrets,
    "code": lambda looked, _: looked.tools.code(looked.tree),
    "image": _image,
}


def report_metadata(report: ScanReport, trend: Trend) -> Metadata:
    """A report as it is shown: numbers over time, what was found, what is new and fixed, and what was not evaluated."""
    gaps = "\n".join(f"- {gap}" for gap in report.gaps) or "everything was"
    notes = "\n".join(f"- {note}" for note in report.notes) or "nothing to note"
    return {
        **_numbers(report, trend),
        "found": _findings(report.findings),
        "new ones": _findings(trend.new),
        "fixed ones": _findings(trend.fixed),
        "not looked at again": _findings(trend.carried),
        "not evaluated": dg.MetadataValue.md(gaps),
        "tools": table([run.model_dump() for run in report.runs], "tool", "target", "looked_at", "reason"),
        "notes": dg.MetadataValue.md(notes),
    }


def _numbers(report: ScanReport, trend: Trend) -> Metadata:
    """What Dagster draws over time. Where no tool gave an answer there is nothing to draw."""
    gaps: Metadata = {"gaps": dg.MetadataValue.int(len(report.gaps))}
    if report.runs and not report.evaluated:
        return gaps
    by_severity = {
        severity: dg.MetadataValue.int(sum(one.severity == severity for one in report.known))
        for severity in ("critical", "high", "medium", "low")
    }
    return {
        "findings": dg.MetadataValue.int(len(report.known)),
        "new": dg.MetadataValue.int(len(trend.new)),
        "fixed": dg.MetadataValue.int(len(trend.fixed)),
        **by_severity,
        "suppressed": dg.MetadataValue.int(report.suppressed),
        **gaps,
    }


def _findings(findings: Sequence[ScanFinding]) -> dg.MetadataValue:
    return table((one.model_dump() for one in heaviest_first(findings)), *_COLUMNS)


def verdict(key: dg.AssetKey, report: ScanReport, trend: Trend) -> dg.AssetCheckResult:
    """The check of a scan. What was found outweighs what could not be looked at; only all well and all seen passes."""
    found = at_least(report.findings, COUNTS)
    evaluated = not report.gaps
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=f"{report.scan}_clean",
        passed=evaluated and not found,
        severity=dg.AssetCheckSeverity.ERROR if found or evaluated else dg.AssetCheckSeverity.WARN,
        description=_sentence(report, trend, found),
        metadata={"evaluated": evaluated, "found": _findings(found)},
    )


def _sentence(report: ScanReport, trend: Trend, found: Sequence[ScanFinding]) -> str:
    gaps = ""
    if report.gaps:
        others = f", and {len(report.gaps) - 1} more" if len(report.gaps) > 1 else ""
        gaps = f"not evaluated: {report.gaps[0]}{others}"
    if found:
        new = len(at_least(trend.new, COUNTS))
        fixed = f", {len(trend.fixed)} fixed" if trend.fixed else ""
        return f"{len(found)} findings, {new} of them new{fixed}{'; ' * bool(gaps)}{gaps}"
    if gaps:
        return gaps
    if not report.runs:
        return report.notes[0] if report.notes else "there is nothing to look at"
    lighter = f"; {len(report.findings)} of low severity" if report.findings else ""
    return f"nothing of {COUNTS} severity or more was found{lighter}"
