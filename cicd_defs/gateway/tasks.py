"""Take tasks from clients, and show how far each is."""

import re
from functools import partial
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from cicd_defs.facts.records.evaluations import ApiKey
from cicd_defs.facts.records.work import Task
from cicd_defs.flows.work.submit_task import (
    Asked,
    TaskIncomplete,
    TaskRequest,
    UnknownProject,
    submit_task,
    wrong_fields,
)
from cicd_defs.gateway.auth import allowed_projects, authorise
from cicd_defs.gateway.bodies import ask_store, read_body
from cicd_defs.gateway.parts import GatewayParts
from cicd_defs.gateway.problems import Problem

_TASK = re.compile(r"[A-Za-z0-9_-]{1,80}")


def tasks_router(parts: GatewayParts) -> APIRouter:
    """Return the routes of tasks."""
    router = APIRouter(prefix="/api/v1/tasks")

    @router.post("", status_code=HTTPStatus.CREATED, openapi_extra=_request_body())
    async def create_task(request: Request, response: Response) -> dict[str, Any]:
        """Submit a task. Needs a key with the scope `task`."""
        key = await authorise(request, parts, "task")
        wanted = read_task(await read_body(request, parts.largest_request, parts.read_seconds))
        task = await ask_store(partial(_submit, parts, key, wanted), parts.store_seconds)
        response.headers["Location"] = f"/api/v1/tasks/{task.key}"
        return task.model_dump(mode="json")

    @router.get("/{task}")
    async def get_task(request: Request, task: str) -> dict[str, Any]:
        """Show the task of an id or a key (`shop-17`). Needs a key."""
        key = await authorise(request, parts, "read")
        found = await ask_store(
            lambda: parts.tasks.get(task) if _TASK.fullmatch(task) else None, parts.store_seconds
        )
        if found is None or not allowed_projects(key, [found.project]):
            raise Problem(HTTPStatus.NOT_FOUND, "There is no task of this id or key.")
        return found.model_dump(mode="json")

    return router


def read_task(body: bytes) -> TaskRequest:
    """Read a task from JSON. Raises a `Problem` (400, 422) that names each wrong field."""
    try:
        return TaskRequest.model_validate_json(body)
    except ValidationError as error:
        kind, wrong = error.errors(include_url=False)[0]["type"], wrong_fields(error)
    if kind == "json_invalid":
        raise Problem(HTTPStatus.BAD_REQUEST, f"The body is not JSON: {wrong[0][1]}.")
    errors = [{"field": field, "message": message} for field, message in wrong]
    detail = "; ".join(f"{field}: {message}" for field, message in wrong[:3])
    raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"The task cannot be taken: {detail}.", errors=errors)


def _submit(parts: GatewayParts, key: ApiKey, wanted: TaskRequest) -> Task:
    """Keep a task for the owner of a key. Raises a `Problem` (422)."""
    asked = Asked(by=key.person, at=parts.now(), id=parts.new_id())
    try:
        return submit_task(parts.tasks, parts.audit, wanted, allowed_projects(key, parts.projects()), asked)
    except TaskIncomplete as error:
        errors = [{"field": name, "message": "is missing"} for name in error.missing]
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error), errors=errors) from None
    except UnknownProject as error:
        errors = [{"field": "project", "message": str(error)}]
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error), errors=errors) from None


def _request_body() -> dict[str, Any]:
    """Describe the body for OpenAPI; it is read by hand, so that its size is limited first."""
    schema = TaskRequest.model_json_schema()
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}
