"""What is generated for each golden declaration, as it stands and after the declaration changed."""

from functools import cache

import yaml

from cicd_defs.facts.detect import detect
from cicd_defs.facts.tree import Tree
from cicd_defs.facts.written import Written
from cicd_defs.plan.compile import compile_pipeline
from cicd_defs.render.files import GeneratedFile, render_files
from cicd_defs.spec.read import read_project
from tests.golden.test_golden import CASES
from tests.pairwise.repositories import REPOSITORIES

CHANGES: dict[str, dict[str, object]] = {
    "timeout": {"timeout_minutes": 33},
    "fewer-scans": {"scans": {"dependencies": False, "code": False}},
    "variables": {"env_vars": {"ANOTHER": "one", "APP_ENV": "other"}},
    "triggers": {"trigger_type": "push-pr"},
    "never-cancel": {"cancel_in_progress": False},
    "layout": {"layout": "unified"},
    "runtimes": {},
    "branch": {},
}
"""What is declared otherwise later on."""


@cache
def generated(case: str, change: str = "") -> tuple[GeneratedFile, ...]:
    """All files of a golden declaration, with one change to it."""
    repository, text = CASES[case]
    declared = yaml.safe_load(text)
    if change:
        declared["pipeline"] = {**declared.get("pipeline", {}), **CHANGES[change]}
    if change == "branch":
        declared["branch"] = "trunk"
    files = dict(REPOSITORIES[repository].files)
    if change == "runtimes":
        files = {path: _later(content) for path, content in files.items()}
    project = read_project(yaml.safe_dump(declared, sort_keys=False), f"projects/{case}.yaml")
    made = render_files(compile_pipeline(project, detect(Tree.of(files)), Written()))
    return tuple(file for file in made if file.kind != "lock")


def _later(text: str) -> str:
    for before, after in ((">=3.11", ">=3.13"), (">=20", ">=24"), ("go 1.24", "go 1.25")):
        text = text.replace(before, after)
    return text


def chosen(case: str, change: str, path: str) -> GeneratedFile | None:
    """One file of a state, or None where it is not generated there."""
    return next((file for file in generated(case, change) if file.path == path), None)


PLACES = [(case, file.path) for case in CASES for file in generated(case)]
"""Every generated file of every golden declaration."""
