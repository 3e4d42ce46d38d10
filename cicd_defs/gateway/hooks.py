"""Take GitHub's events: check the signature, keep the body, answer. What follows from an event is not done here."""

import logging
import re
from functools import partial
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from cicd_defs.facts.github.events import MalformedEvent, read_event
from cicd_defs.facts.github.signatures import is_signed
from cicd_defs.gateway.bodies import ask_store, header, read_body
from cicd_defs.gateway.parts import GatewayParts
from cicd_defs.gateway.problems import Problem

LOG = logging.getLogger(__name__)

SOURCE = "github"

_DELIVERY = re.compile(rb"[!-~]{1,100}")
_EVENT = re.compile(rb"[!-~]{1,64}")


def hooks_router(parts: GatewayParts) -> APIRouter:
    """Return the route that events are posted to."""
    router = APIRouter()

    @router.post("/webhooks/github", status_code=HTTPStatus.ACCEPTED)
    async def take_event(request: Request) -> JSONResponse:
        """Keep an event. It is answered once it is on the disk; the same delivery again changes nothing."""
        body = await read_body(request, parts.largest_event, parts.read_seconds)
        if not is_signed(body, header(request, b"x-hub-signature-256"), parts.secrets):
            raise Problem(HTTPStatus.UNAUTHORIZED, "The body is not signed with the secret of this webhook.")
        delivery, event = _names(request)
        if body.startswith(b"payload="):
            detail = "The body is a form. Set the webhook's content type to application/json."
            raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail)
        unreadable = _why_unreadable(event, body)
        add = partial(parts.inbox.add, delivery, SOURCE, event, body, parts.now(), quarantined=unreadable)
        new = await ask_store(add, parts.store_seconds)
        status = "duplicate" if not new else "quarantined" if unreadable else "accepted"
        LOG.info("event %s, delivery %s: %s", event, delivery, status)
        answer = {"status": status, "delivery": delivery} | ({"reason": unreadable} if unreadable else {})
        return JSONResponse(answer, HTTPStatus.ACCEPTED)

    return router


def _names(request: Request) -> tuple[str, str]:
    """Return the delivery's id and the event's name from the headers. Raises a `Problem` (400)."""
    delivery, event = header(request, b"x-github-delivery"), header(request, b"x-github-event")
    if not _DELIVERY.fullmatch(delivery):
        raise Problem(HTTPStatus.BAD_REQUEST, "X-GitHub-Delivery is missing or is no id of a delivery.")
    if not _EVENT.fullmatch(event):
        raise Problem(HTTPStatus.BAD_REQUEST, "X-GitHub-Event is missing or is no name of an event.")
    return delivery.decode("ascii"), event.decode("ascii")


def _why_unreadable(event: str, body: bytes) -> str:
    """Return why a body cannot be read as the event that it is called; nothing where it can."""
    try:
        read_event(event, body)
    except MalformedEvent as error:
        return error.reason
    return ""
