"""The audit of a project's CI: findings as a table, a check for each family, the minutes to be saved over time.

The plan that follows from it comes to be beside it.
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from assets.declarations import Declaration, asked_project, group_of, refusal, told_plainly
from assets.improvement import improvement_key, made_plan
from assets.shown import Metadata, code_reference, table
from assets.written import digest
from cicd_defs.adapters.project_files import Declared
from cicd_defs.facts.findings import Family, Severity
from cicd_defs.facts.stacks import Stacks
from cicd_defs.judge.audit import Settings, audit
from cicd_defs.judge.improvement import Improvement, Named
from cicd_defs.judge.report import AuditReport, report_of
from cicd_defs.judge.repository import Repository
from cicd_defs.plan.pipeline import Pipeline
from cicd_defs.render.files import render_files
from cicd_defs.spec.audit import Audit
from resources.judges import FileJudges
from resources.repositories import Repositories, Snapshot

TYPES = {
    "ci_audit": dg.PythonObjectDagsterType(AuditReport),
    "improvement_plan": dg.PythonObjectDagsterType(Improvement),
}
"""Named once: to work it out anew for each of many thousand outputs takes Dagster long."""

WORDS = {
    "ci_audit": "What is wrong with the repository's CI: checks that cannot fail, work done twice, what is missing.",
    "improvement_plan": "The pull requests that make the repository's CI good, in order, each with its patch.",
}

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


def audit_assets(declared: Declaration) -> dg.AssetsDefinition:
    """What is wrong with the repository's CI as it stands, and what to do about it in which order.

    Both in one definition, which is quicker to load than one each.
    """
    key, plan_key = audit_key(declared.name), improvement_key(declared.name)

    @dg.multi_asset(
        name=f"{group_of(declared.name)}__audit",
        outs={"ci_audit": _out(declared, key), "improvement_plan": _out(declared, plan_key)},
        ins={name: dg.AssetIn(key=[declared.name, name]) for name in ("repository", "stacks", "pipeline")},
        internal_asset_deps={
            "ci_audit": {dg.AssetKey([declared.name, name]) for name in ("repository", "stacks")},
            "improvement_plan": {dg.AssetKey([declared.name, "pipeline"]), key},
        },
        check_specs=[
            dg.AssetCheckSpec(check_name(family), asset=key, description=question)
            for family, question in QUESTIONS.items()
        ],
        can_subset=True,
    )
    def audit_and_plan(
        context: dg.AssetExecutionContext,
        repository: Snapshot,
        stacks: Stacks,
        pipeline: Pipeline,
        repositories: dg.ResourceParam[Repositories],
        judges: dg.ResourceParam[FileJudges],
    ) -> Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult]:
        """The audit of the repository's CI, and the plan that follows from it."""
        asked_project(context, declared)
        assert isinstance(declared, Declared)
        with told_plainly():
            tree = repositories.tree(repository)
        offered = {file.path: file.text for file in render_files(pipeline)}
        looked = Repository(tree, stacks=stacks, offers=lambda: offered)
        settings = settings_of(declared.project.audit)
        named = Named(declared.name, repository.commit or "")
        if context.selected_asset_check_keys or key in context.selected_asset_keys:
            yield from _audit(context, key, looked, settings, named.commit, judges)
        if plan_key in context.selected_asset_keys:
            yield made_plan(plan_key, looked, named, pipeline, judges, settings)

    return audit_and_plan


def _out(declared: Declaration, key: dg.AssetKey) -> dg.AssetOut:
    return dg.AssetOut(
        key=key,
        description=refusal(declared) or WORDS[key.path[-1]],
        group_name=group_of(declared.name),
        metadata=code_reference(declared.path, declared.shown),
        dagster_type=TYPES[key.path[-1]],
        is_required=False,
    )


def _audit(
    context: dg.AssetExecutionContext,
    key: dg.AssetKey,
    looked: Repository,
    settings: Settings,
    commit: str,
    judges: FileJudges,
) -> Iterator[dg.MaterializeResult[AuditReport] | dg.AssetCheckResult]:
    """The audit, as far as it is asked for, and its checks."""
    answer = judges.judge(looked)
    audited = audit(looked, settings, answer.findings, tools=answer.tools)
    unknown = [f"{one.scanner}: {one.reason}" for one in answer.not_evaluated]
    report = report_of(commit, settings.profile, audited, unknown)
    if key in context.selected_asset_keys:
        yield dg.MaterializeResult(
            asset_key=key,
            value=report,
            metadata=report_metadata(report),
            data_version=dg.DataVersion(digest(report.model_dump_json())),
        )
    asked = {check.name for check in context.selected_asset_check_keys}
    yield from (_verdict(key, family, report) for family in QUESTIONS if check_name(family) in asked)


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
