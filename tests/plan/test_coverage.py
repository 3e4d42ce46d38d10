import pytest

from cicd_defs.facts.stacks import Component, Stacks
from cicd_defs.facts.written import Written
from cicd_defs.plan.compile import compile_pipeline
from cicd_defs.plan.pipeline import Pipeline
from cicd_defs.spec.model import Project
from tests.samples import claims, component

MEASURED = {"coverage_tools": claims("pytest-cov"), "source_paths": ("src",)}


def planned(
    *components: Component, asked: bool = True, paths: tuple[str, ...] = (), **files: str
) -> Pipeline:
    declared = {
        "name": "shop",
        "repository": "acme/shop",
        "files": {"coverage": asked},
        "pipeline": {"components": tuple({"path": path} for path in paths)},
    }
    written = Written.model_validate({"files": files})
    return compile_pipeline(Project.model_validate(declared), Stacks(components=components), written)


@pytest.mark.parametrize(
    ("part", "asked", "state", "words"),
    [
        pytest.param(component(**MEASURED), True, "applied", "new", id="measured"),
        pytest.param(component(**MEASURED), False, "skipped", "is false", id="not-asked-for"),
        pytest.param(component(), True, "skipped", "no tests of python measure coverage", id="not-measured"),
        pytest.param(
            component(**MEASURED, coverage_config="setup.cfg:3"),
            True,
            "skipped",
            "`setup.cfg:3` configures coverage",
            id="configured",
        ),
        pytest.param(component("node", **MEASURED), True, "skipped", "no Python component", id="node"),
    ],
)
def test_it_is_written_where_it_is_asked_for_and_nothing_says_it_already(part, asked, state, words):
    file = next(file for file in planned(part, asked=asked).files if file.kind == "coverage")
    assert (file.path, file.state) == (".coveragerc", state)
    assert words in file.reason


def test_their_own_stays_and_ours_goes_when_it_is_no_longer_wanted():
    theirs = planned(component(**MEASURED), **{".coveragerc": "theirs"})
    gone = planned(component(**MEASURED), asked=False, **{".coveragerc": "ours"})
    assert [file.state for file in (*theirs.files, *gone.files) if file.kind == "coverage"] == [
        "skipped",
        "removed",
    ]


def test_each_declared_folder_has_its_own():
    parts = (component(path="api", **MEASURED), component("node", "web"))
    pipeline = planned(*parts, paths=("api", "web"))
    states = {file.path: file.state for file in pipeline.files if file.kind == "coverage"}
    assert states == {".coveragerc": "skipped", "api/.coveragerc": "applied", "web/.coveragerc": "skipped"}


@pytest.mark.parametrize(("found", "sources"), [(("src",), ("src",)), (("src", "run.py"), ()), ((), ())])
def test_single_files_are_no_sources(found, sources):
    part = component(coverage_tools=claims("pytest-cov"), source_paths=found)
    assert planned(part).hygiene.coverage_at(".coveragerc").sources == sources
