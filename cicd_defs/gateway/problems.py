"""Errors of the gateway as RFC 9457 has them: `application/problem+json` with a title, a status and a detail."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException


class Problem(Exception):
    """An answer that is an error. `errors` names the fields that are wrong, each with a message."""

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[Mapping[str, str]] = (),
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})
        self.errors = errors

    def response(self) -> JSONResponse:
        """Return it as a response."""
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": self.status.phrase,
            "status": int(self.status),
            "detail": self.detail,
        }
        if self.errors:
            body["errors"] = [dict(error) for error in self.errors]
        return JSONResponse(body, self.status, self.headers, "application/problem+json")


def store_unavailable() -> Problem:
    """Return the answer where the store cannot be written or read: a sender is to try again."""
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The store does not answer, so this may not have been kept. Send it again later.",
        {"Retry-After": "30"},
    )


def answer_with_problems(app: FastAPI) -> None:
    """Make an application answer all its errors as problems."""

    @app.exception_handler(Problem)
    async def of_ours(_: Request, problem: Exception) -> JSONResponse:
        assert isinstance(problem, Problem)
        return problem.response()

    @app.exception_handler(HTTPException)
    async def of_the_framework(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        status = HTTPStatus(error.status_code)
        return Problem(status, _DETAILS.get(status, status.description), error.headers).response()


_DETAILS = {
    HTTPStatus.NOT_FOUND: "There is nothing at this address.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address does not take this method.",
}
