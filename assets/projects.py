"""The graph of one declared project: its repository, what was detected there, the pipeline, and the files of it.

A project's keys follow from its declaration alone: `shop/repository`, `shop/stacks`, `shop/pipeline`, one key for
each file that its declaration can make us write, `shop/files`, which most checks are about, `shop/proposal`, and one
for each scan that is on (`shop/scan_code`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import dagster as dg

from assets.audit import audit_assets, audit_key
from assets.checks import Evidence, check_results, check_specs
from assets.declarations import (
    DIGEST_TAG,
    PROJECT_TAG,
    Declaration,
    asked_project,
    group_of,
    refusal,
    told_plainly,
)
from assets.improvement import improvement_key
from assets.scans import scan_keys, scans_asset
from assets.shown import (
    code_reference,
    file_metadata,
    files_metadata,
    not_written_metadata,
    pipeline_metadata,
    proposal_metadata,
    snapshot_metadata,
    stacks_metadata,
)
from assets.written import FilesWritten, MadeFiles, NotWritten, digest, made_files, not_written, written_file
from cicd_defs.adapters.project_files import Declared
from cicd_defs.facts.detect import detect
from cicd_defs.facts.stacks import Stacks
from cicd_defs.facts.value import Value
from cicd_defs.facts.written import written_files
from cicd_defs.plan.compile import compile_pipeline
from cicd_defs.plan.files import EVER_WRITTEN, known_paths, looked_at
from cicd_defs.plan.pipeline import Pipeline
from cicd_defs.plan.repin import repinned
from cicd_defs.render.files import GeneratedFile
from cicd_defs.render.proposal import Proposal, propose
from resources.pins import pins_beside
from resources.repositories import Repositories, Snapshot
from resources.scanners import WorkflowScanner

Shown = TypeVar("Shown", bound=Value)

# Named once: to work out the type of each of many thousand outputs anew takes Dagster a tenth of its loading time.
FILE, ALL_FILES, PROPOSAL = (
    dg.PythonObjectDagsterType((GeneratedFile, NotWritten)),
    dg.PythonObjectDagsterType(FilesWritten),
    dg.PythonObjectDagsterType(Proposal),
)

KINDS = {
    ".github": {"github"},
    "Makefile": {"make"},
    "ci.mk": {"make"},
    ".pre-commit-config.yaml": {"git"},
    "Dockerfile": {"docker"},
    ".dockerignore": {"docker"},
    "docker-compose.staging.yml": {"docker"},
}
"""A path's first part to the kinds that its asset shows."""


def project_assets(declared: Declaration) -> list[dg.AssetsDefinition]:
    """All assets of one project, in the order in which they come to be."""
    paths = paths_of(declared)
    return [
        repository_asset(declared),
        stacks_asset(declared),
        pipeline_asset(declared),
        files_asset(declared, paths),
        *scans_asset(declared),
        audit_assets(declared),
    ]


def paths_of(declared: Declaration) -> tuple[str, ...]:
    """The files that a declaration can make us write; of a refused one every file that there may be."""
    return known_paths(declared.project) if isinstance(declared, Declared) else EVER_WRITTEN


def project_keys(declared: Declaration) -> list[dg.AssetKey]:
    """The keys of all assets of one project, in the order in which they come to be."""
    first = [dg.AssetKey([declared.name, asset]) for asset in ("repository", "stacks", "pipeline")]
    last = [dg.AssetKey([declared.name, asset]) for asset in ("files", "proposal")]
    files = (file_key(declared.name, path) for path in paths_of(declared))
    plans = (audit_key(declared.name), improvement_key(declared.name))
    return [*first, *files, *last, *scan_keys(declared), *plans]


def file_key(name: str, path: str) -> dg.AssetKey:
    """The key of a generated file: the project, then the file's path."""
    return dg.AssetKey([name, *path.split("/")])


def run_tags(declared: Declared) -> dict[str, str]:
    """What a run for one project carries: which one, and in which state of its file."""
    return {PROJECT_TAG: declared.name, DIGEST_TAG: declared.digest}


