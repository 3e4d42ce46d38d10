"""What the install command of a Python project brings in: the parts of its manifests that the command names."""

import re
from collections.abc import Iterable

from cicd_defs.facts.draft import Dependency, Draft
from cicd_defs.facts.manifests import strings, table
from cicd_defs.facts.shell import moved_to
from cicd_defs.facts.survey import Survey, folder_of, join, name_of

MOST_INCLUDED = 50
_INCLUDE = re.compile(r"^[ \t]*(?:-r|--requirement)[ \t=]*([\w./-]+)", re.MULTILINE)


def installed_parts(
    survey: Survey, draft: Draft, manager: str, chosen: Iterable[str], files: Iterable[str]
) -> frozenset[str]:
    """The parts (as `Dependency.part` names them) that get installed.

    Takes the extras and groups that the command names, as parts, and its requirements files, as paths from the root.
    """
    always = {
        "uv": {"group dev"},
        "pipenv": {"group dev"},
        "hatch": _parts_of_hatch(survey, draft),
        "conda": {f"file {draft.manifest}"},
    }
    named = chosen if manager in ("uv", "poetry", "pdm", "pip") else ()
    included = _included(survey, files) if manager == "pip" else ()
    return frozenset({*named, *always.get(manager, ()), *(f"file {path}" for path in included)})


def is_installed(dependency: Dependency, parts: frozenset[str]) -> bool:
    """Whether a dependency gets installed with these parts.

    What stands in no part comes with the project, but for what a manifest without parts lists for testing only.
    """
    if dependency.part:
        return dependency.part in parts
    manifest = name_of(dependency.place.rpartition(":")[0])
    return not (dependency.dev and manifest in ("setup.py", "setup.cfg"))


def _parts_of_hatch(survey: Survey, draft: Draft) -> set[str]:
    """What hatch's default environment holds: its own packages, and the extras and groups that it names."""
    own = table(survey.toml(join(draft.path, "hatch.toml")), "envs", "default")
    shared = table(survey.toml(join(draft.path, "pyproject.toml")), "tool", "hatch", "envs", "default")
    parts = {"environment default"}
    for environment in (own, shared):
        parts |= {f"extra {name}" for name in strings(environment.get("features"))}
        parts |= {f"group {name}" for name in strings(environment.get("dependency-groups"))}
    return parts


def _included(survey: Survey, files: Iterable[str]) -> set[str]:
    """Requirements files, those that they include, and the `.in` files that they were compiled from."""
    todo, found = list(files), set[str]()
    while todo and len(found) < MOST_INCLUDED:
        path = todo.pop()
        if path not in found and survey.has(path):
            found.add(path)
            todo += [moved_to(folder_of(path), name) for name in _INCLUDE.findall(survey.text(path))]
            todo += [path.removesuffix(".txt") + ".in"] if path.endswith(".txt") else []
    return found
