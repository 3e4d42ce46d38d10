"""How values look in the Dagster UI: tables, previews and references to the file that declares them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import dagster as dg

from assets.diff import side_by_side
from assets.preview import preview
from assets.written import FilesWritten, NotWritten, written_file
from cicd_defs.adapters.project_files import ProjectFile
from cicd_defs.facts.stacks import Claim, Component, ImageSource, Stacks
from cicd_defs.plan.pipeline import FileKind, Note, Pipeline
from cicd_defs.render.files import GeneratedFile
from cicd_defs.render.merge import Conflict, Kept
from cicd_defs.render.proposal import Proposal
from cicd_defs.render.regenerate import Regenerated
from resources.repositories import Snapshot

Metadata = dict[str, dg.MetadataValue]

MOST_ROWS = 500
BESIDE = (
    *("hooks", "dockerfiles", "compose_files", "kubernetes", "helm_charts", "skaffold"),
    *("other_languages", "other_package_managers", "other_test_runners"),
)
"""What `Stacks` holds beside the components."""

_LANGUAGES: dict[FileKind, str] = {
    "makefile": "make",
    "dockerfile": "dockerfile",
    "ruleset": "json",
    "contributing": "markdown",
    "coverage": "ini",
    "codeowners": "",
    "dockerignore": "",
}
"""What a kind's text is written in, where it is not YAML."""


def table(rows: Iterable[Mapping[str, object]], *columns: str) -> dg.MetadataValue:
    """Rows under these columns, as text; of very many the first."""
    shown = [dg.TableRecord({name: str(row.get(name, "")) for name in columns}) for row in rows]
    schema = dg.TableSchema(columns=[dg.TableColumn(name) for name in columns])
    return dg.MetadataValue.table(records=shown[:MOST_ROWS], schema=schema)


def code_reference(path: Path, shown: str) -> Mapping[str, object]:
    """Definition metadata: the project file that an asset follows from."""
    reference = dg.LocalFileCodeReference(file_path=str(path), line_number=1, label=shown)
    return {"dagster/code_references": dg.CodeReferencesMetadataValue(code_references=[reference])}


def snapshot_metadata(snapshot: Snapshot) -> Metadata:
    """What a repository was, in short, and its files."""
    rows = [{"path": file.path, "bytes": file.size} for file in snapshot.files]
    return {
        "source": dg.MetadataValue.text(snapshot.source),
        "commit": dg.MetadataValue.text(_commit(snapshot)),
        "digest": dg.MetadataValue.text(snapshot.digest),
        "files": dg.MetadataValue.int(len(rows)),
        "bytes": dg.MetadataValue.int(sum(file.size for file in snapshot.files)),
        "tree": table(rows, "path", "bytes"),
    }


def _commit(snapshot: Snapshot) -> str:
    if snapshot.commit is None:
        return "none: the folder is not a git repository of its own"
    changed = f", and {snapshot.uncommitted} files that differ from it" if snapshot.uncommitted else ""
    return f"{snapshot.commit}{changed}"


def _image_row(image: ImageSource) -> Mapping[str, object]:
    context = "none has all that it copies" if image.context is None else image.context
    return {"Dockerfile": image.dockerfile, "build context": context, "missing": ", ".join(image.missing)}


def stacks_metadata(stacks: Stacks) -> Metadata:
    """The components with their tools and commands, and what stands beside them."""
    commands = [
        {
            "component": part.name,
            "what": command.kind,
            "command": command.run,
            "because of": _places(command.evidence),
        }
        for part in stacks.components
        for command in part.commands
    ]
    beside = [
        {"what": kind.replace("_", " "), "name": claim.name, "because of": _places(claim.evidence)}
        for kind in BESIDE
        for claim in getattr(stacks, kind)
    ]
    return {
        "components": table(
            map(_component_row, stacks.components),
            *(
                "component",
                "path",
                "stack",
                "versions",
                "package manager",
                "tests",
                "lint",
                "types",
                "services",
            ),
        ),
        "commands": table(commands, "component", "what", "command", "because of"),
        "beside": table(beside, "what", "name", "because of"),
        "images": table(map(_image_row, stacks.images), "Dockerfile", "build context", "missing"),
    }


def _component_row(part: Component) -> dict[str, object]:
    return {
        "component": part.name,
        "path": part.path,
        "stack": part.stack,
        "versions": ", ".join(part.versions),
        "package manager": _names(part.package_managers),
        "tests": _names(part.test_runners),
        "lint": _names(part.linters),
        "types": _names(part.type_checkers),
        "services": _names(part.services),
    }


