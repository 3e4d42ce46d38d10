"""The JSON schema: current, valid, and of one mind with the reader."""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from cicd_defs.spec.keys import declared_keys
from cicd_defs.spec.read import SpecError, read_project, read_values
from cicd_defs.spec.schema import schema, schema_text
from tests.spec.samples import FULL, MINIMAL

WRITTEN = Path(__file__).parents[2] / "projects" / "project.schema.json"


@cache
def validator() -> Draft202012Validator:
    return Draft202012Validator(schema())


def schema_takes(text: str) -> bool:
    """Whether the schema takes what a file holds. JSON knows lists, not tuples."""
    try:
        values = json.loads(json.dumps(read_values(text, "shop.yaml")))
    except SpecError:
        return False
    return validator().is_valid(values)


def reader_takes(text: str) -> bool:
    try:
        read_project(text, "shop.yaml")
    except SpecError:
        return False
    return True


def test_the_written_schema_is_current():
    assert WRITTEN.read_text() == schema_text(), (
        "stale; write cicd_defs.spec.schema.schema_text() to projects/project.schema.json"
    )


def test_the_schema_is_a_schema():
    Draft202012Validator.check_schema(schema())
    assert schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def independent_checker(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("check-jsonschema")
    if not program.exists():
        pytest.skip("check-jsonschema is not installed")
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False, timeout=300)


def test_an_independent_checker_takes_the_schema():
    done = independent_checker("--check-metaschema", str(WRITTEN))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("text", "taken"), [(FULL, True), (FULL.replace("path: web", "path: ../web"), False)], ids=["good", "bad"]
)
def test_an_independent_checker_reads_project_files_with_the_schema(tmp_path, text, taken):
    """Its regular expressions are those of ECMAScript, as in editors."""
    file = tmp_path / "shop.yaml"
    file.write_text(text)
    done = independent_checker("--schemafile", str(WRITTEN), str(file))
    assert (done.returncode == 0) == taken, done.stdout + done.stderr


@pytest.mark.parametrize("path", declared_keys())
def test_every_key_is_described_in_the_schema(path):
    part, said = validator().schema, None
    for name in path.split("."):
        said = part["properties"][name]
        items = said.get("items", {})
        links = [link["$ref"] for link in (said, items, *items.get("anyOf", ())) if "$ref" in link]
        part = validator().schema["$defs"][links[0].rpartition("/")[2]] if links else said
    assert said.get("description", part.get("description")) == declared_keys()[path].field.description


def inside(text: str) -> str:
    return MINIMAL + text


SAME = [
    MINIMAL,
    FULL,
    "branch: main\n",
    "[]\n",
    "repository: 3\n",
    "repository: not a repository\n",
    inside("name: shop\n"),
    inside("nonsense: 1\n"),
    inside("branch: 3.10\n"),
    inside('branch: "3.10"\n'),
    inside("branch: on\n"),
    inside("branch: [main]\n"),
    inside("branch:\n"),
    inside("webhook_url: https://example.com/x\n"),
    inside("webhook_url: nowhere\n"),
    inside("pipeline: {}\n"),
    inside("pipeline: []\n"),
    inside("pipeline: {nonsense: 1}\n"),
    inside("pipeline: {trigger_type: push-pr}\n"),
    inside("pipeline: {trigger_type: [push-pr]}\n"),
    inside("pipeline: {trigger_type: [push, push]}\n"),
    inside("pipeline: {trigger_type: []}\n"),
    inside("pipeline: {trigger_type: nonsense}\n"),
    inside("pipeline: {layout: unified}\n"),
    inside("pipeline: {layout: both}\n"),
    inside("pipeline: {timeout_minutes: 0}\n"),
    inside("pipeline: {timeout_minutes: 360}\n"),
    inside("pipeline: {timeout_minutes: 361}\n"),
    inside('pipeline: {timeout_minutes: "20"}\n'),
    inside("pipeline: {timeout_minutes: 20.5}\n"),
    inside("pipeline: {timeout_minutes: true}\n"),
    inside("pipeline: {cancel_in_progress: true}\n"),
    inside('pipeline: {cancel_in_progress: "true"}\n'),
    inside("pipeline: {cancel_in_progress: 1}\n"),
    inside("pipeline: {env_vars: {A: b, C: ''}}\n"),
    inside("pipeline: {env_vars: {A: 1}}\n"),
    inside("pipeline: {env_vars: {1A: b}}\n"),
    inside("pipeline: {env_vars: {github_x: b}}\n"),
    inside("pipeline: {env_vars: {A: '${{ secrets.X }}'}}\n"),
    inside('pipeline: {env_vars: {A: "a\\nb"}}\n'),
    inside("pipeline: {components: [{}]}\n"),
    inside("pipeline: {components: [{path: ../x}]}\n"),
    inside("pipeline: {components: [{path: a, runs_on: ubuntu-24.04}]}\n"),
    inside("pipeline: {components: [{path: a, runs_on: [ubuntu-24.04, macos-15]}]}\n"),
    inside("pipeline: {components: [{path: a, runs_on: []}]}\n"),
    inside("pipeline: {components: [{services: [postgres]}]}\n"),
    inside("pipeline: {components: [{services: ['postgres:16']}]}\n"),
    inside("pipeline: {components: [{test_cmd: 'echo ${{ github.ref }}'}]}\n"),
    inside("pipeline: {components: [{test_cmd: '  '}]}\n"),
    inside("pipeline: {components: [{coverage_tool: none}]}\n"),
    inside("docker: {registries: [ghcr.io, {registry: docker.io}]}\n"),
    inside("docker: {registries: [{}]}\n"),
    inside("docker: {registries: [Nonsense]}\n"),
    inside("docker: {docker_build_args: {GITHUB_SHA: x}}\n"),
    inside("environments: [{name: a}]\n"),
    inside("environments: [{}]\n"),
    inside("environments: [{name: a, deploy: {}}]\n"),
    inside("environments: [{name: a, deploy: {kubectl: x, helm: y}}]\n"),
    inside("environments: [{name: a, deploy: {helm: y, values: z}}]\n"),
    inside("environments: [{name: a, secrets: [a]}]\n"),
    inside("deployment: {port: 65536}\n"),
    inside("notifications: {channels: [SLACK_URL]}\n"),
]


@pytest.mark.parametrize("text", SAME)
def test_schema_and_reader_are_of_one_mind(text):
    assert schema_takes(text) == reader_takes(text)


def test_the_table_has_both():
    assert 15 < sum(map(reader_takes, SAME)) < len(SAME) - 15


ONLY_THE_READER = {
    "cron": inside("pipeline: {schedule: daily}\n"),
    "expression": inside("pipeline: {concurrency_group: '${{ secrets.X }}'}\n"),
    "circle": inside("environments: [{name: a, after: a}]\n"),
    "unknown-environment": inside("environments: [{name: a, after: b}]\n"),
    "same-name": inside("environments: [{name: a-b}, {name: a-b}]\n"),
    "same-registry": inside("docker: {registries: [ghcr.io, {registry: ghcr.io}]}\n"),
    "misplaced": inside("environments: [{name: a, deploy: {kubectl: x, values: y}}]\n"),
    "unknown-component": inside("pipeline: {components: [{path: a, depends_on: [b]}]}\n"),
}


@pytest.mark.parametrize("text", ONLY_THE_READER.values(), ids=ONLY_THE_READER)
def test_what_a_schema_cannot_say_the_reader_says(text):
    assert schema_takes(text)
    assert not reader_takes(text)
