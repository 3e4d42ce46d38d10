"""The events that the local forge writes, in the shape of GitHub's webhooks.

See https://docs.github.com/en/webhooks/webhook-events-and-payloads. Only fields that readers use are there.
"""

import hashlib
import json
from typing import Any, NamedTuple

from cicd_defs.facts.github.pull_requests import PullRequest, Review

SOURCE = "local"


class Event(NamedTuple):
    """An event before it is delivered. The same `delivery` is kept once."""

    delivery: str
    kind: str
    body: bytes


def pull_request_event(
    action: str, found: PullRequest, branch: str, sender: str, once: tuple[object, ...] = ()
) -> Event:
    """Something happened to a pull request. What it is told apart by, beside number and action, is `once`."""
    body = {
        "action": action,
        "number": found.number,
        "pull_request": _pull_request(found),
        **_common(found.repository, branch, sender),
    }
    return _event("pull_request", body, found.repository, found.number, action, *once)


def review_event(found: PullRequest, branch: str, review: Review, review_id: int) -> Event:
    """Somebody reviewed a pull request."""
    said = {
        "id": review_id,
        "state": review.state,
        "user": {"login": review.author},
        "commit_id": review.commit,
        "submitted_at": review.at.isoformat(),
    }
    body = {
        "action": "submitted",
        "review": said,
        "pull_request": _pull_request(found),
        **_common(found.repository, branch, review.author),
    }
    return _event("pull_request_review", body, found.repository, found.number, "submitted", review_id)


def comment_event(found: PullRequest, branch: str, author: str, text: str, comment_id: int) -> Event:
    """Somebody commented on a pull request."""
    body = {
        "action": "created",
        "issue": {"number": found.number, "pull_request": {}},
        "comment": {"id": comment_id, "body": text, "user": {"login": author}},
        **_common(found.repository, branch, author),
    }
    return _event("issue_comment", body, found.repository, found.number, comment_id)


def push_event(repository: str, branch: str, before: str, after: str, moves: int) -> Event:
    """The main branch moved. `moves` is how often it had moved before."""
    body = {
        "ref": f"refs/heads/{branch}",
        "before": before,
        "after": after,
        **_common(repository, branch, "git"),
    }
    return _event("push", body, repository, branch, before, after, moves)


def _common(repository: str, branch: str, sender: str) -> dict[str, Any]:
    return {
        "repository": {"full_name": repository, "default_branch": branch},
        "sender": {"login": sender},
    }


def _pull_request(found: PullRequest) -> dict[str, Any]:
    return {
        "number": found.number,
        "title": found.title,
        "body": found.body,
        "draft": found.draft,
        "state": "open" if found.state == "open" else "closed",
        "merged": found.state == "merged",
        "merge_commit_sha": found.merged_sha,
        "user": {"login": found.author},
        "head": {"ref": found.head_ref, "sha": found.head_sha},
        "base": {"ref": found.base_ref, "sha": found.base_sha},
        "labels": [{"name": label} for label in found.labels],
    }


def _event(kind: str, body: dict[str, Any], *names: object) -> Event:
    named = json.dumps([kind, *names], default=str).encode()
    return Event(f"local-{hashlib.sha256(named).hexdigest()}", kind, json.dumps(body).encode())
