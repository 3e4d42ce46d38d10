"""Read a webhook's body as an event, and say what follows from it.

The shapes are those of https://docs.github.com/en/webhooks/webhook-events-and-payloads. Only the fields that are used
are read. An event says where to look, never what is true there: whoever acts on it asks the forge again.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, NoReturn

from cicd_defs.facts.value import Value

Follows = Literal["evaluate", "decide", "push", "closed", "nothing"]
"""evaluate: a head or a base is new. decide: only the forge's evidence changed (review, label, draft, a check), so the
stored report is decided on again. push: a branch moved. closed: a pull request was closed or merged. nothing: see
`why`."""

LARGEST_NUMBER = 2**31 - 1
LONGEST_TEXT = 1000

_KIND = re.compile(r"[a-z][a-z0-9_]{0,63}")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")

_EVALUATED = frozenset({"opened", "reopened", "synchronize"})
# A draft is evaluated like any other, so leaving the draft state changes the forge's evidence only.
_DECIDED = frozenset({"labeled", "unlabeled", "converted_to_draft", "ready_for_review"})
_REVIEWED = frozenset({"submitted", "dismissed", "edited"})


class MalformedEvent(Exception):
    """A body cannot be read as the event that it is said to be. `reason` says why, in words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Event(Value):
    """One event of a forge. `kind` is the event's name in the header, `action` what happened to its subject.

    `repository` is the full name (`acme/shop`). `number` is the pull request's. `head` and `base_ref` are the pull
    request's head commit and the branch that it merges into. `ref`, `before` and `after` are a push's. `commit` is the
    one that a check, a suite or a status is of; they carry no number, for GitHub lists pull requests of forks there
    too. `why` says why nothing follows.
    """

    kind: str
    action: str = ""
    repository: str = ""
    number: int | None = None
    head: str = ""
    base_ref: str = ""
    ref: str = ""
    before: str = ""
    after: str = ""
    commit: str = ""
    sender: str = ""
    merged: bool = False
    follows: Follows = "nothing"
    why: str = ""


def read_event(kind: str, body: bytes) -> Event:
    """Read a body as an event of that kind. Raises `MalformedEvent`, and nothing else, for what cannot be read."""
    if not _KIND.fullmatch(kind):
        raise MalformedEvent("the event's name is missing or is no event's name")
    data = _object_of(body)
    looks_like = _shape(data)
    if looks_like != (kind if kind in _READERS else None):
        raise MalformedEvent(f"the event is called {kind}, and its body {_described(looks_like)}")
    common = {
        "kind": kind,
        "action": _text(data, "action"),
        "repository": _text(_part(data, "repository"), "full_name"),
        "sender": _text(_part(data, "sender"), "login"),
    }
    if kind not in _READERS:
        return Event(**common, why=f"nothing follows from an event {kind}")
    if not common["repository"]:
        raise MalformedEvent("repository.full_name is missing")
    return Event(**common, **_READERS[kind](data))


