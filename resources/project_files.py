"""The project files of one folder, read strictly. A file that is refused costs nobody else anything."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from cicd_defs.spec.model import Project
from cicd_defs.spec.problem import START, Problem, SpecError
from cicd_defs.spec.read import LARGEST, check_names, read_project


@dataclass(frozen=True)
class ProjectFile:
    """One file: what it declares, or what is wrong with it. `shown` is its path as people know it."""

    path: Path
    shown: str
    digest: str
    project: Project | None
    problems: tuple[Problem, ...] = ()

    @property
    def stem(self) -> str:
        """The name of the project that it declares, or would declare."""
        return self.path.stem


@dataclass(frozen=True)
class Declared:
    """A project with the file that declares it."""

    project: Project
    path: Path
    shown: str
    digest: str

    @property
    def name(self) -> str:
        """The project's name."""
        return self.project.name


def declared_in(files: tuple[ProjectFile, ...]) -> tuple[Declared, ...]:
    """The projects of the files that are well."""
    return tuple(Declared(f.project, f.path, f.shown, f.digest) for f in files if f.project is not None)


def read_project_files(folder: Path) -> tuple[ProjectFile, ...]:
    """Every `*.yaml` and `*.yml` of a folder, in the order of their names. No folder, no files."""
    if not folder.is_dir():
        return ()
    paths = sorted(path for path in folder.iterdir() if path.suffix in {".yaml", ".yml"})
    names = {path: os.path.relpath(path, folder.parent) for path in paths}
    collisions: dict[str, list[Problem]] = {}
    for problem in check_names(names.values()):
        collisions.setdefault(problem.source, []).append(problem)
    return tuple(_read(path, shown, collisions.get(shown, [])) for path, shown in names.items())


def _read(path: Path, shown: str, problems: list[Problem]) -> ProjectFile:
    try:
        data = _content(path)
    except OSError as error:
        unread = Problem(shown, *START, f"the file cannot be read: {error.strerror}", "Make it readable.")
        return ProjectFile(path, shown, "", None, (unread,))
    digest = hashlib.sha256(data).hexdigest()
    try:
        project = read_project(data, shown)
    except SpecError as error:
        return ProjectFile(path, shown, digest, None, tuple(sorted({*problems, *error.problems})))
    return ProjectFile(path, shown, digest, None if problems else project, tuple(problems))


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LARGEST + 1)
