"""Small bodies in the shapes of GitHub's webhooks; say only what differs."""

import json
from typing import Any

HEAD, BASE, ZERO = "a" * 40, "b" * 40, "0" * 40
REPOSITORY = {"id": 1, "full_name": "acme/shop"}
SENDER = {"login": "mona", "id": 2}


def payload(kind: str, **changes: Any) -> dict[str, Any]:
    """A payload of that kind with fields set; one that is set to `...` is left out."""
    pull = {
        "number": 42,
        "head": {"sha": HEAD, "ref": "change"},
        "base": {"sha": BASE, "ref": "main"},
        "merged": False,
    }
    shapes: dict[str, dict[str, Any]] = {
        "pull_request": {"action": "opened", "number": 42, "pull_request": pull},
        "pull_request_review": {
            "action": "submitted",
            "review": {"state": "approved"},
            "pull_request": {**pull, "merged": None},
        },
        "push": {"ref": "refs/heads/main", "before": BASE, "after": HEAD, "commits": []},
        "check_run": {"action": "completed", "check_run": {"head_sha": HEAD, "pull_requests": []}},
        "check_suite": {"action": "completed", "check_suite": {"head_sha": HEAD}},
        "status": {"sha": HEAD, "state": "success", "context": "lint"},
        "ping": {"zen": "Keep it logically awesome.", "hook_id": 1},
        "issue_comment": {"action": "created", "issue": {"number": 42}, "comment": {"body": "hi"}},
    }
    whole = {**shapes[kind], "repository": dict(REPOSITORY), "sender": dict(SENDER), **changes}
    return {key: value for key, value in whole.items() if value is not ...}


def body(kind: str, **changes: Any) -> bytes:
    """The same as bytes."""
    return json.dumps(payload(kind, **changes)).encode()
