"""What the branch requires is what a pull request's checks report, whatever it changes and however they end."""

import pytest

from cicd_defs.facts.stacks import Stacks
from cicd_defs.facts.written import Written
from cicd_defs.judge.workflows.outcomes import gate_cases
from cicd_defs.plan.compile import compile_pipeline
from cicd_defs.plan.hygiene import Ruleset
from cicd_defs.plan.pipeline import Pipeline
from cicd_defs.spec.model import Project
from tests.samples import ci, claims, commands, component, plan

EVERY = commands(install="i", lint="l", format="f", typecheck="t", test="x", integration="n", build="b")
TWO = (
    component(commands=EVERY, versions=("3.11", "3.12"), coverage_tools=claims("pytest-cov")),
    component("node", "web", commands=EVERY),
)


def declared(**keys: object) -> Pipeline:
    """A repository with two components, declared with these keys."""
    project = Project.model_validate({"name": "shop", "repository": "acme/shop", **keys})
    return compile_pipeline(project, Stacks(components=TWO), Written())


def ruleset(pipeline: Pipeline) -> Ruleset:
    assert pipeline.hygiene.ruleset is not None
    return pipeline.hygiene.ruleset


@pytest.mark.parametrize(
    "pipeline",
    [
        pytest.param(plan(*TWO), id="split"),
        pytest.param(plan(*TWO, layout="unified"), id="unified"),
        pytest.param(plan(*TWO, only_changed=False), id="everything"),
        pytest.param(plan(*TWO, trigger_type=["pr"]), id="pull-requests-alone"),
        pytest.param(plan(component(), images=("Dockerfile", "web/Dockerfile")), id="images"),
    ],
)
def test_every_required_check_is_a_job_that_always_reports_on_a_pull_request(pipeline):
    required = ruleset(pipeline).checks
    assert required == ("Gate",)
    workflow = ci(pipeline)
    assert workflow.triggers.pull_request
    assert not workflow.triggers.pull_request_branches
    assert [job.name for job in workflow.jobs].count("Gate") == 1
    verdicts = list(gate_cases(workflow))
    assert verdicts
    assert all(verdict.reported for verdict in verdicts)


def test_what_only_informs_is_not_required():
    covered = plan(*TWO, components=[{"path": ".", "coverage_tool": "codecov"}])
    gate = ci(covered).job("gate")
    assert gate is not None
    assert "coverage" in {job.id for job in ci(covered).jobs} - set(gate.needs)
    nightly = covered.workflow(".github/workflows/nightly.yml")
    assert nightly is not None
    assert not {str(job.name) for job in nightly.jobs} & set(ruleset(covered).checks)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"trigger_type": ["push"]}, "add `pr` to `trigger_type`"),
        ({"components": [{"stack": "custom"}]}, "there are none"),
    ],
)
def test_where_no_check_runs_on_pull_requests_none_is_required_and_that_is_told(keys, words):
    pipeline = plan(component(), **keys)
    assert ruleset(pipeline).checks == ()
    assert [note for note in pipeline.notes if words in note.message and note.where == "ruleset"]


@pytest.mark.parametrize(
    ("keys", "changes"),
    [
        pytest.param({}, {}, id="as-it-is"),
        pytest.param({"branch": "develop"}, {"branch": "develop"}, id="branch"),
        pytest.param({"merge": {"approvals": 0}}, {"approvals": 0}, id="approvals"),
        pytest.param({"merge": {"method": "rebase"}}, {"methods": ("rebase",)}, id="method"),
        pytest.param({"merge": {"admin_override": False}}, {"admin_override": False}, id="override"),
        pytest.param({"files": {"code_owners": {"*": ("@a",)}}}, {"code_owner_review": True}, id="owners"),
    ],
)
def test_what_is_declared_of_merging_is_what_the_branch_asks(keys, changes):
    usual: dict[str, object] = {
        "branch": "main",
        "approvals": 1,
        "code_owner_review": False,
        "methods": ("squash",),
        "checks": ("Gate",),
        "admin_override": True,
    }
    assert ruleset(declared(**keys)) == Ruleset.model_validate(usual | changes)


def test_without_a_ruleset_nothing_is_said_of_one():
    pipeline = declared(files={"ruleset": False}, pipeline={"trigger_type": ("push",)})
    assert pipeline.hygiene.ruleset is None
    assert not [note for note in pipeline.notes if note.where == "ruleset"]
