import re

import yaml

from cicd_defs.plan.pipeline import Hook
from cicd_defs.render.precommit import render_precommit

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
