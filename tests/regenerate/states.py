"""What is generated for each golden declaration, as it stands and after the declaration changed."""

from functools import cache

import yaml

from cicd_defs.facts.detect import detect
from cicd_defs.facts.tree import Tree
from cicd_defs.facts.written import Written
from cicd_defs.plan.compile import compile_pipeline
from cicd_defs.render.files import GeneratedFile, render_files
from cicd_defs.spec.read import read_project
from tests.containers.repositories import APPLICATIONS
from tests.samples import SAMPLES

EVERYTHING = """\
repository: acme/everything
docker: {registries: [ghcr.io], docker_build_args: {VERSION: "1"}}
environments:
  - {name: staging, branch: develop, env_vars: {APP_ENV: staging}, deploy: {kubectl: k8s/}}
files:
  code_owners: {"*": ["@acme/platform"], "k8s/**": ["@acme/operations"]}
  contributing: true
  coverage: true
"""
DECLARED = {
    **{name: (sample.files, sample.text) for name, sample in SAMPLES.items()},
    "every-file": (APPLICATIONS["pip"], EVERYTHING),
    "taskfile": (APPLICATIONS["npm"], EVERYTHING.replace("files:", "files:\n  task_runner: task")),
}
"""The golden declarations, and two that call for every kind of file: a repository's files, and what is declared."""

CHANGES: dict[str, dict[str, dict[str, object]]] = {
    "timeout": {"pipeline": {"timeout_minutes": 33}},
    "fewer-scans": {"pipeline": {"scans": {"dependencies": False, "code": False}}},
    "variables": {"pipeline": {"env_vars": {"ANOTHER": "one", "APP_ENV": "other"}}},
    "triggers": {"pipeline": {"trigger_type": "push-pr"}},
    "never-cancel": {"pipeline": {"cancel_in_progress": False}},
    "layout": {"pipeline": {"layout": "unified"}},
    "images": {"docker": {"docker_build_args": {"VERSION": "2", "MORE": "x"}}},
    "owners": {"files": {"code_owners": {"*": ["@acme/everybody"], "docs/**": ["@acme/writers"]}}},
    "approvals": {"merge": {"approvals": 2}},
    "runtimes": {},
}
"""What is declared otherwise later on; a part that is not declared at all stays so, but for `pipeline` and `merge`."""


@cache
def generated(case: str, change: str = "") -> tuple[GeneratedFile, ...]:
    """All files of a declaration, with one change to it."""
    present, text = DECLARED[case]
    declared = yaml.safe_load(text)
    for part, values in (CHANGES[change] if change else {}).items():
        if part in declared or part in ("pipeline", "merge"):
            declared[part] = {**declared.get(part, {}), **values}
    files = {path: _later(content) if change == "runtimes" else content for path, content in present.items()}
    project = read_project(yaml.safe_dump(declared, sort_keys=False), f"projects/{case}.yaml")
    made = render_files(compile_pipeline(project, detect(Tree.of(files)), Written()))
    return tuple(file for file in made if file.kind != "lock")


def _later(text: str) -> str:
    for before, after in (
        (">=3.11", ">=3.13"),
        (">=3.12", ">=3.13"),
        (">=20", ">=24"),
        ("go 1.24", "go 1.25"),
    ):
        text = text.replace(before, after)
    return text


def chosen(case: str, change: str, path: str) -> GeneratedFile | None:
    """One file of a state, or None where it is not generated there."""
    return next((file for file in generated(case, change) if file.path == path), None)
