"""The generated release workflow really runs: images, then places in their order, and back where something fails.

The cluster, the registry and GitHub are stubs that answer as the rules say; bash, jq and curl are real. That a person
approves, that two runs exclude each other and that a push to another branch starts nothing is up to GitHub alone.
"""

import json

import pytest

from tests.act import HTTP_PORT, Outcome, Repository, Rule, run_workflow, sinks, unavailable
from tests.act.places import CHECKED, HEALTH, HEALTHY, MERGED, cluster, manifest
from tests.act.rules import fails, says
from tests.pairwise.repositories import REPOSITORIES

WHY_NOT = unavailable() or sinks.missing()
pytestmark = [pytest.mark.system, pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))]

DECLARATION = """\
repository: acme/shop
docker: {registries: [ghcr.io]}
environments:
  - name: staging
    BRANCH
    deploy: {kubectl: k8s/, set_image: {deployment/shop: image}}
    namespace: shop-staging
    kubeconfig_secret: KUBECONFIG_STAGING
    env_vars: {APP_ENV: staging}
    url: https://staging.example.com
  - name: production
    after: staging
    deploy: {kubectl: k8s/, set_image: {deployment/shop: image}}
    namespace: shop-production
    kubeconfig_secret: KUBECONFIG_PRODUCTION
    secrets: [API_KEY]
notifications:
  channels: [HOOK_URL]
  webhook_events: [ci_failed, deployment_complete, rollback_complete]
"""
SECRETS = {
    "KUBECONFIG_STAGING": "clusters: [staging]",
    "KUBECONFIG_PRODUCTION": "clusters: [production]",
    "API_KEY": "key-of-production",
    "HOOK_URL": f"http://127.0.0.1:{HTTP_PORT}/hook",
}
WELL = (*cluster("shop-staging", 7), *cluster("shop-production", 4), CHECKED, MERGED, HEALTHY)
PLACES = ("deploy-staging", "deploy-production")


@pytest.fixture
def release(tmp_path):
    """Run the release of the sample: where a rule is given, it comes before those by which all is well."""

    def run(
        *rules: Rule, event: str = "push", branch: str = "main", declared: str = "branch: main", **inputs: str
    ) -> Outcome:
        files = {**REPOSITORIES["pip-docker"].files, "k8s/app.json": json.dumps(manifest("shop"))}
        declaration = DECLARATION.replace("BRANCH", declared)
        repository = Repository.declared(declaration, files, tmp_path / "shop")
        repository.change({"note.txt": "new\n"}, branch)
        return run_workflow(
            repository,
            event,
            tmp_path / "home",
            tmp_path,
            file="release.yml",
            secrets=SECRETS,
            rules=(*rules, *WELL),
            inputs=inputs,
            listening=True,
        )

    return run


def told(outcome: Outcome) -> dict[str, object]:
    """The one thing that the channel heard."""
    [heard] = outcome.heard
    return dict(json.loads(heard["body"]))


def position(outcome: Outcome, *words: str, job: str, last: bool = False) -> int:
    """Where in the order of all calls a program was called with these words."""
    calls = outcome.uses_of(words[0], *words[1:], job=job)
    return [index for index, call in enumerate(outcome.calls) if call in calls][-1 if last else 0]


def results(outcome: Outcome) -> tuple[str, ...]:
    return tuple(outcome.jobs[place] for place in PLACES)


def test_an_image_goes_to_staging_and_then_to_production(release):
    outcome = release()
    assert outcome.green, outcome.log
    assert set(outcome.jobs.values()) == {"success"}
    assert position(outcome, "docker/build-push-action", job="push-image") < position(
        outcome, "kubectl", job="deploy-staging"
    )
    assert position(outcome, "curl", HEALTH, job="deploy-staging", last=True) < position(
        outcome, "kubectl", job="deploy-production"
    )
    for place in ("staging", "production"):
        job, namespace = f"deploy-{place}", f"shop-{place}"
        tried = position(outcome, "kubectl", "apply", "--dry-run=server", "k8s/", namespace, job=job)
        applied = position(outcome, "kubectl", "apply", "k8s/", namespace, job=job, last=True)
        assert tried < applied < position(outcome, "kubectl", "rollout", "status", job=job)
        assert {call.kubeconfig.strip() for call in outcome.uses_of("kubectl", job=job)} == {
            SECRETS[f"KUBECONFIG_{place.upper()}"]
        }
        assert outcome.uses_of("kubectl", "undo", job=job) == []
    deployed = {call.words[-1] for call in outcome.uses_of("kubectl", "set")}
    assert [image.partition("@")[0] for image in deployed] == ["image=ghcr.io/acme/shop"]
    assert told(outcome) | {"event": "deployment_complete", "deployed": ["staging", "production"]} == told(
        outcome
    )
    a_secret_reaches_the_steps_that_deploy_and_no_other(outcome)


