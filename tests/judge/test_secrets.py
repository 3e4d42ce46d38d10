import pytest
import yaml

from cicd_defs.judge.workflows.secrets import exposures_in, exposures_of
from cicd_defs.plan.pipeline import (
    Environment,
    Expression,
    Job,
    Permission,
    Pipeline,
    Step,
    Triggers,
    Workflow,
)
from cicd_defs.render.files import render_file
from tests.judge.plans import plans, workflows

SECRET = Expression(text="${{ secrets.DEPLOY_KEY }}")
WRITE = Permission(scope="packages", access="write", reason="push")
NO_PULL = "github.event_name != 'pull_request'"


def test_no_plan_lets_a_strangers_pull_request_reach_anything():
    assert [str(found) for pipeline in plans() for found in exposures_of(pipeline)] == []


def test_nor_does_any_file_as_it_is_written():
    for pipeline in plans():
        for planned in pipeline.applied:
            if planned.kind == "workflow":
                text = render_file(pipeline, planned).text
                assert exposures_in(planned.path, yaml.load(text, yaml.CSafeLoader)) == ()


def of(workflow: Workflow) -> list[str]:
    pipeline = Pipeline(project="x", repository="acme/x", workflows=(workflow,))
    return [f"{found.kind}: {found}" for found in exposures_of(pipeline)]


def step(**changes: object) -> Step:
    return Step.model_validate({"id": "deploy", "name": "x", "run": "make", **changes})


def job(*steps: Step, **changes: object) -> Job:
    told = {"id": "ship", "name": "x", "runs_on": "ubuntu-24.04", "timeout_minutes": 5}
    return Job.model_validate({**told, "steps": steps or (step(),), **changes})


def workflow(*jobs: Job, **changes: object) -> Workflow:
    told = {"file": "ci.yml", "name": "CI", "triggers": Triggers(pull_request=True, push_branches=("main",))}
    return Workflow.model_validate({**told, "jobs": jobs, **changes})


HOME = {"environment": Environment(name="production")}
GUARDED = job(step(env={"KEY": SECRET}), **HOME, permissions=(WRITE,), condition=NO_PULL)


def test_a_job_that_no_pull_request_starts_may_have_secrets():
    assert of(workflow(GUARDED)) == []


def changed(**update: object) -> Workflow:
    """The workflow above, with one thing changed in its job."""
    return workflow(GUARDED.model_copy(update=update))


PATH = "ci.yml → pull_request → ship"
KEY = "deploy → env.KEY → secrets.deploy_key"


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        pytest.param(
            changed(condition=None),
            [
                f"environment: {PATH} → the environment production",
                f"write: {PATH} → packages: write",
                f"secret: {PATH} → {KEY}",
            ],
            id="condition-dropped",
        ),
        pytest.param(
            changed(condition="always()", permissions=(), environment=None),
            [f"secret: {PATH} → {KEY}", f"homeless: ci.yml → ship → {KEY}"],
            id="no-environment",
        ),
        pytest.param(
            changed(environment=None), [f"homeless: ci.yml → ship → {KEY}"], id="guarded-but-no-environment"
        ),
        pytest.param(
            workflow(job(permissions=(WRITE,))), [f"write: {PATH} → packages: write"], id="a-right-to-write"
        ),
        pytest.param(
            workflow(job(**HOME)), [f"environment: {PATH} → the environment production"], id="an-environment"
        ),
        pytest.param(
            workflow(job(), env={"KEY": SECRET}),
            [
                "secret: ci.yml → pull_request → env.KEY → secrets.deploy_key",
                "homeless: ci.yml → env.KEY → secrets.deploy_key",
            ],
            id="in-the-workflows-variables",
        ),
        pytest.param(
            workflow(job(env={"ALL": Expression(text="x ${{ toJSON(secrets) }}")})),
            [f"secret: {PATH} → env.ALL → all secrets", "homeless: ci.yml → ship → env.ALL → all secrets"],
            id="all-secrets",
        ),
        pytest.param(
            workflow(job(step(condition="secrets.DEPLOY_KEY != ''"))),
            [
                f"secret: {PATH} → deploy → if → secrets.deploy_key",
                "homeless: ci.yml → ship → deploy → if → secrets.deploy_key",
            ],
            id="in-a-condition",
        ),
        pytest.param(
            workflow(job(outputs={"key": SECRET}, **HOME)),
            [
                f"environment: {PATH} → the environment production",
                f"secret: {PATH} → outputs.key → secrets.deploy_key",
            ],
            id="as-an-output",
        ),
        pytest.param(
            workflow(job(**HOME, secrets=("API_KEY",))),
            [
                f"environment: {PATH} → the environment production",
                f"secret: {PATH} → secrets → secrets.api_key",
            ],
            id="by-name-alone",
        ),
        pytest.param(workflow(job(step(env={"T": Expression(text="${{ github.token }}")}))), [], id="token"),
        pytest.param(
            workflow(job(step(env={"T": Expression(text="${{ secrets.GITHUB_TOKEN }}")}))), [], id="its-alias"
        ),
        pytest.param(workflow(job(step(env={"T": "${{ secrets.X }}"}))), [], id="plain-text"),
    ],
)
def test_what_is_planted_is_found(planted, found):
    assert of(planted) == found


