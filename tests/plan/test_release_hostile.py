"""Hostile text in every key of images and environments: it stays text, or it is refused in its line."""

import copy
import json
import re

import pytest
from hypothesis import given, settings

from cicd_defs.facts.stacks import Stacks
from cicd_defs.facts.written import Written
from cicd_defs.plan.compile import compile_pipeline
from cicd_defs.plan.lift import differences, lift_workflow
from cicd_defs.render.files import render_file
from cicd_defs.spec.keys import declared_keys
from cicd_defs.spec.read import SpecError, read_project
from tests.render.test_github import HOSTILE, TEXTS
from tests.samples import claims, component

DECLARATION = {
    "repository": "acme/shop",
    "pipeline": {"secrets": ["TOKEN"]},
    "docker": {
        "dockerfile": "Dockerfile",
        "context": "app",
        "target": "run",
        "image": "acme/shop",
        "registries": [{"registry": "docker.io", "username_secret": "U", "password_secret": "P"}],
        "platforms": ["linux/amd64"],
        "docker_build_args": {"A": "plain"},
    },
    "environments": [
        {
            "name": "staging",
            "branch": "develop",
            "deploy": {"kubectl": "k8s", "set_image": {"deployment/shop": "app"}},
            "namespace": "shop",
            "kubeconfig_secret": "KUBECONFIG",
            "secrets": ["API_KEY"],
            "env_vars": {"B": "plain"},
            "url": "https://x.example",
            "runs_on": "ubuntu-24.04",
        },
        {
            "name": "chart",
            "after": "staging",
            "deploy": {"helm": "chart", "values": "v.yaml", "image_values": {"a": "b"}},
        },
        {"name": "built", "deploy": {"skaffold": "skaffold.yaml", "profile": "p"}},
        {"name": "composed", "deploy": {"compose": "compose.yaml"}},
        {"name": "called", "deploy": {"command": "true", "rollback": "true"}},
    ],
}
FIRST = ("environments", 0)
PLACES = [
    ("pipeline", "secrets", 0),
    *(("docker", key) for key in ("dockerfile", "context", "target", "image")),
    *(("docker", "registries", 0, key) for key in ("registry", "username_secret", "password_secret")),
    ("docker", "platforms", 0),
    ("docker", "docker_build_args", "A"),
    *((*FIRST, key) for key in ("name", "branch", "namespace", "kubeconfig_secret", "url", "runs_on")),
    (*FIRST, "secrets", 0),
    (*FIRST, "env_vars", "B"),
    (*FIRST, "deploy", "kubectl"),
    (*FIRST, "deploy", "set_image", "deployment/shop"),
    ("environments", 1, "after"),
    *(("environments", 1, "deploy", key) for key in ("helm", "values")),
    ("environments", 1, "deploy", "image_values", "a"),
    *(("environments", 2, "deploy", key) for key in ("skaffold", "profile")),
    ("environments", 3, "deploy", "compose"),
]
COMMANDS = [("environments", 4, "deploy", key) for key in ("command", "rollback")]
MAPS = {"docker.docker_build_args", "environments.env_vars", "environments.deploy.set_image"}
MAPS |= {"environments.deploy.image_values"}


def with_text(place, text):
    declaration = copy.deepcopy(DECLARATION)
    inside = declaration
    for key in place[:-1]:
        inside = inside[key]
    inside[place[-1]] = text
    return declaration


def workflows(declaration, stacks=None):
    """The workflows of a declaration, each read back from its file and found to be what was planned."""
    stacks = stacks or Stacks(components=(component(),), dockerfiles=claims("Dockerfile"))
    pipeline = compile_pipeline(read_project(json.dumps(declaration), "shop.yaml"), stacks, Written())
    for applied in pipeline.applied:
        if planned := pipeline.workflow(applied.path):
            text = render_file(pipeline, applied).text
            assert differences(planned, lift_workflow(text, planned.file)) == ()
    return pipeline.workflows


@pytest.mark.parametrize("place", PLACES, ids=str)
@settings(max_examples=20)
@given(text=TEXTS)
def test_text_in_a_literal_key_is_refused_or_stays_text(place, text):
    try:
        workflows(with_text(place, text))
    except SpecError:
        return


@pytest.mark.parametrize("place", PLACES, ids=str)
@pytest.mark.parametrize("text", [text for text in HOSTILE if "${{" in text])
def test_an_expression_in_a_literal_key_is_refused(place, text):
    with pytest.raises(SpecError):
        workflows(with_text(place, text))


@pytest.mark.parametrize("place", COMMANDS, ids=str)
@settings(max_examples=20)
@given(text=TEXTS)
def test_a_command_is_refused_or_runs_as_it_is(place, text):
    try:
        made = workflows(with_text(place, text))
    except SpecError:
        return
    assert text in [step.run for workflow in made for job in workflow.jobs for step in job.steps]


def test_every_text_key_that_acts_is_tried():
    """A key that starts to act is tried here too: the list is held against the declaration's own."""
    acting = {
        path
        for path, key in declared_keys().items()
        if key.forms and not key.planned and path.startswith(("docker", "environments", "pipeline.secrets"))
    }
    tried = {
        ".".join(str(part) for part in place if not isinstance(part, int)) for place in (*PLACES, *COMMANDS)
    }
    assert acting == {next((group for group in MAPS if path.startswith(f"{group}.")), path) for path in tried}


@pytest.mark.parametrize("kind", ["helm_charts", "skaffold", "kubernetes", "compose_files"])
@pytest.mark.parametrize("name", ["a'b", "$(id)", "a b", "${{ x }}", "-x", "a\nb", '"'])
def test_a_path_from_the_repository_stays_a_path_or_is_not_deployed(kind, name):
    """Paths come from whoever can push, and reach commands that deploy."""
    found = Stacks(**{kind: claims(f"{name}/x.yaml" if kind != "helm_charts" else name)})
    for workflow in workflows({"repository": "acme/shop", "environments": [{"name": "live"}]}, found):
        scripts = [step.run or "" for job in workflow.jobs for step in job.steps]
        assert not [script for script in scripts if re.search(r"(?<![\\'])\$\(id\)", script)]
