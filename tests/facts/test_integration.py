import pytest

from cicd_defs.facts.detect import detect
from cicd_defs.facts.tree import Tree

PROJECT = '[project]\nname = "x"\nversion = "1"\n\n[project.optional-dependencies]\ndev = ["pytest"]\n'
TESTS = {"tests/test_x.py": "def test_x():\n    pass\n"}
MARKED = '\n[tool.pytest.ini_options]\nmarkers = ["integration: needs a database"]\n'
MARKED_LIST = '\n[tool.pytest.ini_options]\nmarkers = [\n  "slow",\n  "integration",\n]\n'


@pytest.mark.parametrize(
    ("files", "test", "integration", "evidence"),
    [
        pytest.param({}, "pytest", None, None, id="not-told-apart"),
        pytest.param(
            {"pyproject.toml": PROJECT + MARKED},
            'pytest -m "not integration"',
            "pytest -m integration",
            "pyproject.toml:9",
            id="marker",
        ),
        pytest.param(
            {"pyproject.toml": PROJECT + MARKED_LIST},
            'pytest -m "not integration"',
            "pytest -m integration",
            "pyproject.toml:11",
            id="marker-in-a-list",
        ),
        pytest.param(
            {"pytest.ini": "[pytest]\nmarkers =\n    integration: slow\n"},
            'pytest -m "not integration"',
            "pytest -m integration",
            "pytest.ini:3",
            id="marker-in-an-ini-file",
        ),
        pytest.param(
            {"tests/integration/test_y.py": "def test_y():\n    pass\n"},
            "pytest --ignore=tests/integration",
            "pytest tests/integration",
            "tests/integration/test_y.py:1",
            id="folder",
        ),
        pytest.param({"tests/integration/data.py": ""}, "pytest", None, None, id="folder-without-tests"),
    ],
)
def test_python_tests_told_apart(files, test, integration, evidence):
    (component,) = detect(Tree.of({"pyproject.toml": PROJECT, **TESTS, **files})).components
    assert component.command("test") == test
    assert component.command("integration") == integration
    found = [command.evidence for command in component.commands if command.kind == "integration"]
    assert found == ([(evidence,)] if evidence else [])


def test_a_script_of_that_name_runs_them():
    package = '{"name": "x", "scripts": {"test": "vitest run", "test:integration": "vitest run -c it.ts"}}'
    (component,) = detect(
        Tree.of({"package.json": package, "src/a.js": "1\n", "package-lock.json": "{}"})
    ).components
    assert component.command("test") == "npm test"
    assert component.command("integration") == "npm run test:integration"