@pytest.mark.parametrize(
    ("condition", "reached"),
    [
        ("github.event_name == 'push'", False),
        ("github.ref == 'refs/heads/main'", False),
        ("startsWith(github.ref, 'refs/tags/')", False),
        ("github.event.pull_request.head.repo.fork != true", False),
        ("github.event_name == 'push' && vars.DEPLOY == 'yes'", False),
        ("vars.DEPLOY == 'yes'", True),
        ("github.actor == 'me'", True),
        ("github.event_name == 'push' || vars.DEPLOY == 'yes'", True),
        ("github.base_ref == 'main'", True),
        ("github.event.pull_request.merged", True),
    ],
)
def test_conditions_guard_only_where_they_can_be_decided(condition, reached):
    assert bool(of(changed(condition=condition))) is reached
    in_a_step = workflow(job(step(condition=condition, run="make", env={"KEY": SECRET})))
    assert any(found.startswith("secret") for found in of(in_a_step)) is reached


@pytest.mark.parametrize(
    ("condition", "reached"),
    [(None, False), ("always()", True), ("!cancelled()", True), ("success()", False), ("vars.X", False)],
)
def test_a_job_is_skipped_with_what_it_needs_unless_it_asks_how_that_went(condition, reached):
    first = job(id="build", condition=NO_PULL)
    last = job(needs=("build",), permissions=(WRITE,), condition=condition)
    assert bool(of(workflow(first, last))) is reached


def test_nothing_else_than_a_pull_request_is_a_stranger():
    calm = Triggers(push_branches=("main",), schedule=("0 0 * * *",), manual=True, release=True)
    assert of(workflow(GUARDED.model_copy(update={"condition": None}), triggers=calm)) == []


STEAL = {"env": {"K": "${{ secrets.K }}"}, "run": "make"}


def written(on: object = "pull_request", top: object = None, **ship: object) -> list[str]:
    """What is found in a file whose one job holds nothing but this."""
    told = {"permissions": {}, "runs-on": "x", "steps": [], **ship}
    data = {"on": on, "jobs": {"ship": told}, **(top or {})}  # type: ignore[dict-item]
    return [f"{found.kind}: {found.what}" for found in exposures_in("x.yml", data)]


