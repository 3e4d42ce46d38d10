"""Each way to deploy really runs: what it tries first, what it does, and how it goes back to what ran before."""

import json
from dataclasses import dataclass

import pytest

from tests.act import Outcome, Repository, Rule, run_workflow, sinks, unavailable
from tests.act.places import CHECKED, FORWARD, HEALTH, HEALTHY, cluster
from tests.act.rules import fails, says
from tests.pairwise.repositories import REPOSITORIES

WHY_NOT = unavailable() or sinks.missing()
pytestmark = [pytest.mark.system, pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))]

DECLARATION = """\
repository: acme/shop
docker: {registries: [ghcr.io]}
environments:
  - name: staging
    deploy: {DEPLOY}
    secrets: [API_KEY]
    url: https://staging.example.com
"""
FILES = {
    "charts/shop/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
    "charts/shop/values.yaml": "image: {repository: somewhere, tag: old}\n",
    "compose.yaml": "services: {app: {image: '${IMAGE}'}}\n",
    "skaffold.yaml": "apiVersion: skaffold/v4beta13\nkind: Config\n",
}
REVISIONS = [{"revision": 3, "status": "superseded"}, {"revision": 4, "status": "deployed"}]


@dataclass(frozen=True)
class Way:
    """One way: how it is declared, what the world says, and the words of its calls."""

    declared: str
    well: tuple[Rule, ...]
    tried: tuple[str, ...]
    deployed: tuple[str, ...]
    undone: tuple[str, ...]


WAYS = {
    "helm": Way(
        declared="helm: charts/shop",
        well=(says("helm", "history", text=json.dumps(REVISIONS)),),
        tried=("helm", "upgrade", "charts/shop", "--dry-run=server"),
        deployed=("helm", "upgrade", "charts/shop", "--wait"),
        undone=("helm", "rollback", "shop", "4"),
    ),
    "compose": Way(
        declared="compose: compose.yaml",
        well=(
            says("docker", "compose", "ps", text="one\ntwo\n"),
            says("docker", "compose", "config", "--services", text="app\n"),
            says("docker", "inspect", "one", "two", text="app sha256:old\nstray sha256:other\n"),
        ),
        tried=("docker", "compose", "config", "--quiet"),
        deployed=("docker", "compose", "up", "--remove-orphans"),
        undone=("docker", "compose", "up", "--pull"),
    ),
    "skaffold": Way(
        declared="skaffold: skaffold.yaml",
        well=(
            says("curl", "https://storage.googleapis.com/*", text=FORWARD),
            says("sha256sum", "--check", text=""),
            *cluster("shop", 4, option=False),
        ),
        tried=("kubectl", "apply", "--dry-run=server"),
        deployed=("skaffold", "deploy"),
        undone=("kubectl", "rollout", "undo", "deployment/shop", "--to-revision=4"),
    ),
    "command": Way(
        declared='command: "gh deploy \\"$IMAGE\\"", rollback: gh back',
        well=(says("gh", "deploy", text=""),),
        tried=(),
        deployed=("gh", "deploy"),
        undone=("gh", "back"),
    ),
}


@pytest.fixture
def deploy(tmp_path):
    """Deploy the sample one way, with these rules before those by which all is well."""

    def run(way: Way, *rules: Rule) -> Outcome:
        files = {**REPOSITORIES["pip-docker"].files, **FILES}
        repository = Repository.declared(
            DECLARATION.replace("DEPLOY", way.declared), files, tmp_path / "shop"
        )
        return run_workflow(
            repository,
            "push",
            tmp_path / "home",
            tmp_path,
            file="release.yml",
            secrets={"API_KEY": "key-of-staging"},
            rules=(*rules, *way.well, CHECKED, HEALTHY),
        )

    return run


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_it_is_tried_and_deployed_and_taken_back_where_it_is_not_healthy(way, deploy):
    outcome = deploy(way, fails("curl", HEALTH))
    assert outcome.jobs["deploy-staging"] == "failure", outcome.log
    [deployed] = outcome.uses_of(*way.deployed)
    assert deployed.env["API_KEY"] == "key-of-staging"
    if way.tried:
        [tried] = outcome.uses_of(*way.tried)
        assert outcome.calls.index(tried) < outcome.calls.index(deployed)
    [undone] = outcome.uses_of(*way.undone)
    assert outcome.calls.index(deployed) < outcome.calls.index(undone)
    if undone.name == "docker":
        assert undone.files == {"previous.yml": "services:\n  app:\n    image: sha256:old\n"}
    assert "key-of-staging" not in outcome.log
    if deployed.name == "helm":  # an image goes into a chart by its digest
        assert "image.repository=ghcr.io/acme/shop" in deployed.words
        assert any(word.startswith("image.tag=pinned@sha256:") for word in deployed.words)


def test_it_goes_back_where_it_fails(deploy):
    way = WAYS["helm"]
    outcome = deploy(way, fails(*way.deployed))
    assert outcome.jobs["deploy-staging"] == "failure", outcome.log
    assert len(outcome.uses_of(*way.undone)) == 1


def test_what_cannot_be_tried_is_not_deployed(deploy):
    way = WAYS["skaffold"]
    outcome = deploy(way, fails(*way.tried))
    assert outcome.jobs["deploy-staging"] == "failure", outcome.log
    assert outcome.uses_of(*way.deployed) == outcome.uses_of(*way.undone) == []