def _object_of(body: bytes) -> dict[str, Any]:
    """Parse a body strictly: UTF-8, JSON, an object, no NaN, no half of a character."""
    try:
        text = body.decode("utf-8")
        data = json.loads(text, parse_constant=_refuse)
        if _ESCAPED_SURROGATE.search(text):
            json.dumps(data, ensure_ascii=False).encode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedEvent(f"the body is not UTF-8 at byte {error.start}") from None
    except UnicodeEncodeError:
        raise MalformedEvent("the body has half of a surrogate pair in a text") from None
    except RecursionError:
        raise MalformedEvent("the body is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise MalformedEvent(f"the body is not JSON: {error.msg} at character {error.pos}") from None
    except ValueError:
        raise MalformedEvent("the body has a number that is too long") from None
    if not isinstance(data, dict):
        raise MalformedEvent("the body is JSON, and no object")
    return data


def _refuse(constant: str) -> NoReturn:
    raise MalformedEvent(f"the body has {constant}, which is no JSON")


def _shape(data: Mapping[str, Any]) -> str | None:
    """Tell which of the events that we use a body looks like; the event's name in the header is not signed."""
    has = {key for key, value in data.items() if value is not None}
    if "pull_request" in has and not has & {"comment", "thread", "review"} and "number" in has:
        return "pull_request"
    if {"pull_request", "review"} <= has and not has & {"comment", "thread"}:
        return "pull_request_review"
    if {"ref", "before", "after"} <= has and "cache_location" not in has:
        return "push"
    if {"sha", "state", "context"} <= has:
        return "status"
    if has & {"check_run", "check_suite"} and not has & {"deployment", "workflow_run", "workflow_job"}:
        return "check_run" if "check_run" in has else "check_suite"
    return None


def _described(looks_like: str | None) -> str:
    return f"has the shape of {looks_like}" if looks_like else "has not that event's fields"


def _pull_request(data: Mapping[str, Any]) -> dict[str, Any]:
    """Read what an event about a pull request says of it."""
    pull = _part(data, "pull_request", required=True)
    number = pull.get("number", data.get("number"))
    if type(number) is not int or not 0 < number <= LARGEST_NUMBER:
        raise MalformedEvent("the pull request's number is missing or is no number")
    return {
        "number": number,
        "head": _commit(_part(pull, "head", required=True), "sha"),
        "base_ref": _text(_part(pull, "base", required=True), "ref", required=True),
        "merged": pull.get("merged") is True,
    }


def _read_pull_request(data: Mapping[str, Any]) -> dict[str, Any]:
    action = _text(data, "action", required=True)
    read = _pull_request(data)
    rebased = action == "edited" and "base" in _part(data, "changes")
    if action == "closed":
        return read | {"follows": "closed"}
    if action in _EVALUATED or rebased:
        return read | {"follows": "evaluate"}
    if action in _DECIDED:
        return read | {"follows": "decide"}
    return read | {"why": f"a pull request that is {action} has the same head, base and evidence"}


def _read_review(data: Mapping[str, Any]) -> dict[str, Any]:
    action = _text(data, "action", required=True)
    read = _pull_request(data)
    if action in _REVIEWED:
        return read | {"follows": "decide"}
    return read | {"why": f"a review that is {action} changes no approval"}


def _read_check(part: str) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Return the reader of a check run or a check suite."""

    def read_check(data: Mapping[str, Any]) -> dict[str, Any]:
        action = _text(data, "action", required=True)
        commit = _commit(_part(data, part, required=True), "head_sha")
        if action == "completed":
            return {"commit": commit, "follows": "decide"}
        return {"commit": commit, "why": f"a {part} that is {action} has no result yet"}

    return read_check


def _read_status(data: Mapping[str, Any]) -> dict[str, Any]:
    commit = _commit(data, "sha")
    if _text(data, "state", required=True) == "pending":
        return {"commit": commit, "why": "the status is pending"}
    return {"commit": commit, "follows": "decide"}


def _read_push(data: Mapping[str, Any]) -> dict[str, Any]:
    ref = _text(data, "ref", required=True)
    read = {"ref": ref, "before": _commit(data, "before"), "after": _commit(data, "after")}
    if not ref.startswith("refs/heads/"):
        return read | {"why": f"{ref} is no branch"}
    if not read["after"].strip("0"):
        return read | {"why": f"{ref} was deleted"}
    return read | {"follows": "push"}


_READERS: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "pull_request": _read_pull_request,
    "pull_request_review": _read_review,
    "push": _read_push,
    "status": _read_status,
    "check_run": _read_check("check_run"),
    "check_suite": _read_check("check_suite"),
}
"""The events from which something follows, and what reads each."""


def _part(data: Mapping[str, Any], key: str, required: bool = False) -> Mapping[str, Any]:
    """Return an object within an object; an empty one where it is missing and may be."""
    part = data.get(key)
    if part is None and not required:
        return {}
    if not isinstance(part, dict):
        raise MalformedEvent(f"{key} is missing or is no object")
    return part


def _text(data: Mapping[str, Any], key: str, required: bool = False) -> str:
    """Return a text of one line; an empty one where it is missing and may be."""
    text = data.get(key)
    if text is None and not required:
        return ""
    if not isinstance(text, str) or len(text) > LONGEST_TEXT or _CONTROL.search(text):
        raise MalformedEvent(f"{key} is missing or is no text of one line")
    if required and not text:
        raise MalformedEvent(f"{key} is empty")
    return text


def _commit(data: Mapping[str, Any], key: str) -> str:
    """Return a commit's full id."""
    commit = data.get(key)
    if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
        raise MalformedEvent(f"{key} is missing or is no commit")
    return commit
