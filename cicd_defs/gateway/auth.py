"""Check who asks: `Authorization: Bearer cicd_…`, and what the key may do."""

import re
from collections.abc import Sequence
from functools import partial
from http import HTTPStatus
from typing import Literal

from fastapi import Request

from cicd_defs.facts.records.evaluations import ApiKey
from cicd_defs.gateway.bodies import ask_store, header
from cicd_defs.gateway.parts import GatewayParts
from cicd_defs.gateway.problems import Problem

Scope = Literal["read", "task", "approve", "merge", "admin"]
SCOPES: tuple[Scope, ...] = ("read", "task", "approve", "merge", "admin")
"""What a key may do. admin may do everything, and every key may read."""

OF_PROJECT = "project:"
"""How a scope begins that binds a key to a project: `project:shop`. A key with none is for all projects."""

_BEARER = re.compile(rb"[Bb]earer +(cicd_[!-~]{1,200})")


async def authorise(request: Request, parts: GatewayParts, scope: Scope) -> ApiKey:
    """Return the key of a request, if it may do this. Raises a `Problem`: 401 or 403."""
    given = _BEARER.fullmatch(header(request, b"authorization"))
    key = None
    if given is not None:
        check = partial(parts.keys.check, given[1].decode("ascii"), parts.now())
        key = await ask_store(check, parts.store_seconds)
    if key is None:
        detail = "A key is needed: `Authorization: Bearer cicd_…`. `cicd key create` makes one."
        raise Problem(HTTPStatus.UNAUTHORIZED, detail, {"WWW-Authenticate": "Bearer"})
    if scope != "read" and not {scope, "admin"} & set(key.scopes):
        raise Problem(HTTPStatus.FORBIDDEN, f"The key {key.name} has not the scope {scope}.")
    return key


def allowed_projects(key: ApiKey, projects: Sequence[str]) -> tuple[str, ...]:
    """Return those of the projects that a key is for."""
    bound = {scope.removeprefix(OF_PROJECT) for scope in key.scopes if scope.startswith(OF_PROJECT)}
    return tuple(name for name in projects if not bound or name in bound)
