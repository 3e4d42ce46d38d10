"""The plan that makes a project's CI good: a series of pull requests, with their patches inside."""

import dagster as dg

from assets.shown import Metadata, table
from assets.written import digest
from cicd_defs.judge.audit import Settings
from cicd_defs.judge.improvement import Improvement, Named, plan_improvement
from cicd_defs.judge.repository import Repository
from cicd_defs.plan.pipeline import Pipeline
from cicd_defs.render.patch import file_patch
from cicd_defs.render.series import as_markdown
from resources.judges import FileJudges

LONGEST = 60_000
"""Characters of the plan that are shown; all of it is kept."""


def improvement_key(name: str) -> dg.AssetKey:
    """The key of a project's plan."""
    return dg.AssetKey([name, "improvement_plan"])


def made_plan(
    key: dg.AssetKey,
    repository: Repository,
    named: Named,
    pipeline: Pipeline,
    judges: FileJudges,
    settings: Settings,
) -> dg.MaterializeResult[Improvement]:
    """The plan, and what is shown of it."""
    plan = plan_improvement(
        repository, named, pipeline, lambda now: judges.judge(now).findings, file_patch, settings
    )
    return dg.MaterializeResult(
        asset_key=key,
        value=plan,
        metadata=improvement_metadata(plan),
        data_version=dg.DataVersion(digest(plan.model_dump_json())),
    )


def improvement_metadata(plan: Improvement) -> Metadata:
    """The series as a table, the plan in words, each patch, and the numbers over time."""
    rows = [
        {**one.model_dump(), "files": ", ".join(one.files), "depends_on": ", ".join(map(str, one.depends_on))}
        for one in plan.series
    ]
    patches = {
        f"patch_{one.number:02d}_{one.slug.replace('-', '_')}": dg.MetadataValue.md(
            f"~~~~~~diff\n{one.patch[:LONGEST]}\n~~~~~~"
        )
        for one in plan.series
    }
    return {
        "pull_requests": dg.MetadataValue.int(len(plan.series)),
        "mended": dg.MetadataValue.int(plan.findings - plan.left),
        "left": dg.MetadataValue.int(plan.left),
        "minutes_saved": dg.MetadataValue.float(plan.minutes),
        "series": table(rows, "number", "title", "phase", "risk", "depends_on", "files", "minutes"),
        "plan": dg.MetadataValue.md(as_markdown(plan)[:LONGEST]),
        **patches,
    }
