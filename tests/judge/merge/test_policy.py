"""What of a project file decides on its pull requests."""

from datetime import UTC, datetime

import pytest

from cicd_defs.judge.merge.policy import Policy, policy_of
from cicd_defs.spec.read import read_project


def policy(text: str = "") -> Policy:
    return policy_of(read_project(f"repository: acme/shop\n{text}", "shop.yaml"))


def test_what_is_not_said_is_strict():
    plain = policy()
    assert (plain.mode, plain.auto_merge, plain.approvals) == ("act", False, 1)
    assert set(plain.required_checks) == {"build_success", "deployment_success", "web_evaluation_pass"}
    assert {".github/**", "Dockerfile", "Makefile", "projects/*.yaml"} <= set(plain.protected_paths)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("agent: {backend: codegen}\n", True),
        ("merge: {hold_labels: [do-not-merge]}\n", True),
        ("mode: observe\n", False),
        ("merge: {approvals: 2}\n", False),
        ("merge: {method: rebase}\n", False),
        ("merge: {protected_paths: []}\n", False),
        ('merge: {freeze: [{from: "2026-12-24", until: "2026-12-24"}]}\n', False),
        ("validation: {auto_merge: true}\n", False),
        ("deployment: {start_command: npm start}\n", False),
        ("environments: [{name: live, deploy: {helm: charts/x}}]\n", False),
    ],
)
def test_what_decides_is_in_the_digest(text, same):
    assert (policy(text).digest == policy().digest) is same


def test_what_is_deployed_from_is_protected_unless_the_file_lists_the_paths():
    deploys = "environments: [{name: live, deploy: {kubectl: ops/live}}]\n"
    assert "ops/live" in policy(deploys).protected_paths
    assert policy(f"{deploys}merge: {{protected_paths: [docs/**]}}\n").protected_paths == ("docs/**",)


@pytest.mark.parametrize(
    ("now", "frozen"),
    [
        ("2026-12-23T23:59", False),
        ("2026-12-24T00:00", True),
        ("2027-01-02T23:59", True),
        ("2027-01-03T00:00", False),
        ("2027-03-01T11:59", False),
        ("2027-03-01T12:00", True),
        ("2027-03-01T13:30", False),
    ],
)
def test_a_freeze_begins_and_ends(now, frozen):
    text = (
        'merge: {freeze: [{from: "2026-12-24", until: "2027-01-02", reason: holidays}, '
        '{from: "2027-03-01T12:00Z", until: "2027-03-01T13:30:00"}]}\n'
    )
    why = policy(text).frozen(datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert bool(why) is frozen
    if now < "2027-01-03" and frozen:
        assert why == "nothing is merged before 2027-01-03 00:00 UTC (holidays)"
