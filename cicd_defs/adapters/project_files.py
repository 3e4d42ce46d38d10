"""The project files of one folder, read strictly. A file that is refused costs nobody else anything."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from cicd_defs.spec.model import Project
from cicd_defs.spec.problem import START, Problem, SpecError
from cicd_defs.spec.read import LARGEST, check_names, read_project


@dataclass(frozen=True)
class ProjectFile:
    """One file: what it declares, or what is wrong with it. `shown` is its path as people know it.

    A file whose name is not UTF-8 declares nothing, so its `path` is printable too.
    """

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
    """Every `*.yaml` and `*.yml` of a folder, in the order of their names.

    A folder that is not there, or cannot be read, stands for itself with what is wrong with it.
    """
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix in {".yaml", ".yml"})
    except OSError as error:
        return (_without_folder(folder, error),)
    names = {path: _printable(os.path.relpath(path, folder.parent)) for path in paths}
    collisions: dict[str, list[Problem]] = {}
    for problem in check_names(names.values()):
        collisions.setdefault(problem.source, []).append(problem)
    return tuple(_read(path, shown, collisions.get(shown, [])) for path, shown in names.items())


def read_file(path: Path) -> ProjectFile:
    """One project file, by itself: whether its name collides with another's is not looked at."""
    return _read(path, _printable(os.path.relpath(path, path.parent.parent)), [])


def _without_folder(folder: Path, error: OSError) -> ProjectFile:
    shown = _printable(str(folder))
    missing = isinstance(error, FileNotFoundError | NotADirectoryError)
    message = f"there is no folder {shown}" if missing else f"{shown} cannot be read: {error.strerror}"
    problem = Problem(
        shown, *START, message, "Correct CICD_PROJECTS, which names the folder of project files."
    )
    return ProjectFile(Path(shown), shown, "", None, (problem,))


def _read(path: Path, shown: str, problems: list[Problem]) -> ProjectFile:
    named = path.with_name(_printable(path.name))
    try:
        data = _content(path)
    except OSError as error:
        message = f"the file cannot be read: {error.strerror}"
        unread = Problem(shown, *START, message, "Make it a readable file, or take it away.")
        return ProjectFile(named, shown, "", None, (unread,))
    digest = hashlib.sha256(data).hexdigest()
    try:
        project = read_project(data, shown)
    except SpecError as error:
        return ProjectFile(named, shown, digest, None, tuple(sorted({*problems, *error.problems})))
    return ProjectFile(named, shown, digest, None if problems else project, tuple(problems))


def _content(path: Path) -> bytes:
    # Opening a pipe would block, and with it the loading of all projects.
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file")
        with os.fdopen(file, "rb", closefd=False) as opened:
            return opened.read(LARGEST + 1)
    finally:
        os.close(file)


def _printable(name: str) -> str:
    """A name as it can be shown and stored; bytes that are not UTF-8 are written as escapes."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
