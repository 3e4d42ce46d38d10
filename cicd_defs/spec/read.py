"""Reading a project file: strictly, and with the place of everything that is wrong."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

from pydantic import ValidationError

from cicd_defs.spec.model import Project
from cicd_defs.spec.names import PROJECT_NAME
from cicd_defs.spec.problem import START, Place, Problem, SpecError, shown
from cicd_defs.spec.text import CONTROL
from cicd_defs.spec.tree import Node, Table, TreeReader, value_of
from cicd_defs.spec.wording import problems_of

__all__ = ["LARGEST", "Problem", "SpecError", "check_names", "project_name", "read_project", "read_values"]

LARGEST = 64 * 1024
MOST_PROBLEMS = 100
RESERVED_NAME = "project_files"

_UNSEEN = re.compile(f"(?![\t\n\r])(?:{CONTROL}|[\ud800-\udfff])")
_NAME_HINT = "Name the file with a lower-case letter, then letters, digits, `-` and `_`, at most 39 in all."


def read_project(text: str | bytes, source: str) -> Project:
    """The project that a file declares. `source` is the file's path; its stem is the project's name.

    Raises `SpecError` with every problem that was found.
    """
    root, problems = _read(_decoded(text, source), source)
    problems += _name_problems(source)
    values = value_of(root)
    if isinstance(root, Table):
        values["name"] = PurePosixPath(source).stem
        problems += _name_given(root, source)
    try:
        project = Project.model_validate(values)
    except ValidationError as error:
        problems += islice(problems_of(error, root, source), MOST_PROBLEMS)
    if problems:
        raise SpecError(problems)
    return project


def read_values(text: str | bytes, source: str) -> Any:
    """The plain values that a file holds, before the models look at them. Raises `SpecError`."""
    root, problems = _read(_decoded(text, source), source)
    if problems:
        raise SpecError(problems)
    return value_of(root)


def project_name(source: str) -> str:
    """The name of the project that a file declares: its stem. Raises `SpecError` where it cannot be one."""
    problems = list(_name_problems(source))
    if problems:
        raise SpecError(problems)
    return PurePosixPath(source).stem


def check_names(sources: Iterable[str]) -> tuple[Problem, ...]:
    """What is wrong with the names of the project files of one folder: bad names, and names that collide."""
    problems: list[Problem] = []
    seen: dict[str, str] = {}
    for source in sources:
        problems += _name_problems(source)
        first = seen.setdefault(PurePosixPath(source).stem.replace("-", "_"), source)
        if first != source:
            message = (
                f"the project's name collides with that of {shown(first)}: `-` and `_` count as the same"
            )
            problems.append(Problem(source, *START, message, "Rename one of the files."))
    return tuple(problems)


def _read(text: str, source: str) -> tuple[Node, list[Problem]]:
    reader = TreeReader(source)
    return reader.read(text), reader.problems


def _name_problems(source: str) -> Iterator[Problem]:
    stem = PurePosixPath(source).stem
    if not re.fullmatch(PROJECT_NAME, stem):
        yield Problem(source, *START, f"{shown(stem)} is not a project's name", _NAME_HINT)
    if stem.replace("-", "_") == RESERVED_NAME:
        message = f"{shown(stem)} is the name of the asset that shows all project files"
        yield Problem(source, *START, message, "Rename the file.")


def _name_given(root: Table, source: str) -> Iterator[Problem]:
    if "name" in root.keys:
        hint = "Leave it out: the project is called like its file."
        yield Problem(source, *root.keys["name"], "unknown key `name`", hint)


def _decoded(data: str | bytes, source: str) -> str:
    """The file's text, if it is plain UTF-8 of an acceptable size."""
    raw = data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass")
    if len(raw) > LARGEST:
        raise _refused(
            source, START, f"the file has {len(raw):,} bytes; at most {LARGEST:,} are read", "Shorten it."
        )
    if raw.startswith(b"\xef\xbb\xbf"):
        raise _refused(
            source, START, "the file begins with a byte order mark", "Save it as UTF-8 without one."
        )
    try:
        text = raw.decode() if isinstance(data, bytes) else data
    except UnicodeDecodeError as error:
        place = _place(raw[: error.start].decode("utf-8", "replace"))
        raise _refused(source, place, "the file is not UTF-8 here", "Save it as UTF-8.") from None
    unseen = _UNSEEN.search(text)
    if unseen:
        place = _place(text[: unseen.start()])
        message = f"a character that cannot be seen stands here: {shown(unseen[0])}"
        raise _refused(source, place, message, "Take it out, or write it as an escape in double quotes.")
    return text


def _place(before: str) -> Place:
    """The place that follows some text."""
    lines = re.split("\r\n|\r|\n", before)
    return Place(len(lines), len(lines[-1]) + 1)


def _refused(source: str, place: Place, message: str, hint: str) -> SpecError:
    return SpecError([Problem(source, *place, message, hint)])
