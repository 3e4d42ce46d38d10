"""The audit of a project's CI: findings as a table, a check for each family, and the minutes to be saved over time."""

from collections.abc import Iterator

import dagster as dg

from assets.declarations import Declaration, asked_project, group_of, refusal, told_plainly
from assets.shown import Metadata, code_reference, table
from assets.written import digest
from cicd_defs.facts.findings import Family, Severity
from cicd_defs.facts.stacks import Stacks
from cicd_defs.judge.audit import Settings, audit
from cicd_defs.judge.report import AuditReport, report_of
from cicd_defs.judge.repository import Repository
from cicd_defs.spec.audit import Audit
from resources.judges import FileJudges
from resources.project_files import Declared
from resources.repositories import Repositories, Snapshot

REPORT = dg.PythonObjectDagsterType(AuditReport)
"""Named once: to work it out anew for each of many thousand outputs takes Dagster long."""

QUESTIONS: dict[Family, str] = {
    Family.CANNOT_FAIL: "Can every check fail?",
    Family.WORK_TWICE: "Is no work done twice?",
    Family.FLOW: "Do jobs and steps come in an order that holds?",
    Family.PLAIN_BUGS: "Do all values mean what they look like?",
    Family.SAFETY_NETS: "Is there a net below every mistake?",
    Family.HYGIENE: "Does the repository have what a healthy one has?",
    Family.FLAKY_CODE: "Is there no code that makes CI flaky?",
    Family.ENGINE: "Could everything be read and judged?",
}
_COLUMNS = ("severity", "rule", "file", "line", "message", "fix", "minutes", "confidence", "tool")


def audit_key(name: str) -> dg.AssetKey:
    """The key of a project's audit."""
    return dg.AssetKey([name, "ci_audit"])


def check_name(family: Family) -> str:
    """A family's name as the name of a check: `cannot_fail`."""
    return family.value.replace(" ", "_")


def audit_asset(declared: Declaration) -> dg.AssetsDefinition:
    """What is wrong with the repository's CI as it stands."""
    key = audit_key(declared.name)

    @dg.asset(
        key=key,
        ins={name: dg.AssetIn(key=[declared.name, name]) for name in ("repository", "stacks")},
        check_specs=[
            dg.AssetCheckSpec(check_name(family), asset=key, description=question)
            for family, question in QUESTIONS.items()
        ],
        group_name=group_of(declared.name),
        metadata=code_reference(declared.path, declared.shown),
        description=refusal(declared),
        dagster_type=REPORT,
    )
    def ci_audit(
        context: dg.AssetExecutionContext,
        repository: Snapshot,
        stacks: Stacks,
        repositories: dg.ResourceParam[Repositories],
        judges: dg.ResourceParam[FileJudges],
    ) -> Iterator[dg.MaterializeResult[AuditReport] | dg.AssetCheckResult]:
        """What is wrong with the repository's CI: checks that cannot fail, work done twice, what is missing."""
        asked_project(context, declared)
        assert isinstance(declared, Declared)
        with told_plainly():
            tree = repositories.tree(repository)
        looked = Repository(tree, stacks=stacks)
        answer = judges.judge(looked)
        settings = settings_of(declared.project.audit)
        audited = audit(looked, settings, answer.findings)
        unknown = [f"{one.scanner}: {one.reason}" for one in answer.not_evaluated]
        report = report_of(repository.commit or "", settings.profile, audited, unknown)
        yield dg.MaterializeResult(
            asset_key=key,
            value=report,
            metadata=report_metadata(report),
            data_version=dg.DataVersion(digest(report.model_dump_json())),
        )
        yield from (_verdict(key, family, report) for family in QUESTIONS)

    return ci_audit


def settings_of(declared: Audit) -> Settings:
    """How a project's file says that it is to be audited."""
    off = {*declared.ignore, *(name for name, weight in declared.rules.items() if weight == "off")}
    weights = {name: Severity.named(weight) for name, weight in declared.rules.items() if weight != "off"}
    return Settings(declared.profile, frozenset(off), weights)


def report_metadata(report: AuditReport) -> Metadata:
    """The findings as a table, and the numbers that are drawn over time."""
    rows = [
        {**row.model_dump(), "minutes": "" if row.minutes is None else f"{row.minutes:g}"}
        for row in report.rows
    ]
    told: Metadata = {
        "findings": dg.MetadataValue.int(len(report.rows)),
        **{severity.word: dg.MetadataValue.int(report.count(severity)) for severity in reversed(Severity)},
        "fixable": dg.MetadataValue.int(report.fixable),
        "suppressed": dg.MetadataValue.int(report.suppressed),
        "minutes_to_save": dg.MetadataValue.float(report.minutes),
        "table": table(rows, *_COLUMNS),
    }
    if report.not_evaluated:
        told["not_evaluated"] = dg.MetadataValue.text("\n".join(report.not_evaluated))
    return told


def _verdict(key: dg.AssetKey, family: Family, report: AuditReport) -> dg.AssetCheckResult:
    """A family's check: findings of medium severity keep it from passing, heavy ones as an error."""
    rows = report.of_family(family)
    heavy = [row for row in rows if row.severity != "low"]
    unknown = report.not_evaluated if family in {Family.SAFETY_NETS, Family.ENGINE} else ()
    told = f"{len(rows)} finding{'s' if len(rows) != 1 else ''}" if rows else "no findings"
    error = any(row.severity == "high" for row in rows)
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=check_name(family),
        passed=not heavy and not unknown,
        severity=dg.AssetCheckSeverity.ERROR if error else dg.AssetCheckSeverity.WARN,
        description=f"not evaluated: {'; '.join(unknown)}" if unknown else told,
        metadata={"evaluated": not unknown, "found": table((row.model_dump() for row in rows), *_COLUMNS)},
    )
