import pytest

from tests.facts.trees import NODE, PYTHON, component


@pytest.mark.parametrize(
    ("files", "paths"),
    [
        pytest.param(["shop/a.py", "tests/test_a.py", "t/b.py", "testing/c.py"], ("shop",), id="no-tests"),
        pytest.param(
            ["src/shop/a.py", "docs/conf.py", "examples/a.py", "tools/b.py"], ("shop", "src"), id="src"
        ),
        pytest.param(["app.py", "setup.py", "conftest.py", "test_app.py"], ("app.py", "shop"), id="modules"),
        pytest.param(["a b/c.py"], (), id="a-name-that-needs-quoting"),
        pytest.param(["-x/c.py"], (), id="a-name-like-an-option"),
        pytest.param([f"p{number}/a.py" for number in range(41)], (), id="too-many"),
    ],
)
def test_source_paths_of_python(files, paths):
    assert component(PYTHON, dict.fromkeys(files, "")).source_paths == paths


def test_source_paths_are_relative_to_the_component():
    files = {f"services/api/{path}": text for path, text in PYTHON.items()}
    assert component(NODE, files, path="services/api").source_paths == ("shop",)


def test_source_paths_of_node():
    files = ["src/a.ts", "index.js", "vite.config.ts", ".eslintrc.js", "index.test.js", "__tests__/a.js"]
    assert component(NODE, dict.fromkeys(files, "")).source_paths == ("index.js", "lib", "src")
