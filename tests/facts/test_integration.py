import json

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


APART = "def test_y():\n    pass\n"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param(
            {"pytest.ini": "[pytest]\nmarkers =\n    integration\n    e2e: in a browser\n"},
            ('pytest -m "not integration and not e2e"', "pytest -m integration", "pytest -m e2e"),
            id="markers",
        ),
        pytest.param(
            {"pytest.ini": "[pytest]\nmarkers =\n    integration\n", "tests/e2e/test_y.py": APART},
            ('pytest -m "not integration" --ignore=tests/e2e', "pytest -m integration", "pytest tests/e2e"),
            id="marker-and-folder",
        ),
        pytest.param(
            {"tests/integration/test_y.py": APART, "e2e/test_z.py": APART},
            ("pytest --ignore=tests/integration --ignore=e2e", "pytest tests/integration", "pytest e2e"),
            id="folders",
        ),
        pytest.param(
            {"tests/test_x.py": None, "tests/integration/test_y.py": APART, "tests/e2e/test_z.py": APART},
            ("pytest --ignore=tests/e2e", None, "pytest tests/e2e"),
            id="nothing-but-integration-tests-beside-them",
        ),
        pytest.param(
            {"tests/test_x.py": None, "tests/e2e/test_z.py": APART}, ("pytest", None, None), id="nothing-else"
        ),
    ],
)
def test_end_to_end_tests_are_told_apart_too(files, expected):
    present = {
        path: text for path, text in {"pyproject.toml": PROJECT, **TESTS, **files}.items() if text is not None
    }
    (component,) = detect(Tree.of(present)).components
    assert tuple(component.command(kind) for kind in ("test", "integration", "e2e")) == expected


@pytest.mark.parametrize(
    ("scripts", "packages", "test", "e2e"),
    [
        ({"test": "vitest run", "test:e2e": "playwright test"}, ("vitest",), "npm test", "npm run test:e2e"),
        ({"test": "vitest run", "cy:run": "cypress run"}, ("vitest",), "npm test", "npm run cy:run"),
        ({"e2e": "playwright test"}, ("vitest", "@playwright/test"), "npx vitest run", "npm run e2e"),
        ({"test": "vitest run", "e2e": "cypress open"}, ("vitest",), "npm test", None),
        ({"test": "vitest run", "e2e": "playwright test --ui"}, ("vitest",), "npm test", None),
        ({"e2e": "playwright test"}, ("@playwright/test",), "npx playwright test", None),
    ],
)
def test_a_script_runs_end_to_end_tests_unless_they_are_all_the_tests(scripts, packages, test, e2e):
    package = {"name": "x", "scripts": scripts, "devDependencies": dict.fromkeys(packages, "1")}
    files = {"package.json": json.dumps(package, indent=1), "src/a.js": "1\n", "package-lock.json": "{}"}
    (component,) = detect(Tree.of(files)).components
    assert (component.command("test"), component.command("e2e")) == (test, e2e)
