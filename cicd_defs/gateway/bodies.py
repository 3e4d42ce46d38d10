"""Read bodies with a limit, and call what blocks without holding up the others."""

import asyncio
import logging
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar

import anyio.to_thread
from fastapi import Request
from starlette.requests import ClientDisconnect

from cicd_defs.gateway.problems import Problem, store_unavailable

LOG = logging.getLogger(__name__)

T = TypeVar("T")

_LENGTH = re.compile(rb"[0-9]{1,18}")


def header(request: Request, name: bytes) -> bytes:
    """Return a header as it came, byte for byte; nothing where it is missing or there twice."""
    values = [value for key, value in request.headers.raw if key.lower() == name]
    return values[0] if len(values) == 1 else b""


async def read_body(request: Request, most: int, seconds: float) -> bytes:
    """Read a body of at most `most` bytes within some seconds. Raises a `Problem`: 400, 408 or 413."""
    length = header(request, b"content-length")
    if length.isdigit() and (not _LENGTH.fullmatch(length) or int(length) > most):
        raise _too_large(most)
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise _too_large(most)
    except TimeoutError:
        detail = f"The body did not come within {seconds:g} seconds."
        raise Problem(HTTPStatus.REQUEST_TIMEOUT, detail, _CLOSE) from None
    except ClientDisconnect:
        raise Problem(HTTPStatus.BAD_REQUEST, "The body was cut off.", _CLOSE) from None
    return bytes(body)


async def ask_store(call: Callable[[], T], seconds: float) -> T:
    """Call something that blocks on the store, in a thread. Raises a `Problem` (503) where it fails or takes too long.

    What it writes may still be kept after that. An event that is sent again is then a duplicate.
    """
    try:
        async with asyncio.timeout(seconds):
            return await anyio.to_thread.run_sync(call, abandon_on_cancel=True)
    except Problem:
        raise
    except Exception as error:
        LOG.error("the store does not answer: %s", type(error).__name__, exc_info=error)
        raise store_unavailable() from None


def _too_large(most: int) -> Problem:
    detail = f"The body is larger than {most} bytes."
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail, _CLOSE)


_CLOSE = {"Connection": "close"}  # the rest of the body is not read
