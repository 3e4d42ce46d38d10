"""What a project's generated files are, told in short: the value of `files`."""

from __future__ import annotations

import hashlib
from typing import Literal

from cicd_defs.facts.value import Value
from cicd_defs.plan.pipeline import PlannedFile
from cicd_defs.render.files import GeneratedFile


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
