"""Tasks and prompts."""

import pytest

from cicd_defs.adapters.store.database import StoreError
from tests.adapters.store.processes import at_once
from tests.adapters.store.samples import HOSTILE, NOW, READABLE, after, prompt, task


def test_each_project_counts_its_tasks(store):
    added = [
        store.tasks.add(task(id=f"t{n}", project=name)) for n, name in enumerate(["shop", "shop", "web"])
    ]
    assert [each.key for each in added] == ["shop-1", "shop-2", "web-1"]
    assert store.tasks.get("shop-2") == store.tasks.get("t1") == added[1]
    assert store.tasks.get("shop-3") is None


def test_all_of_a_task_comes_back(store):
    full = task(
        requirements=("one", HOSTILE),
        acceptance_criteria=("two",),
        priority="critical",
        estimated_complexity="high",
        lacks=("requirements",),
        pull_request=7,
        title=HOSTILE,
    )
    kept = store.tasks.add(full)
    expected = full.model_copy(update={"key": "shop-1", "number": 1, "title": READABLE})
    assert store.tasks.get(kept.key) == expected


def test_submitted_tasks_wait_oldest_first(store):
    for n in (3, 1, 2):
        store.tasks.add(task(id=f"t{n}", created_at=after(n)))
    store.tasks.set_status("shop-1", "running", after(9))
    assert [each.id for each in store.tasks.waiting(9)] == ["t1", "t2"]
    assert [each.id for each in store.tasks.waiting(1)] == ["t1"]
    assert [each.id for each in store.tasks.listed("shop")] == ["t3", "t2", "t1"]
    assert store.tasks.listed("web") == ()


def test_a_pull_request_leads_to_its_task(store):
    store.tasks.add(task())
    store.tasks.set_status("shop-1", "pull_request", after(1), pull_request=42)
    store.tasks.set_status("shop-1", "merged", after(2))
    found = store.tasks.of_pull_request("shop", 42)
    assert (found.key, found.status, found.updated_at) == ("shop-1", "merged", after(2))
    assert store.tasks.of_pull_request("shop", 43) is store.tasks.of_pull_request("web", 42) is None


def test_a_task_that_is_not_there_cannot_change(store):
    with pytest.raises(StoreError, match="shop-9: there is no such task"):
        store.tasks.set_status("shop-9", "merged", NOW)


def test_prompts_are_kept_once_and_come_back_oldest_first(store):
    fix = prompt(id="a", kind="fix", created_at=after(1), context_used={"files": [HOSTILE]}, options={"n": 1})
    for each in (fix, prompt(), prompt(text="other"), prompt(id="x", task_key="shop-2")):
        store.tasks.add_request(each)
    assert store.tasks.requests("shop-1") == (prompt(), fix)


def add_ten(store, place):
    return [store.tasks.add(task(id=f"t{place}-{n}")).number for n in range(10)]


def test_processes_that_add_tasks_share_no_number(store, url):
    numbers = [number for answer in at_once(url, add_ten) for number in answer]
    assert sorted(numbers) == list(range(1, 41))
