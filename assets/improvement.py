"""The plan that makes a project's CI good: a series of pull requests, with their patches inside."""

import dagster as dg

from assets.audit import settings_of
from assets.declarations import Declaration, asked_project, group_of, refusal, told_plainly
from assets.shown import Metadata, code_reference, table
from assets.written import digest
from cicd_defs.facts.stacks import Stacks
from cicd_defs.judge.improvement import Improvement, Named, plan_improvement
from cicd_defs.judge.repository import Repository
from cicd_defs.plan.pipeline import Pipeline
from cicd_defs.render.files import render_files
from cicd_defs.render.patch import file_patch
from cicd_defs.render.series import as_markdown
from resources.judges import FileJudges
from resources.project_files import Declared
from resources.repositories import Repositories, Snapshot

PLAN = dg.PythonObjectDagsterType(Improvement)
"""Named once: to work it out anew for each of many thousand outputs takes Dagster long."""

LONGEST = 60_000
"""Characters of the plan that are shown; all of it is kept."""


def improvement_key(name: str) -> dg.AssetKey:
    """The key of a project's plan."""
    return dg.AssetKey([name, "improvement_plan"])


def improvement_asset(declared: Declaration) -> dg.AssetsDefinition:
    """What to do about what the audit found, in which order."""
    names = ("repository", "stacks", "pipeline")

    @dg.asset(
        key=improvement_key(declared.name),
        ins={name: dg.AssetIn(key=[declared.name, name]) for name in names},
        deps=[dg.AssetKey([declared.name, "ci_audit"])],
        group_name=group_of(declared.name),
        metadata=code_reference(declared.path, declared.shown),
        description=refusal(declared),
        dagster_type=PLAN,
    )
    def improvement_plan(
        context: dg.AssetExecutionContext,
        repository: Snapshot,
        stacks: Stacks,
        pipeline: Pipeline,
        repositories: dg.ResourceParam[Repositories],
        judges: dg.ResourceParam[FileJudges],
    ) -> dg.MaterializeResult[Improvement]:
        """The pull requests that make the repository's CI good, in order, each with its patch."""
        asked_project(context, declared)
        assert isinstance(declared, Declared)
        with told_plainly():
            tree = repositories.tree(repository)
        offered = {file.path: file.text for file in render_files(pipeline)}
        plan = plan_improvement(
            Repository(tree, stacks=stacks, offers=lambda: offered),
            Named(declared.name, repository.commit or ""),
            pipeline,
            lambda now: judges.judge(now).findings,
            file_patch,
            settings_of(declared.project.audit),
        )
        return dg.MaterializeResult(
            value=plan,
            metadata=improvement_metadata(plan),
            data_version=dg.DataVersion(digest(plan.model_dump_json())),
        )

    return improvement_plan


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
