"""Checks and deployments in one file: the gate itself lets things go out, and a person may ask for the checks alone."""

import json

import pytest

from tests.act import Outcome, Repository, Rule, run_workflow, unavailable
from tests.act.places import cluster, manifest
from tests.act.rules import fails
from tests.pairwise.repositories import REPOSITORIES

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(unavailable() is not None, reason=str(unavailable())),
]

DECLARATION = """\
repository: acme/shop
pipeline: {layout: unified}
docker: {registries: [ghcr.io]}
environments:
  - name: staging
    deploy: {kubectl: k8s/, set_image: {deployment/shop: image}}
    namespace: shop-staging
"""


@pytest.fixture
def unified(tmp_path):
    """Run the one file of the sample; what builds and tests is a stub."""

    def run(event: str, *rules: Rule, **inputs: str) -> Outcome:
        files = {**REPOSITORIES["pip-docker"].files, "k8s/app.json": json.dumps(manifest("shop"))}
        repository = Repository.declared(DECLARATION, files, tmp_path / "shop")
        repository.change({"note.txt": "new\n"}, "change" if event == "pull_request" else "main")
        return run_workflow(
            repository,
            event,
            tmp_path / "home",
            tmp_path,
            rules=(*rules, *cluster("shop-staging", 7)),
            inputs=inputs,
            wiring=True,
        )

    return run


def results(outcome: Outcome) -> tuple[str, ...]:
    return tuple(outcome.jobs[job] for job in ("test", "gate", "push-image", "deploy-staging"))


@pytest.mark.parametrize(
    ("event", "rules", "inputs", "expected"),
    [
        pytest.param("push", (), {}, ("success",) * 4, id="green"),
        pytest.param(
            "push", (fails("pytest"),), {}, ("failure", "failure", "skipped", "skipped"), id="red-gate"
        ),
        pytest.param("pull_request", (), {}, (*("success",) * 2, *("skipped",) * 2), id="pull-request"),
        pytest.param(
            "workflow_dispatch",
            (),
            {"environment": "none"},
            (*("success",) * 2, *("skipped",) * 2),
            id="checks-alone",
        ),
        pytest.param("workflow_dispatch", (), {"environment": "staging"}, ("success",) * 4, id="by-hand"),
    ],
)
def test_what_goes_out(event, rules, inputs, expected, unified):
    outcome = unified(event, *rules, **inputs)
    assert results(outcome) == expected, outcome.log
    deploys = expected[-1] == "success"
    assert bool(outcome.uses_of("kubectl")) == bool(outcome.uses_of("docker/login-action")) == deploys
