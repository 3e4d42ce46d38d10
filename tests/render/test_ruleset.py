import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cicd_defs.plan.hygiene import Ruleset
from cicd_defs.render.ruleset import render_ruleset

USUAL: dict[str, object] = {
    "branch": "main",
    "approvals": 2,
    "code_owner_review": True,
    "methods": ("squash",),
    "checks": ("Gate",),
    "admin_override": True,
}


def rendered(**changes: object) -> dict[str, object]:
    return json.loads(render_ruleset(Ruleset.model_validate(USUAL | changes)))


def rules(**changes: object) -> dict[str, dict[str, object]]:
    found = rendered(**changes)["rules"]
    assert isinstance(found, list)
    return {rule["type"]: rule.get("parameters", {}) for rule in found}


def test_the_branch_is_named_and_nothing_else_is_touched():
    told = rendered(branch="release/1.x")
    assert (told["target"], told["enforcement"]) == ("branch", "active")
    assert told["conditions"] == {"ref_name": {"include": ["refs/heads/release/1.x"], "exclude": []}}


def test_the_gate_is_required_of_github_actions_alone_and_of_the_branchs_newest_state():
    parameters = rules()["required_status_checks"]
    assert parameters["required_status_checks"] == [{"context": "Gate", "integration_id": 15368}]
    assert parameters["strict_required_status_checks_policy"] is True
    assert "required_status_checks" not in rules(checks=())


def test_reviews_are_asked_for_as_declared():
    parameters = rules()["pull_request"]
    assert (parameters["required_approving_review_count"], parameters["require_code_owner_review"]) == (
        2,
        True,
    )
    assert parameters["dismiss_stale_reviews_on_push"] is True
    assert parameters["required_review_thread_resolution"] is True
    assert parameters["allowed_merge_methods"] == ["squash"]
    assert {"deletion", "non_fast_forward"} <= rules().keys()


@pytest.mark.parametrize("override", [True, False])
def test_an_administrator_may_override_in_a_pull_request_and_only_where_declared(override):
    admins = [{"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "pull_request"}]
    assert rendered(admin_override=override)["bypass_actors"] == (admins if override else [])


@given(branch=st.text(max_size=9), check=st.text(max_size=9))
def test_any_name_is_read_back(branch, check):
    assert rendered(branch=branch)["conditions"] == {
        "ref_name": {"include": [f"refs/heads/{branch}"], "exclude": []}
    }
    required = rules(checks=(check,))["required_status_checks"]["required_status_checks"]
    assert required == [{"context": check, "integration_id": 15368}]