def repository_asset(declared: Declaration) -> dg.AssetsDefinition:
    """Where everything begins: the files of the repository."""

    @dg.asset(
        key=[declared.name, "repository"],
        kinds={"git"},
        group_name=group_of(declared.name),
        metadata=_declared_by(declared),
        description=refusal(declared),
    )
    def repository(
        context: dg.AssetExecutionContext, repositories: dg.ResourceParam[Repositories]
    ) -> dg.MaterializeResult[Snapshot]:
        """The repository as it is now: its commit and its files."""
        project = asked_project(context, declared)
        with told_plainly():
            snapshot = repositories.snapshot(project, declared.path.parent)
        return _result(snapshot, snapshot_metadata(snapshot), snapshot.digest)

    return repository


def stacks_asset(declared: Declaration) -> dg.AssetsDefinition:
    """What is detected in the repository."""

    @dg.asset(
        key=[declared.name, "stacks"],
        ins=_ins(declared, "repository"),
        group_name=group_of(declared.name),
        metadata=_declared_by(declared),
        description=refusal(declared),
    )
    def stacks(
        context: dg.AssetExecutionContext, repository: Snapshot, repositories: dg.ResourceParam[Repositories]
    ) -> dg.MaterializeResult[Stacks]:
        """What the repository is made of: components, tools and commands, each with its evidence."""
        asked_project(context, declared)
        with told_plainly():
            found = detect(repositories.tree(repository))
        return _result(found, stacks_metadata(found))

    return stacks


def pipeline_asset(declared: Declaration) -> dg.AssetsDefinition:
    """What follows from the declaration and the repository."""

    @dg.asset(
        key=[declared.name, "pipeline"],
        ins=_ins(declared, "repository", "stacks"),
        code_version=declared.digest[:12] or None,
        group_name=group_of(declared.name),
        metadata=_declared_by(declared),
        description=refusal(declared),
    )
    def pipeline(
        context: dg.AssetExecutionContext,
        repository: Snapshot,
        stacks: Stacks,
        repositories: dg.ResourceParam[Repositories],
    ) -> dg.MaterializeResult[Pipeline]:
        """The plan: workflows, local commands, and which files are written, left out or removed, and why.

        Its code version is the project file's: after a change of that file and a reload it is shown as out of date.
        A run reads the project file as it is then: one changed since the last reload counts as it has become.
        """
        project = asked_project(context, declared)
        with told_plainly():
            written = written_files(repositories.tree(repository), looked_at(project))
            pins = pins_beside(declared.path.parent)
        plan = repinned(compile_pipeline(project, stacks, written), pins)
        return _result(plan, pipeline_metadata(plan))

    return pipeline


def files_asset(declared: Declaration, paths: Sequence[str]) -> dg.AssetsDefinition:
    """Each file that the pipeline writes as an asset of its own; `files`, all of them, checked; and the `proposal`."""
    keys = {
        name: dg.AssetKey([declared.name, name]) for name in ("pipeline", "repository", "files", "proposal")
    }
    each = {f"file_{at}": file_key(declared.name, path) for at, path in enumerate(paths)}

    @dg.multi_asset(
        name=f"{group_of(declared.name)}__files",
        outs={
            **_file_outs(declared, paths, list(each)),
            "files": _out(declared, keys["files"], ALL_FILES, _FILES_WORDS),
            "proposal": _out(declared, keys["proposal"], PROPOSAL, _PROPOSAL_WORDS),
        },
        internal_asset_deps={
            # Each is brought together with the repository's file too; an edge of each would only repeat the plan's.
            **{name: {keys["pipeline"]} for name in each},
            "files": {keys["repository"], *each.values()},
            "proposal": {keys["files"], keys["pipeline"]},
        },
        check_specs=check_specs(keys["files"]),
        ins=_ins(declared, "repository", "pipeline"),
        can_subset=True,
    )
    def files(
        context: dg.AssetExecutionContext,
        repository: Snapshot,
        pipeline: Pipeline,
        repositories: dg.ResourceParam[Repositories],
        scanner: dg.ResourceParam[WorkflowScanner],
    ) -> Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult]:
        project = asked_project(context, declared)
        with told_plainly():
            made = made_files(project, pipeline, repositories.tree(repository))
        yield from _files(context, made, paths)
        if keys["files"] in context.selected_asset_keys:
            yield _all_files(keys["files"], made)
        if keys["proposal"] in context.selected_asset_keys:
            proposal = propose(pipeline, made.regenerated, made.current)
            yield _result(proposal, proposal_metadata(proposal), key=keys["proposal"])
        asked = frozenset(check.name for check in context.selected_asset_check_keys)
        if asked:
            yield from check_results(keys["files"], _evidence(made, scanner), asked)

    return files


