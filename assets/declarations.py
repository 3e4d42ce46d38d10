"""What a project's assets follow from: its file, whether it is well or was refused.

A file that is refused keeps its assets, under the same keys: whoever asks for them, also in a run that began before the
file broke, is told what is wrong with the file, and not that Dagster knows no such asset.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from cicd_defs.adapters.git import GitError
from cicd_defs.adapters.project_files import Declared, ProjectFile
from cicd_defs.facts.written import UnreadableFile
from cicd_defs.plan.pinned import BadPins
from cicd_defs.render.lock import BrokenLock
from cicd_defs.spec.model import Project
from cicd_defs.spec.names import PROJECT_NAME
from cicd_defs.spec.problem import Problem
from resources.values import StoredValueError

PROJECT_TAG, DIGEST_TAG = "cicd/project", "cicd/project-digest"


@dataclass(frozen=True)
class Refused:
    """A project of which the file was refused: what is known of it."""

    name: str
    path: Path
    shown: str
    digest: str
    problems: tuple[Problem, ...]


Declaration = Declared | Refused


def declarations_in(files: Sequence[ProjectFile], taken: frozenset[str]) -> tuple[Declaration, ...]:
    """The project of each file; of a refused one where its name can be one, and its group is nobody else's."""
    groups = taken | {group_of(file.stem) for file in files if file.project is not None}
    found: list[Declaration] = []
    for file in files:
        group = group_of(file.stem)
        if file.project is not None:
            found.append(Declared(file.project, file.path, file.shown, file.digest))
        elif _can_be_named(file) and group not in groups:
            found.append(Refused(file.stem, file.path, file.shown, file.digest, file.problems))
            groups |= {group}
    return tuple(found)


def _can_be_named(file: ProjectFile) -> bool:
    """Whether a refused file would declare a project: not one with a name of another form, nor the folder itself."""
    return file.path.suffix in {".yaml", ".yml"} and bool(re.fullmatch(PROJECT_NAME, file.stem))


def group_of(name: str) -> str:
    """The group of a project's assets. Names are unique with `-` as `_`, which is what Dagster allows here."""
    return name.replace("-", "_")


def refusal(declaration: Declaration) -> str | None:
    """Why a project's assets cannot be materialised, in a sentence or more; None where they can."""
    if isinstance(declaration, Declared):
        return None
    problems = "\n".join(map(str, declaration.problems))
    return f"{problems}\n{declaration.shown} was refused: correct it and reload definitions."


def asked_project(context: dg.AssetExecutionContext, declaration: Declaration) -> Project:
    """What a run is to work with. Fails where the file was refused, or is in another state than was asked for."""
    if isinstance(declaration, Refused):
        raise dg.Failure(refusal(declaration), allow_retries=False)
    tags = context.run.tags
    asked = tags.get(DIGEST_TAG)
    if tags.get(PROJECT_TAG) == declaration.name and asked is not None and asked != declaration.digest:
        raise dg.Failure(
            f"{declaration.shown} has changed since this run was asked for (asked with {asked[:12]}, "
            f"found {declaration.digest[:12]}): reload the definitions and start it again.",
            allow_retries=False,
        )
    return declaration.project


@contextmanager
def told_plainly() -> Iterator[None]:
    """What a person can mend is told as a sentence, ahead of any trace, and not tried again."""
    try:
        yield
    except (GitError, StoredValueError, BrokenLock, UnreadableFile, BadPins) as error:
        raise dg.Failure(str(error), allow_retries=False) from error
