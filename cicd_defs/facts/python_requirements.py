"""What pip can install of a Python project: the project itself, and its requirements files."""

import re

from cicd_defs.facts.commands import is_safe_path
from cicd_defs.facts.draft import Draft
from cicd_defs.facts.manifests import table
from cicd_defs.facts.python import REQUIREMENTS
from cicd_defs.facts.survey import Survey, join, name_of

DEVELOPMENT_STEMS = (
    r"(dev(el|elop|elopment)?|tests?|testing|ci|lint(ing)?|typ(ing|es)|mypy|all|local|check|quality)"
)
BASE_STEMS = r"(|base|default|main|common|core|prod|production|install)"

_STEM = re.compile(r"(?:requirements?|reqs?)|[-_.]+")


def is_packaged(survey: Survey, draft: Draft) -> bool:
    """Whether pip can install the project itself."""
    data = survey.toml(join(draft.path, "pyproject.toml"))
    if survey.has(join(draft.path, "setup.py")):
        return True
    return bool("build-system" in data or table(data, "project").get("name"))


def requirement_files(survey: Survey, draft: Draft) -> list[str]:
    """The requirements files for the runtime and for development, as paths from the component."""
    start = 0 if draft.path == "." else len(draft.path) + 1
    files = [path for path in draft.manifests if _is_requirements(path) and is_safe_path(path[start:])]
    wanted = [path for path in files if re.fullmatch(f"{BASE_STEMS}|{DEVELOPMENT_STEMS}", _stem(path))]
    chosen: dict[str, str] = {}
    for path in sorted(wanted, key=lambda path: path.endswith(".in")):
        compiled = path.removesuffix(".in") + ".txt"
        chosen.setdefault(_stem(path), (compiled if survey.has(compiled) else path)[start:])
    return list(chosen.values())


def runtime_requirements(survey: Survey, draft: Draft) -> list[str]:
    """Those of them that are needed at run time."""
    return [path for path in requirement_files(survey, draft) if re.fullmatch(BASE_STEMS, _stem(path))]


def _is_requirements(path: str) -> bool:
    return path.endswith((".txt", ".in", ".pip"))


def _stem(path: str) -> str:
    name = name_of(path).rpartition(".")[0]
    return (
        "-".join(part for part in _STEM.split(name) if part)
        if REQUIREMENTS.fullmatch(name_of(path))
        else name
    )
