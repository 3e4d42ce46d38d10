"""One event, and all that follows: a signed payload comes in, and ends in a report, a decision and a merge."""

import httpx
import pytest

from tests.system.invariants import check
from tests.system.playing import open_in_silence, post_event
from tests.system.running import REPOSITORY, missing, running

pytestmark = [pytest.mark.system, pytest.mark.skipif(bool(missing()), reason=missing() or "all is there")]

RUNS = "{ runsOrError { ... on Runs { results { jobName status tags { key value } } } } }"
ASSETS = """{ assetNodes { assetKey { path } isMaterializable isPartitioned
  partitionKeys assetMaterializations(limit: 1) { partition metadataEntries { label } } } }"""
PARTS = ("pull_request", "sandbox_build", "test_results", "gate_integrity")
FOLLOWING = ("evaluation_report", "merge_decision", "merge")


@pytest.fixture(scope="module")
def merged(tmp_path_factory, postgres):
    """A line with a pull request that was merged because of one posted event, and the address of its webserver."""
    with running(tmp_path_factory.mktemp("line"), postgres) as line:
        address = line.webserver()
        found = open_in_silence(line, "emma")
        assert not line.store.inbox.waiting(10)
        delivery = post_event(line, found)
        line.wait_until_quiet(240)
        yield line, address, delivery


def asked(address: str, query: str):
    answer = httpx.post(f"{address}/graphql", json={"query": query}, timeout=30, trust_env=False).json()
    assert "errors" not in answer, answer
    return answer["data"]


def test_it_ends_in_a_report_a_decision_and_a_merge(merged):
    line, _, delivery = merged
    found = line.forge.pull_request(REPOSITORY, 1)
    assert found.state == "merged"
    [decision] = line.store.evidence.decisions(REPOSITORY, 1)
    assert (decision.outcome, decision.head) == ("merge", found.head_sha)
    assert {part: verdict["word"] for part, verdict in decision.evidence["verdicts"].items()} == {
        "sandbox_build": "not_applicable",
        "test_results": "passed",
        "gate_integrity": "passed",
    }
    [comment] = line.forge.comments(REPOSITORY, 1)
    assert "Test: custom" in comment.body
    assert delivery in line.acknowledged
    check(line)


def test_the_webserver_shows_the_run(merged):
    line, address, _ = merged
    [run] = asked(address, RUNS)["runsOrError"]["results"]
    assert (run["jobName"], run["status"]) == ("evaluate", "SUCCESS")
    tags = {tag["key"]: tag["value"] for tag in run["tags"]}
    head = line.forge.pull_request(REPOSITORY, 1).head_sha
    assert tags["dagster/partition"] == f"shelf-1-{head[:12]}"
    assert (tags["cicd/project"], tags["cicd/pull_request"]) == ("shelf", "1")


def test_the_webserver_shows_what_came_to_be(merged):
    line, address, _ = merged
    nodes = {node["assetKey"]["path"][-1]: node for node in asked(address, ASSETS)["assetNodes"]}
    partition = f"shelf-1-{line.forge.pull_request(REPOSITORY, 1).head_sha[:12]}"
    for name in (*PARTS, *FOLLOWING):
        [made] = nodes[name]["assetMaterializations"]
        assert made["partition"] == partition
        assert "report" in {entry["label"] for entry in made["metadataEntries"]}
    for name in ("diagnosis", "fix_request", "task", "agent_run"):
        assert not nodes[name]["assetMaterializations"], name


def test_the_same_delivery_again_changes_nothing(merged):
    line, _, _ = merged
    before = len(line.dagster_runs())
    again = line.forge.pull_request(REPOSITORY, 1)
    post_event(line, again)
    line.wait_until_quiet(60)
    assert len(line.dagster_runs()) == before
    check(line)