def _names(claims: Sequence[Claim]) -> str:
    return ", ".join(claim.name for claim in claims)


def _places(evidence: Sequence[str]) -> str:
    return ", ".join(evidence[:3])


def pipeline_metadata(pipeline: Pipeline) -> Metadata:
    """Which files are written and why others are not, the jobs, and what a person should know."""
    files = [file.model_dump() for file in pipeline.files]
    jobs = [
        {
            "workflow": workflow.file,
            "job": job.id,
            "needs": ", ".join(job.needs),
            "minutes": job.timeout_minutes,
        }
        | {
            "steps": ", ".join(step.id for step in job.steps),
            "services": ", ".join(s.image for s in job.services),
        }
        for workflow in pipeline.workflows
        for job in workflow.jobs
    ]
    return {
        "files": table(files, "path", "state", "reason"),
        "jobs": table(jobs, "workflow", "job", "needs", "steps", "services", "minutes"),
        "notes": _notes(pipeline.notes),
    }


def _notes(notes: Sequence[Note]) -> dg.MetadataValue:
    return dg.MetadataValue.md(
        "\n".join(f"- **{note.where}**: {note.message}" for note in notes) or "nothing to note"
    )


def file_metadata(file: GeneratedFile, reason: str, before: str | None) -> Metadata:
    """A generated file: why it is written, its measures, its text, and what changes over the text `before`."""
    told = written_file(file)
    return {
        "path": dg.MetadataValue.text(file.path),
        "why": dg.MetadataValue.text(reason),
        "lines": dg.MetadataValue.int(told.lines),
        "bytes": dg.MetadataValue.int(told.size),
        "digest": dg.MetadataValue.text(told.digest),
        "change": dg.MetadataValue.text(_change(file.text, before)),
        "diff": side_by_side(before, file.text),
        "preview": preview(file.text, _LANGUAGES.get(file.kind, "")),
    }


def _change(text: str, before: str | None) -> str:
    if before is None:
        return "new"
    return "none: the repository has it as it is" if before == text else "changed"


def not_written_metadata(file: NotWritten) -> Metadata:
    """A file that does not apply any more: that it is not written, and why."""
    return {
        "path": dg.MetadataValue.text(file.path),
        "not written": dg.MetadataValue.text(f"{file.state}: {file.reason}"),
    }


def files_metadata(written: FilesWritten, regenerated: Regenerated) -> Metadata:
    """All generated files in one table, and what became of people's work in them."""
    rows = [file.model_dump() for file in written.files]
    return {
        "files": table(rows, "path", "kind", "lines", "size", "digest"),
        "kept as people left it": kept_table(regenerated.kept),
        "taken out": dg.MetadataValue.md("\n".join(f"- {one}" for one in regenerated.dropped) or "nothing"),
        "in conflict": conflict_table(regenerated.conflicts),
    }


def kept_table(kept: Sequence[Kept]) -> dg.MetadataValue:
    """What people and bots did to generated files, and stays."""
    return table([one.model_dump() for one in kept], "file", "element", "what", "detail")


def conflict_table(conflicts: Sequence[Conflict]) -> dg.MetadataValue:
    """What both people and the declaration changed, with both sides."""
    rows = [one.model_dump() for one in conflicts]
    return table(rows, "file", "line", "element", "current", "generated", "message")


def proposal_metadata(proposal: Proposal) -> Metadata:
    """The pull request to come: its title, its body as it will be shown, and the files that it changes."""
    return {
        "title": dg.MetadataValue.text(proposal.title),
        "ready": dg.MetadataValue.bool(proposal.ready),
        "conflicts": dg.MetadataValue.int(proposal.conflicts),
        "changes": table([one.model_dump() for one in proposal.changes], "path", "what", "reason"),
        "body": dg.MetadataValue.md(proposal.body),
    }


def project_files_metadata(files: Sequence[ProjectFile], when: str) -> Metadata:
    """Every project file, and what is wrong with those that are refused, under names that say when it was so."""
    bad = [file for file in files if file.project is None]
    problems = [problem for file in bad for problem in file.problems]
    rows = [
        {"place": f"{one.source}:{one.line}:{one.column}", "problem": one.message, "what to do": one.hint}
        for one in problems
    ]
    return {
        f"well {when}": dg.MetadataValue.md(
            "\n".join(f"- {f.shown}" for f in files if f.project is not None) or "none"
        ),
        f"refused {when}": dg.MetadataValue.md("\n".join(f"- {file.shown}" for file in bad) or "none"),
        f"problems {when}": table(rows, "place", "problem", "what to do"),
    }
