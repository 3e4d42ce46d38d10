"""Every key is described, shown by an example that is read, and each of its texts is of one of three kinds."""

from typing import Any, get_args

import pytest

from cicd_defs.spec.explain import PLANNED_WORDS, all_keys, closest_key, example_of, explain, overview
from cicd_defs.spec.keys import closest, declared_keys, key_at, names_below
from cicd_defs.spec.read import read_project
from cicd_defs.spec.text import Form
from tests.spec.samples import as_file, document

KEYS = declared_keys()
EXPRESSIONS = {"pipeline.concurrency_group"}
COMMANDS = {
    *(
        f"pipeline.components.{kind}_cmd"
        for kind in ("install", "lint", "format", "typecheck", "test", "integration", "e2e")
    ),
    "pipeline.components.build_cmd",
    "environments.deploy.command",
    "environments.deploy.rollback",
    "deployment.build_command",
    "deployment.start_command",
}
IN_USE = {
    "repository",
    "branch",
    "pipeline",
    "docker",
    "environments",
    "deployment",
    "notifications",
    "files",
    "merge",
    "merge.method",
    "merge.approvals",
    "merge.protected_paths",
    "merge.admin_override",
    "merge.freeze",
    "merge.hold_labels",
    "merge.informational_checks",
    "merge.delete_branch",
    "mode",
    "validation",
    "agent",
}


def strings_of_no_kind(annotation: Any, kinds: tuple[Form, ...]) -> int:
    """How many `str` stand in a type without a form around them."""
    inner = getattr(annotation, "__metadata__", ())
    kinds = kinds + tuple(item for item in inner if isinstance(item, Form))
    if annotation is str:
        return 0 if kinds else 1
    arguments = get_args(annotation)[:1] if inner else get_args(annotation)
    return sum(strings_of_no_kind(item, kinds) for item in arguments if not isinstance(item, str))


@pytest.mark.parametrize("path", KEYS)
def test_every_text_is_of_one_kind(path):
    key = KEYS[path]
    forms = tuple(item for item in key.field.metadata if isinstance(item, Form))
    assert strings_of_no_kind(key.field.annotation, forms) == 0
    kinds = {form.kind for form in key.forms}
    expected = {"expression"} if path in EXPRESSIONS else {"command"} if path in COMMANDS else {"literal"}
    assert kinds <= expected
    assert kinds or path not in EXPRESSIONS | COMMANDS


@pytest.mark.parametrize("path", KEYS)
def test_every_key_has_words_and_an_example_that_is_read(path):
    key = KEYS[path]
    assert key.field.description
    assert key.field.description.endswith(".")
    example = example_of(key)
    assert (example is None) == bool(key.below and not key.field.examples)
    if example is not None and path not in {"pipeline.components.depends_on", "environments.after"}:
        read_project(as_file(document(key, example)), "shop.yaml")


@pytest.mark.parametrize("path", KEYS)
def test_a_key_left_out_says_what_happens(path):
    key = KEYS[path]
    words = explain(path) or ""
    assert f"{path}\n  {key.field.description}\n" in words
    alternatives = path.startswith("environments.deploy.")
    if not key.field.is_required() and not alternatives:
        assert "default: null" not in words


def test_what_later_work_acts_on_is_marked():
    planned = {path for path, key in KEYS.items() if key.planned}
    assert planned == {"webhook_url"}
    assert not planned & IN_USE
    assert not {path for path in planned if path.startswith("pipeline.")}
    for path, key in KEYS.items():
        assert (
            PLANNED_WORDS in (explain(path) or "").split(f"\n\n{path}\n")[-1].split("\n\n")[0]
        ) == key.planned


def test_names_of_the_plans_are_kept():
    names = {key.name for key in KEYS.values()}
    assert names >= {
        *("trigger_type", "env_vars", "secrets", "coverage_tool", "typecheck_cmd", "lint_cmd", "install_cmd"),
        *(
            "concurrency_group",
            "cancel_in_progress",
            "docker_build_args",
            "require_approval",
            "build_command",
        ),
        *(
            "start_command",
            "health_check_url",
            "port",
            "environment_variables",
            "timeout_minutes",
            "max_retries",
        ),
        *("auto_merge", "required_checks", "webhook_events", "email_notifications", "slack_integration"),
        *("overwrite", "webhook_url", "namespace", "profile", "values", "kubeconfig_secret"),
    }


@pytest.mark.parametrize(
    ("word", "paths"),
    [
        ("pipeline.components.versions", ["pipeline.components.versions"]),
        ("pipeline.components[0].versions", ["pipeline.components.versions"]),
        ("components[].versions", ["pipeline.components.versions"]),
        ("versions", ["pipeline.components.versions"]),
        ("branch", ["branch", "environments.branch"]),
        ("deploy.helm", ["environments.deploy.helm"]),
        ("merge", ["merge"]),
    ],
)
def test_a_key_is_found_by_its_path_or_the_end_of_it(word, paths):
    words = explain(word)
    assert words is not None
    assert [entry.split("\n")[0] for entry in words.split("\n\n")] == paths


@pytest.mark.parametrize("word", ["", ".", "nonsense", "ersions", "pipeline.nonsense"])
def test_an_unknown_key_is_not_explained(word):
    assert explain(word) is None


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("versons", "pipeline.components.versions"),
        ("pipline.schedule", "pipeline.schedule"),
        ("repo", "repository"),
        ("zzzzzz", None),
    ],
)
def test_the_closest_key(word, meant):
    assert closest_key(word) == meant


def test_the_overview_lists_every_key_once():
    lines = overview().splitlines()
    assert [line.split()[0] for line in lines] == list(all_keys())
    assert len(lines) > 100


def test_one_explanation_as_a_whole():
    assert explain("pipeline.components.versions") == (
        "pipeline.components.versions\n"
        "  Versions of the language to test with, each in quotes: one job each.\n"
        "  type:    a list, each entry a version\n"
        "  kind:    literal\n"
        "  default: detected in the repository\n"
        "  status:  in use\n"
        "  example: versions: ['3.11', '3.12']"
    )


def test_the_way_to_a_value_leads_to_its_key():
    key = key_at(("pipeline", "components", 0, "env_vars", "repository"))
    assert key is not None
    assert key.path == "pipeline.components.env_vars"
    assert key_at(("nonsense",)) is None
    assert "path" in names_below("pipeline.components")
    assert closest("brunch", ["branch", "pipeline"]) == ["branch"]
