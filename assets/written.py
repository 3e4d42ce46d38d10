"""What a project's generated files are: brought together with what people did to them, and told in short."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from cicd_defs.facts.tree import Tree
from cicd_defs.facts.value import Value
from cicd_defs.facts.written import present_texts, written_files
from cicd_defs.plan.pipeline import Pipeline, PlannedFile
from cicd_defs.render.files import GeneratedFile, render_files
from cicd_defs.render.regenerate import Regenerated, regenerate
from cicd_defs.spec.model import Project


@dataclass(frozen=True)
class MadeFiles:
    """A pipeline's files: as generated, as they stand in the repository, and as they are to be written."""

    pipeline: Pipeline
    generated: Sequence[GeneratedFile]
    current: Mapping[str, str]
    regenerated: Regenerated

    @property
    def shown(self) -> tuple[GeneratedFile, ...]:
        """What is to be written; of a file in conflict what is generated, which is not in the repository yet."""
        torn = {conflict.file for conflict in self.regenerated.conflicts}
        fresh = {file.path: file for file in self.generated if file.path in torn}
        final = tuple(fresh.pop(file.path, file) for file in self.regenerated.files)
        return (*final, *fresh.values())

    def reason(self, path: str) -> str:
        """Why a file is written."""
        planned = next((file.reason for file in self.pipeline.files if file.path == path), None)
        if any(conflict.file == path for conflict in self.regenerated.conflicts):
            return f"{planned}; in conflict with what people wrote there, see `hand_edits`"
        return planned or "remembers what was generated, so that what people change is seen and kept"


def made_files(project: Project, pipeline: Pipeline, tree: Tree) -> MadeFiles:
    """Generate a pipeline's files and bring them together with a repository's.

    Where the declaration says `overwrite`, a file that was written by hand gives way; else it is a conflict.
    """
    generated = render_files(pipeline)
    written = written_files(tree, [file.path for file in generated])
    theirs = [file.path for file in generated if written.whose(file.path) == "theirs"]
    current = present_texts(tree, (file.path for file in pipeline.files))
    take = theirs if project.pipeline.overwrite else ()
    return MadeFiles(pipeline, generated, current, regenerate(generated, current, take=take))


class WrittenFile(Value):
    """One generated file: where it stands, and what it is. `size` is in bytes."""

    path: str
    kind: str
    size: int
    lines: int
    digest: str


class NotWritten(Value):
    """A file that was written once, and that the pipeline does not apply any more: why, and no text."""

    path: str
    state: Literal["skipped", "removed"]
    reason: str


class FilesWritten(Value):
    """Every file that the pipeline applies."""

    files: tuple[WrittenFile, ...]


def written_file(file: GeneratedFile) -> WrittenFile:
    """What can be told of a file in one line."""
    return WrittenFile(
        path=file.path,
        kind=file.kind,
        size=len(file.text.encode()),
        lines=file.text.count("\n"),
        digest=f"sha256:{digest(file.text)}",
    )


def not_written(path: str, planned: PlannedFile | None) -> NotWritten:
    """Why a file is not written. Of one that the plan does not even name, another stands in its place."""
    if planned is None:
        return NotWritten(path=path, state="skipped", reason="nothing calls for it")
    state: Literal["skipped", "removed"] = "removed" if planned.state == "removed" else "skipped"
    return NotWritten(path=path, state=state, reason=planned.reason)


def digest(text: str) -> str:
    """What tells one text from another."""
    return hashlib.sha256(text.encode()).hexdigest()
