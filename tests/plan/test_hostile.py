"""Hostile text in every key of a declaration that reaches the plan: it stays text, or it is refused in its line."""

import copy
import json
from posixpath import normpath

import pytest
import yaml
from hypothesis import given

from cicd_defs.facts.stacks import Stacks
from cicd_defs.facts.written import Written
from cicd_defs.plan.compile import compile_pipeline
from cicd_defs.plan.lift import differences, lift_workflow
from cicd_defs.plan.pipeline import Pipeline
from cicd_defs.render.files import GeneratedFile, render_file
from cicd_defs.spec.keys import declared_keys
from cicd_defs.spec.read import SpecError, read_project
from tests.render.test_github import HOSTILE, TEXTS, scalars
from tests.samples import claims, commands, component, project

DECLARATION = {
    "repository": "acme/shop",
    "branch": "main",
    "pipeline": {
        "schedule": "0 2 * * *",
        "env_vars": {"A": "plain"},
        "concurrency_group": "ci",
        "runs_on": "ubuntu-24.04",
        "components": [
            {
                "path": "api",
                "name": "api",
                "versions": ["3.12"],
                "runs_on": ["ubuntu-24.04"],
                "env_vars": {"B": "plain"},
                "services": ["redis:7-alpine"],
                "paths": ["shared/x"],
                "artifacts": ["dist"],
                "coverage_tool": "codecov",
                "install_cmd": "true",
                "lint_cmd": "true",
                "format_cmd": "true",
                "typecheck_cmd": "true",
                "test_cmd": "true",
                "integration_cmd": "true",
                "e2e_cmd": "true",
                "build_cmd": "true",
            },
            {"path": "web", "name": "web", "depends_on": ["api"], "test_cmd": "true"},
        ],
    },
}
STACKS = Stacks(
    components=(
        component("python", "api", commands=commands(install="i", test="t")),
        component("node", "web", commands=commands(test="t")),
    ),
    dockerfiles=claims("Dockerfile"),
)
FIRST = ("pipeline", "components", 0)
PLACES = [
    ("branch",),
    ("pipeline", "schedule"),
    ("pipeline", "env_vars", "A"),
    ("pipeline", "runs_on"),
    (*FIRST, "path"),
    (*FIRST, "name"),
    (*FIRST, "versions", 0),
    (*FIRST, "runs_on", 0),
    (*FIRST, "env_vars", "B"),
    (*FIRST, "services", 0),
    (*FIRST, "paths", 0),
    (*FIRST, "artifacts", 0),
    ("pipeline", "components", 1, "depends_on", 0),
    ("pipeline", "concurrency_group"),
]
COMMANDS = [
    (*FIRST, f"{kind}_cmd")
    for kind in ("install", "lint", "format", "typecheck", "test", "integration", "e2e", "build")
]


def with_text(place, text):
    declaration = copy.deepcopy(DECLARATION)
    inside = declaration
    for key in place[:-1]:
        inside = inside[key]
    inside[place[-1]] = text
    return declaration


def compiled(declaration):
    project = read_project(json.dumps(declaration), "shop.yaml")
    pipeline = compile_pipeline(project, STACKS, Written())
    return pipeline, workflow_files(pipeline)


def workflow_files(pipeline: Pipeline) -> list[GeneratedFile]:
    return [render_file(pipeline, planned) for planned in pipeline.applied if planned.kind == "workflow"]


def expressions(files):
    read = (yaml.load(file.text, yaml.CSafeLoader) for file in files)
    return sorted(value for data in read for value in scalars(data) if "${{" in value)


def read_back(pipeline, files):
    for file in files:
        planned = pipeline.workflow(file.path)
        assert differences(planned, lift_workflow(file.text, planned.file)) == ()


ORDINARY = expressions(compiled(DECLARATION)[1])


@pytest.mark.parametrize("place", PLACES, ids=str)
@given(text=TEXTS)
def test_text_in_a_literal_key_is_refused_or_stays_text(place, text):
    try:
        pipeline, files = compiled(with_text(place, text))
    except SpecError:
        return
    read_back(pipeline, files)
    if place[-1] not in EVALUATED:
        assert set(expressions(files)) <= set(ORDINARY)


EVALUATED = {"concurrency_group", "name"}
"""An expression by design, and a word of `[a-z0-9-]` that names an area in a condition."""


@pytest.mark.parametrize("place", [place for place in PLACES if place[-1] not in EVALUATED], ids=str)
@pytest.mark.parametrize("text", [text for text in HOSTILE if "${{" in text and "}}" in text])
def test_an_expression_in_a_literal_key_is_refused(place, text):
    with pytest.raises(SpecError):
        compiled(with_text(place, text))


@pytest.mark.parametrize("place", COMMANDS, ids=str)
@given(text=TEXTS)
def test_a_command_is_refused_or_runs_as_it_is(place, text):
    try:
        pipeline, files = compiled(with_text(place, text))
    except SpecError:
        return
    read_back(pipeline, files)
    runs = [step.run for workflow in pipeline.workflows for job in workflow.jobs for step in job.steps]
    assert text in runs
    assert expressions(files) == ORDINARY


def test_every_text_key_that_acts_is_tried():
    """A key that starts to act is tried here too: the list is held against the declaration's own."""
    acting = {
        path
        for path, key in declared_keys().items()
        if key.forms and not key.planned and path.startswith(("branch", "pipeline"))
    } - {"pipeline.secrets"}  # names in capitals, tried where they act: tests/plan/test_release_hostile.py
    tried = {
        ".".join(str(part) for part in place if not isinstance(part, int)) for place in (*PLACES, *COMMANDS)
    }
    below = {
        "pipeline.env_vars.A": "pipeline.env_vars",
        "pipeline.components.env_vars.B": "pipeline.components.env_vars",
    }
    assert acting == {below.get(path, path) for path in tried}


@pytest.mark.parametrize(
    "folder", [text for text in HOSTILE if text.strip() and "\n" not in text] + ["a') || b('"]
)
def test_a_folders_name_from_the_repository_stays_a_name(folder):
    """Paths come from whoever can push: into folders of steps, pathspecs, and one expression that hashes files."""
    parts = (
        component("node", folder, name="odd"),
        component("go", f"x/{folder}", name="odder", lock_file=f"x/{folder}/go.sum"),
    )
    pipeline = compile_pipeline(project(), Stacks(components=parts), Written())
    files = workflow_files(pipeline)
    read_back(pipeline, files)
    hashed = {value for value in expressions(files) if "hashFiles" in value}
    tracked = normpath(f"{folder}/package.json").replace("'", "''")
    assert hashed == {f"npm-${{{{ runner.os }}}}-${{{{ hashFiles('{tracked}') }}}}"}