def a_secret_reaches_the_steps_that_deploy_and_no_other(outcome: Outcome) -> None:
    having = [call for call in outcome.calls if "API_KEY" in call.env]
    assert {call.job for call in having} == {"deploy-production"}
    assert {call.words[1] for call in having} == {"get", "patch", "apply", "set"}
    assert [call for call in outcome.uses_of("kubectl", "--dry-run=server") if "API_KEY" in call.env] == []
    assert SECRETS["API_KEY"] not in outcome.log


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param(fails("kubectl", "rollout", "status", turn=1), id="rollout"),
        pytest.param(fails("curl", HEALTH), id="health"),
    ],
)
def test_what_does_not_come_up_is_taken_back_and_told(rule, release):
    outcome = release(rule)
    assert not outcome.green
    assert results(outcome) == ("failure", "skipped"), outcome.log
    [undone] = outcome.uses_of("kubectl", "undo")
    assert undone.job == "deploy-staging"
    assert {"deployment/shop", "shop-staging", "--to-revision=7"} <= set(undone.words)
    assert outcome.uses_of("kubectl", job="deploy-production") == []
    expected = {
        "event": "rollback_complete",
        "failed": ["deploy-staging"],
        "deployed": [],
        "rolled_back": ["staging"],
    }
    assert told(outcome) | expected == told(outcome)


def test_a_production_that_fails_leaves_staging_alone(release):
    outcome = release(fails("kubectl", "rollout", "status", "shop-production", turn=1))
    assert results(outcome) == ("success", "failure"), outcome.log
    [undone] = outcome.uses_of("kubectl", "undo")
    assert {"deployment/shop", "shop-production", "--to-revision=4"} <= set(undone.words)
    expected = {
        "failed": ["deploy-production"],
        "deployed": ["staging"],
        "rolled_back": ["production"],
    }
    assert told(outcome) | expected == told(outcome)


def test_a_rollback_that_fails_is_told(release):
    outcome = release(fails("kubectl", "rollout", "status", turn=1), fails("kubectl", "rollout", "undo"))
    assert ("deploy-staging", "deploy-rollback") in outcome.failed_steps
    expected = {"event": "ci_failed", "rolled_back": [], "rollback_failed": ["staging"]}
    assert told(outcome) | expected == told(outcome)


@pytest.mark.parametrize(
    ("rule", "step"),
    [
        pytest.param(says("gh", "api", text="failure\n"), ("checked", "verify-gate"), id="gate-red"),
        pytest.param(
            fails("kubectl", "apply", "--dry-run=server"),
            ("deploy-staging", "verify-manifests"),
            id="dry-run",
        ),
    ],
)
def test_what_fails_before_anything_is_deployed_changes_nothing(rule, step, release):
    outcome = release(rule)
    assert outcome.failed_steps == {step}, outcome.log
    applied = [
        call
        for call in outcome.uses_of("kubectl")
        if call.words[1] in {"apply", "set", "patch", "undo"}
        and not any("--dry-run" in w for w in call.words)
    ]
    assert applied == []
    assert told(outcome) | {"event": "ci_failed", "failed": [step[0]], "deployed": []} == told(outcome)


@pytest.mark.parametrize(
    ("branch", "expected"),
    [
        pytest.param("develop", ("success", "skipped"), id="develop"),
        pytest.param("main", ("skipped", "success"), id="main"),
    ],
)
def test_each_branch_goes_to_its_own_place(branch, expected, release):
    outcome = release(branch=branch, declared="branch: develop")
    assert results(outcome) == expected, outcome.log
    [built] = outcome.uses_of("docker/build-push-action")
    assert built.inputs["push"] == "true"


def test_a_release_goes_out_where_releases_do(release):
    outcome = release(event="release", declared="deploy_on: release")
    assert results(outcome) == ("success", "skipped"), outcome.log


OLD = f"sha256:{'a' * 64}"


def test_a_person_goes_back_to_an_older_image(release):
    outcome = release(
        says("docker", "buildx", "imagetools", "inspect", text=OLD + "\n"),
        event="workflow_dispatch",
        environment="production",
        image="1.4.2",
    )
    assert results(outcome) == ("skipped", "success"), outcome.log
    assert outcome.uses_of("docker/build-push-action") == []
    [asked] = outcome.uses_of("docker")
    assert "ghcr.io/acme/shop:1.4.2" in asked.words
    [used] = outcome.uses_of("kubectl", "set")
    assert used.words[-1] == f"image=ghcr.io/acme/shop@{OLD}"


def test_a_person_cannot_deploy_from_any_branch(release):
    outcome = release(event="workflow_dispatch", branch="feature", environment="staging")
    assert outcome.failed_steps == {("deploy-staging", "verify-source")}, outcome.log
    assert outcome.uses_of("kubectl") == []
