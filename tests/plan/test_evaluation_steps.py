import pytest

from cicd_defs.plan.pipeline import Job, LocalCommand, Pipeline, Step, StepKind, Triggers, Workflow
from cicd_defs.plan.work.evaluation import evaluation_steps

REPORTING = {"PYTEST_ADDOPTS": "--junitxml=reports/junit.xml"}


def command(kind, run, path="."):
    return LocalCommand(kind=StepKind(kind), component="app", path=path, run=run)


def pipeline(*commands, env=REPORTING):
    steps = [Step(id="test", name="Test", run=one.run, env=env) for one in commands if one.kind == "test"]
    jobs = tuple(
        Job(id=f"test{at}", name="Test", runs_on="ubuntu-24.04", timeout_minutes=5, steps=(step,))
        for at, step in enumerate(steps)
    )
    workflow = Workflow(file="ci.yml", name="CI", triggers=Triggers(pull_request=True), jobs=jobs)
    return Pipeline(project="shop", repository="acme/shop", workflows=(workflow,), local=commands)


def steps(*commands, token="0123"):
    return evaluation_steps(pipeline(*commands), 60, token)


def test_installs_and_builds_fetch_packages_and_checks_have_no_network():
    made = steps(
        command("install", "pip install -e ."),
        command("build", "python -m build"),
        command("lint", "ruff check ."),
        command("test", "pytest"),
        command("integration", "pytest tests/integration"),
    )
    assert [step.network for step in (*made.install, *made.build)] == ["mirror", "mirror"]
    assert [(step.kind, step.network) for step in made.checks] == [("lint", "none"), ("test", "none")]


@pytest.mark.parametrize(
    ("run", "path", "report"),
    [
        pytest.param("pytest", ".", "reports/junit-0123.xml", id="pytest"),
        pytest.param("python -m pytest -q", "api", "api/reports/junit-0123.xml", id="module, in a folder"),
        pytest.param("make test", ".", "", id="behind make: it may be elsewhere"),
        pytest.param("python -m unittest", ".", "", id="no report at all"),
    ],
)
def test_where_pytest_is_called_its_report_must_be_there(run, path, report):
    [step] = steps(command("test", run, path)).checks
    assert (step.report, step.folder) == (report, path)
    assert step.env == {"PYTEST_ADDOPTS": "--junitxml=reports/junit-0123.xml"}


def test_the_report_has_another_name_each_time():
    names = {steps(command("test", "pytest"), token=token).reports for token in ("a", "b")}
    assert names == {("reports/junit-a.xml",), ("reports/junit-b.xml",)}


@pytest.mark.parametrize(
    ("run", "named"),
    [("pipx run build", "pipx"), ("uv run tox -e py", "uv tox"), ("./pipx-like x", ""), ("make build", "")],
)
def test_programs_that_a_runner_has_are_set_up_first(run, named):
    made = steps(command("install", "pip install -e ."), command("build", run))
    kinds = [step.kind for step in made.install]
    assert kinds == (["setup", "install"] if named else ["install"])
    if named:
        assert f"for name in {named};" in made.install[0].run