def _file_outs(declared: Declaration, paths: Sequence[str], names: Sequence[str]) -> dict[str, dg.AssetOut]:
    """The files that may be written. One that does not apply is skipped; `pipeline` says why."""
    group, declared_by, refused = group_of(declared.name), _declared_by(declared), refusal(declared)
    return {
        name: dg.AssetOut(
            key=file_key(declared.name, path),
            description=refused
            or f"`{path}` as it is to stand in the repository. Where it does not apply, `pipeline` says why.",
            kinds=KINDS.get(path.partition("/")[0], {"file"}),
            group_name=group,
            metadata=declared_by,
            dagster_type=FILE,
            is_required=False,
        )
        for name, path in zip(names, paths, strict=True)
    }


_FILES_WORDS = "All generated files of the project, told in short, and checked together."
_PROPOSAL_WORDS = (
    "The pull request to come: its title, its body and the files that it changes, with the reasons."
)


def _out(declared: Declaration, key: dg.AssetKey, type_: dg.DagsterType, words: str) -> dg.AssetOut:
    return dg.AssetOut(
        key=key,
        description=refusal(declared) or words,
        group_name=group_of(declared.name),
        metadata=_declared_by(declared),
        dagster_type=type_,
        is_required=False,
    )


def _files(
    context: dg.AssetExecutionContext, made: MadeFiles, paths: Iterable[str]
) -> Iterator[dg.MaterializeResult[Any]]:
    planned, finals = (
        {file.path: file for file in made.pipeline.files},
        {file.path: file for file in made.shown},
    )
    for path in paths:
        key = file_key(made.pipeline.project, path)
        if key not in context.selected_asset_keys:
            continue
        if path in finals:
            told = file_metadata(finals[path], made.reason(path), made.current.get(path))
            yield _result(finals[path], told, digest(finals[path].text), key)
        # What was never written stays so. What was shown once must not be shown on, as if it still applied.
        elif context.instance.get_latest_materialization_event(key) is not None:
            left_out = not_written(path, planned.get(path))
            yield _result(left_out, not_written_metadata(left_out), key=key)


def _all_files(key: dg.AssetKey, made: MadeFiles) -> dg.MaterializeResult[FilesWritten]:
    written = FilesWritten(files=tuple(written_file(file) for file in made.shown))
    return _result(written, files_metadata(written, made.regenerated), key=key)


def _evidence(made: MadeFiles, scanner: WorkflowScanner) -> Evidence:
    workflows = {file.path: file.text for file in made.shown if file.kind == "workflow"}
    return Evidence(made.pipeline, made.generated, scanner.scan(workflows), made.regenerated)


def _result(
    value: Shown, metadata: dict[str, Any], version: str | None = None, key: dg.AssetKey | None = None
) -> dg.MaterializeResult[Shown]:
    """A value with what is shown of it. The same value has the same version, so that what follows stays up to date."""
    told = dg.DataVersion(version or digest(value.model_dump_json()))
    return dg.MaterializeResult(asset_key=key, value=value, metadata=metadata, data_version=told)


def _ins(declared: Declaration, *names: str) -> dict[str, dg.AssetIn]:
    return {name: dg.AssetIn(key=[declared.name, name]) for name in names}


def _declared_by(declared: Declaration) -> Mapping[str, object]:
    return code_reference(declared.path, declared.shown)
