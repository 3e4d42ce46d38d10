"""Tasks come in by the API with a key that may, and come back as they were kept."""

import json

import pytest
from fastapi.testclient import TestClient

from cicd_defs.gateway.app import create_app
from tests.gateway.store import Tasks, parts

URL = "/api/v1/tasks"
TASK = {
    "title": "Implement user authentication",
    "description": "Add JWT-based authentication system",
    "requirements": ["Support email/password login", "Include password reset functionality"],
    "acceptance_criteria": ["Users can register with email/password"],
    "priority": "high",
    "estimated_complexity": "medium",
}


def client(given):
    return TestClient(create_app(given), raise_server_exceptions=False)


def post(given, content, key="task"):
    content = content if isinstance(content, bytes) else json.dumps(content).encode()
    return client(given).post(URL, content=content, headers={"Authorization": f"Bearer cicd_{key}"})


def test_a_task_is_kept_and_found_by_its_id_and_its_key():
    here = parts()
    answer = post(here, TASK)
    assert (answer.status_code, answer.headers["location"]) == (201, "/api/v1/tasks/shop-1")
    task = answer.json()
    assert {name: task[name] for name in TASK} == TASK
    assert (task["key"], task["project"], task["status"]) == ("shop-1", "shop", "submitted")
    assert (task["asked_by"], task["lacks"]) == ("mona", [])
    for name in (task["id"], "shop-1"):
        found = client(here).get(f"{URL}/{name}", headers={"Authorization": "Bearer cicd_read"})
        assert (found.status_code, found.json()) == (200, task)
    assert here.audit.entries == [
        ("mona", "task.submitted", "shop-1", {"id": task["id"], "title": TASK["title"], "project": "shop"})
    ]


def test_what_a_task_lacks_is_said():
    answer = post(parts(), {"title": "a", "description": "b"})
    assert answer.json()["lacks"] == ["requirements", "acceptance criteria"]


@pytest.mark.parametrize(
    ("given", "projects", "key", "status", "project"),
    [
        ({"project": "web"}, ("shop", "web"), "task", 201, "web"),
        ({}, ("shop",), "task", 201, "shop"),
        ({}, ("shop", "web"), "task", 422, None),
        ({}, (), "task", 422, None),
        ({"project": "other"}, ("shop",), "task", 422, None),
        ({}, ("shop", "web"), "shop", 201, "shop"),
        ({"project": "web"}, ("shop", "web"), "shop", 422, None),
    ],
)
def test_the_project_is_the_field_s_else_the_key_s_else_the_only_one(given, projects, key, status, project):
    answer = post(parts(projects=lambda: projects), {**TASK, **given}, key)
    assert (answer.status_code, answer.json().get("project")) == (status, project)
    if status == 422:
        assert answer.json()["errors"][0]["field"] == "project"


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (None, 401),
        ("", 401),
        ("Bearer", 401),
        ("Bearer cicd_", 401),
        ("Bearer cicd_unknown", 401),
        ("Bearer other_task", 401),
        ("Basic cicd_task", 401),
        ("Bearer cicd_task cicd_task", 401),
        ("Bearer cicd_" + "x" * 5000, 401),
        ("Bearer cicd_é".encode("latin-1"), 401),
        (b"\xff", 401),
        ("Bearer cicd_read", 403),
        ("Bearer cicd_approve", 403),
        ("Bearer cicd_merge", 403),
        ("Bearer cicd_task", 201),
        ("bearer cicd_task", 201),
        ("Bearer cicd_admin", 201),
    ],
)
def test_who_may_submit_a_task(authorization, status):
    headers = {} if authorization is None else {"Authorization": authorization}
    here = parts()
    answer = client(here).post(URL, json=TASK, headers=headers)
    assert answer.status_code == status
    assert len(here.tasks.kept) == (status == 201)
    if status != 201:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "  "}, "title"),
        ({"title": "a\nb"}, "title"),
        ({"title": "a" * 201}, "title"),
        ({"title": "a\0b"}, "title"),
        ({"title": 1}, "title"),
        ({"title": None}, "title"),
        ({"description": ""}, "description"),
        ({"description": "a" * 20_001}, "description"),
        ({"description": "\x1b[31m"}, "description"),
        ({"requirements": "one"}, "requirements"),
        ({"requirements": [""]}, "requirements.0"),
        ({"requirements": ["a" * 1001]}, "requirements.0"),
        ({"requirements": ["a"] * 51}, "requirements"),
        ({"acceptance_criteria": [{}]}, "acceptance_criteria.0"),
        ({"priority": "urgent"}, "priority"),
        ({"estimated_complexity": []}, "estimated_complexity"),
        ({"autoMerge": True}, "autoMerge"),
        ({"id": "1"}, "id"),
        ({"project": ["shop"]}, "project"),
        ({"é" * 500: 1}, "é" * 100),
    ],
)
def test_a_field_that_is_wrong_is_named(changes, field):
    here = parts()
    answer = post(here, {**TASK, **changes})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert here.tasks.kept == []


def test_all_that_is_missing_is_named_at_once():
    answer = post(parts(), {})
    assert [error["field"] for error in answer.json()["errors"]] == ["title", "description"]


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"words", 400),
        (b"[" * 100_000, 400),
        (b'{"title": "\xff"}', 400),
        (b'{"title": "\\ud800"}', 400),
        (b'{"a": ' * 1000, 400),
        (json.dumps(TASK).encode("utf-16"), 400),
        (b"[]", 422),
        (b"null", 422),
        (b"1", 422),
        (b'{"priority": NaN}', 422),
        (b'{"title": ' + b"9" * 5000 + b"}", 400),
        (json.dumps(TASK).encode() + b" " * 256_000, 413),
    ],
)
def test_a_body_that_is_no_task_is_refused(content, status):
    answer = post(parts(), content)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "name",
    ["shop-2", "%00", "%ff", "..", "%2e%2e%2f", "a" * 5000, "'; drop table tasks", "9" * 400, "shop-1%0a"],
)
def test_no_other_task_is_found(name):
    here = parts()
    post(here, TASK)
    answer = client(here).get(f"{URL}/{name}", headers={"Authorization": "Bearer cicd_read"})
    assert answer.status_code == 404
    assert answer.json()["status"] == 404


def test_a_key_of_a_project_sees_no_task_of_another():
    here = parts(projects=lambda: ("shop", "web"))
    post(here, {**TASK, "project": "web"})
    assert client(here).get(f"{URL}/web-1", headers={"Authorization": "Bearer cicd_shop"}).status_code == 404
    assert client(here).get(f"{URL}/web-1").status_code == 401


def test_a_store_that_is_away_is_said_so():
    class Away(Tasks):
        def add(self, task):
            raise OSError("gone")

    answer = post(parts(tasks=Away()), TASK)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")


def test_the_api_describes_the_body_of_a_task():
    described = client(parts()).get("/openapi.json").json()["paths"][URL]["post"]["requestBody"]
    properties = described["content"]["application/json"]["schema"]["properties"]
    assert set(TASK) | {"project"} == set(properties)
