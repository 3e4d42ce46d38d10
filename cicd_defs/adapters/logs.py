"""Write the log: one JSON object a line, with the project, task, pull request and run that it belongs to.

Importing this does nothing; `set_up` is called once, by whoever starts a process.
"""

import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TextIO

FIELDS = ("project", "task", "pull_request", "run")
HIDDEN = "***"
SHORTEST_SECRET = 6
"""Characters: a shorter value is not hidden, for it would be replaced within ordinary words."""

_CONTEXT: ContextVar[dict[str, str | int]] = ContextVar("logged", default={})  # noqa: B039 - never changed in place


@contextmanager
def logged(
    *,
    project: str | None = None,
    task: str | None = None,
    pull_request: int | None = None,
    run: str | None = None,
) -> Iterator[None]:
    """Add these fields to each line that is logged within; what is left out stays as it is outside."""
    given = dict(zip(FIELDS, (project, task, pull_request, run), strict=True))
    added = {name: value for name, value in given.items() if value is not None}
    token = _CONTEXT.set({**_CONTEXT.get(), **added})
    try:
        yield
    finally:
        _CONTEXT.reset(token)


def set_up(stream: TextIO, level: str = "INFO", secrets: Sequence[str] = ()) -> None:
    """Send the log of this process to a stream from now on. The values of `secrets` are never written."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines(secrets))
    root = logging.getLogger()
    for old in [old for old in root.handlers if isinstance(old.formatter, JsonLines)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON, without the values of secrets."""

    def __init__(self, secrets: Sequence[str] = ()) -> None:
        super().__init__()
        self._secrets = sorted((one for one in secrets if len(one) >= SHORTEST_SECRET), key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line. What cannot be formatted is said so; nothing raises."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": self._hide(_message(record)),
            "logger": record.name,
        }
        for name, value in _CONTEXT.get().items():
            line[name] = self._hide(value) if isinstance(value, str) else value
        if record.exc_info:
            line["error"] = self._hide(self.formatException(record.exc_info))
        return json.dumps(line)

    def _hide(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):
        return f"{record.msg} (with arguments that do not fit)"
