import pytest

from tests.facts.trees import PYTHON, component

HEAD = '[project]\nname = "shop"\n[build-system]\nrequires = ["hatchling"]\n'
POETRY = '[tool.poetry]\nname = "shop"\n[tool.poetry.group.test.dependencies]\npytest = "8"\n'
GROUP = HEAD + '[dependency-groups]\ntest = ["pytest", "pytest-cov"]\n'
EXTRA = HEAD + '[project.optional-dependencies]\ntest = ["pytest", "pytest-cov>=5"]\n'
ENVIRONMENT = HEAD + '[tool.hatch.envs.{}]\ndependencies = ["pytest", "pytest-cov"]\n'
PIXI = '[project]\nname = "shop"\n[tool.pixi.{}dependencies]\npytest = "*"\npytest-cov = "*"\n'
CALL = {"Makefile": "test:\n\tpytest --cov shop\n"}


@pytest.mark.parametrize(
    ("files", "reported"),
    [
        pytest.param({"tox.ini": "[testenv]\ndeps =\n  pytest\n  pytest-cov\n"}, False, id="only-in-tox"),
        pytest.param(
            {"pyproject.toml": EXTRA, "tox.ini": "[testenv]\ndeps =\n  a\n"}, True, id="chosen-extra"
        ),
        pytest.param({"pyproject.toml": GROUP}, True, id="group-of-pip"),
        pytest.param({"pyproject.toml": GROUP, "uv.lock": ""}, True, id="group-of-uv"),
        pytest.param({"pyproject.toml": EXTRA, "poetry.lock": ""}, True, id="extra-of-poetry"),
        pytest.param({"pyproject.toml": POETRY + 'pytest-cov = "5"\n'}, True, id="group-of-poetry"),
        pytest.param(
            {
                "pyproject.toml": POETRY
                + '[tool.poetry.dependencies]\npytest-cov = {version="5", optional=true}\n'
            },
            False,
            id="optional-of-poetry",
        ),
        pytest.param(
            {"requirements/test-ci-base.txt": "pytest\npytest-cov\n"}, False, id="file-not-installed"
        ),
        pytest.param({"requirements/test.txt": "pytest\npytest-cov\n"}, True, id="file-installed"),
        pytest.param(
            {"requirements/test.txt": "pytest\n-r ci-base.txt\n", "requirements/ci-base.txt": "pytest-cov\n"},
            True,
            id="file-included",
        ),
        pytest.param(
            {
                "requirements/test.in": "pytest\npytest-cov\n",
                "requirements/test.txt": "pytest==8\npytest-cov==5\n",
            },
            True,
            id="file-compiled",
        ),
        pytest.param(
            {
                "requirements/test.in": "-r common.in\n",
                "requirements/test.txt": "pytest==8\npytest-cov==5\n",
                "requirements/common.in": "pytest\npytest-cov\n",
            },
            True,
            id="file-compiled-from-what-it-includes",
        ),
        pytest.param(
            {
                "pyproject.toml": GROUP.replace(', "pytest-cov"', ""),
                "uv.lock": "",
                "requirements.txt": "pytest-cov\n",
            },
            False,
            id="file-beside-uv",
        ),
        pytest.param({"pyproject.toml": ENVIRONMENT.format("default")}, True, id="default-environment"),
        pytest.param({"pyproject.toml": ENVIRONMENT.format("ci")}, False, id="another-environment"),
        pytest.param({"pyproject.toml": PIXI.format("")}, True, id="pixi"),
        pytest.param({"pyproject.toml": PIXI.format("feature.ci.")}, False, id="feature-of-pixi"),
        pytest.param({"Pipfile": '[dev-packages]\npytest = "*"\npytest-cov = "*"\n'}, True, id="pipenv"),
        pytest.param(
            {"setup.py": "setup(name='shop', tests_require=['pytest', 'pytest-cov'])\n"},
            False,
            id="tests-require",
        ),
        pytest.param(CALL, False, id="only-called"),
    ],
)
def test_pytest_cov_is_reported_only_where_it_gets_installed(files, reported):
    found = component(PYTHON, {"pytest.ini": "[pytest]\n"}, files)
    assert "pytest" in {claim.name for claim in found.test_runners}
    assert ("pytest-cov" in {claim.name for claim in found.coverage_tools}) is reported