@pytest.mark.parametrize(
    ("found", "file"),
    [
        pytest.param([], {}, id="nothing"),
        pytest.param(["secret: secrets.k", "homeless: secrets.k"], {"steps": [STEAL]}, id="a-step"),
        pytest.param(["homeless: secrets.k"], {"on": "push", "steps": [STEAL]}, id="a-push"),
        pytest.param([], {"on": "push", "steps": [STEAL], "environment": {"name": "p"}}, id="at-home"),
        pytest.param(
            ["event: it runs with all secrets and rights"], {"on": ["pull_request_target"]}, id="target"
        ),
        pytest.param(
            ["event: it runs with all secrets and rights"],
            {"on": {"workflow_run": {"workflows": ["CI"]}}},
            id="after-another",
        ),
        pytest.param(
            ["secret: all secrets", "homeless: all secrets"],
            {"uses": "./.github/workflows/x.yml", "secrets": "inherit"},
            id="handed-on",
        ),
        pytest.param(
            ["secret: secrets.k", "homeless: secrets.k"],
            {"uses": "./.github/workflows/x.yml", "secrets": {"k": "${{ secrets.K }}"}},
            id="handed-on-by-name",
        ),
        pytest.param(
            ["secret: secrets.k", "homeless: secrets.k"],
            {"services": {"db": {"image": "x", "credentials": {"password": "${{ secrets.K }}"}}}},
            id="a-services-password",
        ),
        pytest.param(
            ["secret: secrets.k", "homeless: secrets.k"],
            {"container": {"image": "x", "env": {"A": "${{secrets['K']}}"}}},
            id="a-container",
        ),
        pytest.param(["write: write-all"], {"permissions": "write-all"}, id="all-rights"),
        pytest.param(["write: contents: write"], {"permissions": {"contents": "write"}}, id="one-right"),
        pytest.param([], {"permissions": "read-all"}, id="rights-to-read"),
        pytest.param(
            ["write: contents: write"],
            {"permissions": None, "top": {"permissions": {"contents": "write"}}},
            id="rights-from-above",
        ),
        pytest.param(["write: the default permissions"], {"permissions": None}, id="rights-unsaid"),
        pytest.param(
            ["environment: the environment p"],
            {"environment": "p", "if": "${{ always() }}"},
            id="environment",
        ),
        pytest.param([], {"environment": "p", "if": "${{ github.event_name == 'push' }}"}, id="braces"),
        pytest.param([], {"environment": "p", "if": "github.event_name == 'push'"}, id="no-braces"),
        pytest.param([], {"environment": "p", "if": False}, id="never"),
        pytest.param(
            ["environment: the environment p"],
            {"environment": "p", "if": "${{ github.event_name }} == 'push'"},
            id="text-that-always-counts-as-true",
        ),
        pytest.param([], {"on": "workflow_dispatch", "environment": "p"}, id="by-hand"),
        pytest.param(
            ["environment: the environment p"], {"on": "workflow_call", "environment": "p"}, id="by-a-caller"
        ),
    ],
)
def test_in_anybodys_file(found, file):
    assert written(**file) == found


def test_yaml_that_reads_on_as_true_is_understood():
    data = yaml.safe_load("on: pull_request\njobs: {a: {permissions: write-all}}")
    assert [str(found) for found in exposures_in("x.yml", data)] == ["x.yml → pull_request → a → write-all"]


@pytest.mark.parametrize("data", [None, [], "x", {}, {"jobs": []}, {"on": 1, "jobs": {"a": None}}])
def test_what_is_no_workflow_has_nothing_to_reach(data):
    assert exposures_in("x.yml", data) == ()


def test_dropping_the_condition_of_any_job_that_holds_something_is_noticed():
    """Positive control over the real plans: what guards these jobs from a pull request is their conditions alone."""
    dropped = 0
    for planned in workflows():
        for one in planned.jobs if planned.triggers.pull_request else ():
            if one.environment or any(held.access == "write" for held in one.permissions):
                open_to_all = one.model_copy(update={"condition": None, "needs": ()})
                assert of(planned.model_copy(update={"jobs": (open_to_all,)})), one.id
                dropped += 1
    assert dropped > 20
