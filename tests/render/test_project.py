"""What a new project file tells of who builds on whom."""

import pytest

from cicd_defs.render.project import render_project
from cicd_defs.spec.read import read_project
from tests.facts.trees import PYTHON, stacks

FILES = {
    "ruff.toml": "",
    **{f"libs/core/{path}": text for path, text in PYTHON.items()},
    **{f"api/{path}": text for path, text in PYTHON.items()},
    "api/requirements.txt": "-e ../libs/core\n",
}


@pytest.mark.parametrize(
    "line",
    ["      # builds on: core (api/requirements.txt:1)", "      # concerned by: ruff.toml (ruff.toml:1)"],
)
def test_what_a_component_builds_on_is_told_with_its_evidence(line):
    text = render_project("acme/shop", stacks(FILES), "shop.yaml")
    assert line in text.splitlines()
    assert [part.name for part in read_project(text, "shop.yaml").pipeline.components] == ["api", "core"]
