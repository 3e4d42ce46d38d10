import pytest

from cicd_defs.facts.coverage import coverage_config
from cicd_defs.facts.survey import Survey
from cicd_defs.facts.tree import Tree


@pytest.mark.parametrize(
    ("files", "place"),
    [
        pytest.param(
            {"pyproject.toml": "[tool.coverage.run]\nbranch = true\n"}, "pyproject.toml:1", id="pyproject"
        ),
        pytest.param({"pyproject.toml": "[tool]\ncoverage = {run = {}}\n"}, "pyproject.toml:1", id="inline"),
        pytest.param({"setup.cfg": "[metadata]\n[coverage:run]\nx = 1\n"}, "setup.cfg:2", id="setup"),
        pytest.param({"tox.ini": "[coverage:report]\nx = 1\n"}, "tox.ini:1", id="tox"),
        pytest.param({".coveragerc.toml": "[run]\n"}, ".coveragerc.toml:1", id="toml"),
        pytest.param({".coveragerc": "[run]\n"}, None, id="the-file-that-we-might-write"),
        pytest.param({"pyproject.toml": "[tool.pytest.ini_options]\n"}, None, id="nothing"),
        pytest.param({"web/pyproject.toml": "[tool.coverage.run]\n"}, None, id="elsewhere"),
        pytest.param({"pyproject.toml": "[tool.coverage"}, None, id="broken"),
    ],
)
def test_where_coverage_is_configured(files, place):
    assert coverage_config(Survey(Tree.of(files)), ".") == place
