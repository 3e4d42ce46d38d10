"""The rows that people and pages read: projects, evaluations, workflows, notifications."""

import pytest

from cicd_defs.adapters.store.database import StoreError
from tests.adapters.store.samples import HOSTILE, NOW, READABLE, after, agent_run, subject


def test_a_project_is_kept_once_and_brought_up_to_date(store):
    first = store.projects.put("shop", "acme/shop", NOW)
    again = store.projects.put(
        "shop", "acme/store", after(1), deployment_settings={"port": 3000}, auto_merge_enabled=True
    )
    assert (first.repository_owner, first.repository_name) == ("acme", "shop")
    assert (again.id, again.created_at, again.updated_at) == (first.id, NOW, after(1))
    assert (again.repository_name, again.deployment_settings, again.auto_merge_enabled) == (
        "store",
        {"port": 3000},
        True,
    )
    store.projects.put("api", "/srv/git/api", NOW)
    assert [each.name for each in store.projects.list()] == ["api", "shop"]
    assert store.projects.get("shop") == again
    assert store.projects.get("web") is None


def test_an_evaluation_begins_once_for_each_head_and_generation(store):
    store.agent_runs.intend(agent_run())
    first = store.pipelines.begin("v1", subject(), 0, NOW, agent_run_id="r1", pr_url="file:///pr/42")
    assert store.pipelines.begin("v2", subject(), 0, after(1)) == first
    second = store.pipelines.begin("v3", subject(), 1, after(2))
    store.pipelines.complete("v1", "failed", {"tests": HOSTILE}, after(3))
    done, running = store.pipelines.of_pull_request("acme/shop", 42)
    assert (done.status, done.validation_results, done.completed_at) == (
        "failed",
        {"tests": HOSTILE},
        after(3),
    )
    assert running == second
    with pytest.raises(StoreError, match="v9: no such evaluation began"):
        store.pipelines.complete("v9", "failed", {}, NOW)


def test_a_workflow_keeps_its_end(store):
    assert store.executions.begin("w1", "task_to_pr", "shop", "shop-1", NOW)
    assert not store.executions.begin("w1", "task_to_pr", "shop", "shop-1", after(1))
    assert store.executions.begin("w2", "pr_validation", "shop", "shop-42-aaa", after(1))
    store.executions.step("w1", "prompt", after(2))
    store.executions.end("w1", "failed", after(3), result={"n": 1}, error=HOSTILE)
    store.executions.step("w1", "later", after(4))
    store.executions.end("w1", "done", after(5))
    ended = store.executions.get("w1")
    assert (ended.status, ended.current_step, ended.error) == ("failed", "prompt", READABLE)
    assert (ended.completed_at, ended.updated_at, ended.result) == (after(3), after(3), {"n": 1})
    assert [each.id for each in store.executions.running()] == ["w2"]
    assert [each.id for each in store.executions.of_subject("shop-1")] == ["w1"]
    with pytest.raises(StoreError, match="w9: no such workflow began"):
        store.executions.step("w9", "x", NOW)


def test_an_event_of_a_subject_is_told_once(store):
    assert store.notifications.add("pr_created", "shop", "shop#42", {"by": HOSTILE}, NOW)
    assert not store.notifications.add("pr_created", "shop", "shop#42", {}, after(1))
    assert store.notifications.add("merge_complete", "shop", "shop#42", {}, after(2))
    assert store.notifications.add("pr_created", "web", "shop#42", {}, after(3))
    newest = store.notifications.newest(9)
    assert [(each["event"], each["project"]) for each in newest] == [
        ("pr_created", "web"),
        ("merge_complete", "shop"),
        ("pr_created", "shop"),
    ]
    assert newest[-1] == {
        "event": "pr_created", "project": "shop", "subject": "shop#42", "body": {"by": HOSTILE}, "created_at": NOW,
    }  # fmt: skip
