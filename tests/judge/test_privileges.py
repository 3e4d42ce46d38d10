from typing import get_args

import pytest

from cicd_defs.judge.workflows.privileges import wrong_privileges
from cicd_defs.plan.permissions import UnknownNeeds, permissions_for
from cicd_defs.plan.pins import VERSIONS, action
from cicd_defs.plan.pipeline import Action, Expression, Job, Permission, Scope, Step, Workflow
from cicd_defs.plan.token_needs import NEEDS
from tests.judge.plans import alone, plans, workflows

TOKEN, ALIAS = Expression(text="${{ github.token }}"), Expression(text="${{ secrets.GITHUB_TOKEN }}")
LOOKS = Permission(scope="checks", access="read", reason="look at the gate")


def job(*steps: Step, permissions: tuple[Permission, ...] | None = None, **changes: object) -> Job:
    """A job that may do what its steps need, unless told otherwise."""
    may = permissions_for(steps) if permissions is None else permissions
    told = {"id": "a", "name": "A", "runs_on": "ubuntu-24.04", "timeout_minutes": 5, "permissions": may}
    return Job.model_validate({**told, "steps": steps, **changes})


def of(one: Job, **changes: object):
    workflow = {"file": "ci.yml", "name": "CI", "triggers": {}, "jobs": (one,), **changes}
    return wrong_privileges(alone(Workflow.model_validate(workflow), one))


def uses(name: str, **inputs: object) -> Step:
    inputs = {key.replace("_", "-") if key != "use_oidc" else key: value for key, value in inputs.items()}
    return Step.model_validate(
        {"id": f"s-{len(inputs)}", "name": name, "uses": action(name), "inputs": inputs}
    )


LOGIN = uses("docker/login-action", registry="ghcr.io", username="x", password=TOKEN)
PUSH = uses("docker/build-push-action", push="true")


def granted(*steps: Step) -> dict[str, str]:
    numbered = [step.model_copy(update={"id": f"s{at}"}) for at, step in enumerate(steps)]
    return {held.scope: held.access for held in permissions_for(numbered)}


def test_every_job_of_every_plan_may_do_what_it_needs_and_no_more():
    assert [found for pipeline in plans() for found in wrong_privileges(pipeline)] == []


def shapes() -> dict[str, tuple[Workflow, Job]]:
    """The jobs of all plans that differ in their permissions or in the actions that they use."""
    found = {}
    for workflow in workflows():
        for one in workflow.jobs:
            actions = sorted({step.uses.name for step in one.steps if step.uses})
            may = [(held.scope, held.access) for held in one.permissions]
            found[f"{actions} {may}"] = (workflow, one)
    return found


def test_taking_any_permission_from_any_job_is_noticed():
    taken = 0
    for workflow, one in shapes().values():
        for held in one.permissions:
            less = tuple(other for other in one.permissions if other != held)
            (found,) = wrong_privileges(alone(workflow, one.model_copy(update={"permissions": less})))
            assert (found.scope, found.granted, found.needed) == (held.scope, "none", held.access)
            taken += 1
    assert taken > 20


@pytest.mark.parametrize("scope", get_args(Scope))
@pytest.mark.parametrize("access", ["read", "write"])
def test_granting_any_job_anything_more_is_noticed(scope, access):
    for workflow, one in shapes().values():
        more = Permission(scope=scope, access=access, reason="because")
        if any((held.scope, held.access) == (scope, access) for held in one.permissions):
            continue
        others = tuple(held for held in one.permissions if held.scope != scope)
        job_with_more = one.model_copy(update={"permissions": (*others, more)})
        (found,) = wrong_privileges(alone(workflow, job_with_more))
        assert (found.scope, found.granted) == (scope, access)


def test_every_action_that_plans_use_has_its_needs_written_down():
    assert set(NEEDS) == set(VERSIONS)


def test_an_action_that_nobody_looked_up_is_refused_and_found():
    step = Step(id="deploy", name="x", uses=Action(name="nobody/nothing", commit="0" * 40))
    with pytest.raises(UnknownNeeds, match=r"what nobody/nothing needs.*token_needs\.py"):
        permissions_for([step])
    (found,) = of(job(step, permissions=()))
    assert "the action of step deploy" in found.why


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param([uses("actions/checkout")], {"contents": "read"}, id="checkout"),
        pytest.param([uses("codecov/codecov-action")], {}, id="codecov-by-token"),
        pytest.param([uses("codecov/codecov-action", use_oidc="true")], {"id-token": "write"}, id="oidc"),
        pytest.param([LOGIN], {"packages": "read"}, id="login-to-pull"),
        pytest.param([LOGIN, PUSH], {"packages": "write"}, id="login-to-push"),
        pytest.param([PUSH], {}, id="push-by-another-login"),
        pytest.param(
            [uses("docker/login-action", password=Expression(text="${{ secrets.HUB }}")), PUSH],
            {},
            id="push-to-another-registry",
        ),
        pytest.param(
            [LOGIN, uses("docker/build-push-action", push="false", load="true")],
            {"packages": "read"},
            id="login-and-build",
        ),
        pytest.param(
            [LOGIN, uses("docker/build-push-action", push=Expression(text="${{ vars.PUSH }}"))],
            {"packages": "write"},
            id="push-that-github-decides",
        ),
        pytest.param(
            [LOGIN, uses("docker/build-push-action", outputs="type=image,push=true")],
            {"packages": "write"},
            id="push-as-output",
        ),
        pytest.param(
            [LOGIN, uses("actions/attest-build-provenance", push_to_registry="true")],
            {"attestations": "write", "id-token": "write", "packages": "write"},
            id="attest-and-push",
        ),
        pytest.param(
            [Step(id="wait", name="x", run="gh api", env={"GH_TOKEN": TOKEN}, token_needs=(LOOKS,))],
            {"checks": "read"},
            id="command",
        ),
    ],
)
def test_what_steps_need(steps, expected):
    assert granted(*steps) == expected


@pytest.mark.parametrize("token", [TOKEN, ALIAS, Expression(text="${{ secrets['github_token'] }}")])
def test_a_command_that_gets_the_token_says_what_for(token):
    step = Step(id="wait", name="x", run="gh api", env={"GH_TOKEN": token})
    (found,) = of(job(step))
    assert found.why == "step wait gets the token and does not say what for"
    assert of(job(step.model_copy(update={"token_needs": (LOOKS,)}))) == ()


@pytest.mark.parametrize("where", ["job", "workflow"])
def test_the_token_in_the_variables_of_every_step_is_found(where):
    step, env = Step(id="test", name="x", run="make"), {"env": {"GH_TOKEN": TOKEN}}
    (found,) = of(job(step, **env)) if where == "job" else of(job(step), **env)
    assert "every step" in found.why


def test_text_that_only_looks_like_the_token_is_none():
    assert of(job(Step(id="test", name="x", run="make", env={"A": "${{ github.token }}"}))) == ()


def test_a_scope_that_is_granted_twice_is_found():
    assert [found.why for found in of(job(permissions=(LOOKS, LOOKS)))] == [
        "a scope is granted twice",
        "no step needs it",
    ]
