from pathlib import Path

import pytest

from cicd_defs.facts.detect import detect
from cicd_defs.facts.tree import Tree
from cicd_defs.facts.written import Written
from cicd_defs.plan.compile import compile_pipeline
from cicd_defs.render.files import render_files
from cicd_defs.spec.read import read_project
from tests.checkers import findings
from tests.pairwise.repositories import REPOSITORIES

HERE = Path(__file__).parent
CASES = {
    "library": ("pip", "repository: acme/library\n"),
    "service": (
        "pip-docker",
        """\
repository: acme/service
pipeline:
  env_vars: {APP_ENV: test}
  components:
    - path: .
      name: service
      versions: ["3.12", "3.13"]
      services: [postgres:16-alpine, redis:7-alpine]
      coverage_tool: codecov
""",
    ),
    "web": ("pnpm", "repository: acme/web\npipeline:\n  trigger_type: push-pr\n"),
    "monorepo": ("monorepo", "repository: acme/monorepo\n"),
    "unified": ("go", "repository: acme/unified\npipeline:\n  layout: unified\n"),
    "custom": (
        "nothing",
        """\
repository: acme/custom
pipeline:
  components:
    - path: .
      stack: custom
      install_cmd: make deps
      lint_cmd: make lint
      test_cmd: |
        for part in one two; do
          make "test-$part"
        done
""",
    ),
}


@pytest.fixture(params=CASES)
def case(request):
    repository, text = CASES[request.param]
    project = read_project(text, f"projects/{request.param}.yaml")
    pipeline = compile_pipeline(project, detect(Tree.of(REPOSITORIES[repository].files)), Written())
    return request.param, render_files(pipeline)


def test_what_is_generated_is_the_golden_file(case, request):
    name, files = case
    folder = HERE / name
    for file in files:
        golden = folder / file.path
        if request.config.getoption("--update-golden"):
            golden.parent.mkdir(parents=True, exist_ok=True)
            golden.write_text(file.text)
        assert golden.is_file(), f"{golden} is missing: run pytest --update-golden and review it"
        assert golden.read_text() == file.text
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} == {
        file.path for file in files
    }


def test_golden_workflows_have_no_finding():
    assert findings(sorted(HERE.rglob("workflows/*.yml"))) == []
