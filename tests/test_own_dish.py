"""This repository's own delivery files are generated from its own declaration."""

from pathlib import Path

import pytest

from cicd_defs.adapters.git import local_tree
from cicd_defs.facts.detect import detect
from cicd_defs.facts.written import written_files
from cicd_defs.plan.compile import compile_pipeline
from cicd_defs.plan.files import looked_at
from cicd_defs.render.files import render_files
from cicd_defs.spec.read import read_project

ROOT = Path(__file__).parents[1]
DECLARATION = ROOT / "projects" / "cicd-defs.yaml"


@pytest.fixture(scope="module")
def files():
    project = read_project(DECLARATION.read_text(), str(DECLARATION))
    tree = local_tree(ROOT)
    return render_files(compile_pipeline(project, detect(tree), written_files(tree, looked_at(project))))


def test_what_is_written_is_what_is_generated(files):
    assert {file.path for file in files} == {
        ".github/workflows/ci.yml",
        ".github/workflows/nightly.yml",
        ".pre-commit-config.yaml",
        ".github/dependabot.yml",
        ".github/rulesets/cicd-defs.json",
        "CONTRIBUTING.md",
        "ci.mk",
    }
    for file in files:
        assert (ROOT / file.path).read_text() == file.text, f"{file.path} is stale: run `make generate`"


def test_our_own_workflows_have_no_finding(files, findings):
    assert findings([ROOT / file.path for file in files if file.kind == "workflow"]) == []
