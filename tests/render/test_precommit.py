import re

import pytest
import yaml

from cicd_defs.plan.local import mending
from cicd_defs.plan.pipeline import Hook
from cicd_defs.render.precommit import render_precommit
from tests.samples import commands, component, plan

HOOK = Hook(id="lint", name="Lint", entry="make lint")


def check_yaml(*excludes: str) -> dict[str, object]:
    common, local = yaml.safe_load(render_precommit([HOOK], ["Generated."], excludes))["repos"]
    assert [hook["id"] for hook in local["hooks"]] == ["lint"]
    return next(hook for hook in common["hooks"] if hook["id"] == "check-yaml")


def test_yaml_is_checked_everywhere_where_nothing_is_excluded():
    assert "exclude" not in check_yaml()


def test_templates_are_not_checked_as_yaml():
    pattern = re.compile(str(check_yaml("charts/shop.v1/templates", "./templates")["exclude"]))
    assert pattern.search("charts/shop.v1/templates/a.yaml")
    assert pattern.search("templates/deep/a.yaml")
    assert not pattern.search("charts/shop.v1/values.yaml")
    assert not pattern.search("charts/shopXv1/templates/a.yaml")
    assert not pattern.search("other/templates/a.yaml")


@pytest.mark.parametrize(
    ("checks", "mends"),
    [
        ("ruff check .", "ruff check --fix ."),
        ("ruff check", "ruff check --fix"),
        ("uv run ruff format --check .", "uv run ruff format ."),
        ("ruff check --fix .", "ruff check --fix ."),
        (".venv/bin/ruff check .\nlint-imports", ".venv/bin/ruff check --fix .\nlint-imports"),
        ("black --check src tests", "black src tests"),
        ("isort --check-only src", "isort src"),
        ("npx prettier --check .", "npx prettier --write ."),
        ("npm run lint", "npm run lint"),
        ("truffruff checker --check", "truffruff checker --check"),
        ("echo ruff checks", "echo ruff checks"),
    ],
)
def test_a_tool_that_can_mend_does_so_before_a_commit(checks, mends):
    assert mending(checks) == mends
    assert mending(mends) == mends


def test_the_hooks_that_every_repository_has_and_its_own():
    pipeline = plan(component(commands=commands(lint="ruff check .", format="ruff format --check .")))
    common, local = yaml.safe_load(render_precommit(pipeline.hooks, ["Ours"]))["repos"]
    assert {"check-added-large-files", "check-yaml"} <= {hook["id"] for hook in common["hooks"]}
    assert re.fullmatch("[0-9a-f]{40}", common["rev"])
    assert [(hook["name"], hook["entry"]) for hook in local["hooks"]] == [
        ("Lint and mend: python", "bash -eo pipefail -c 'ruff check --fix .'"),
        ("Format: python", "bash -eo pipefail -c 'ruff format .'"),
    ]
    assert [command.run for command in pipeline.local] == ["ruff check .", "ruff format --check ."]
