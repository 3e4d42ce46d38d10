"""What people and the forge do while the line runs: pull requests, events, tasks."""

import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Sequence

import httpx

from cicd_defs.adapters.git.writing import GitRepositories
from cicd_defs.assembly import now
from cicd_defs.facts.github.pull_requests import PullRequest
from tests.system.running import PROJECT, REPOSITORY, Running

TASK = {
    "project": PROJECT,
    "description": "Put one more book on the shelf, in a file of its own.",
    "acceptance_criteria": ["It has a title."],
}


def open_pull_request(line: Running, name: str, text: str | None = None) -> PullRequest:
    """Open a pull request that adds a book; a bad one where the text has no title. The forge tells of it."""
    _push(line, name, text)
    return line.forge.open_pull_request(REPOSITORY, name, f"Add {name}", "", "bob", now())


def open_in_silence(line: Running, name: str) -> PullRequest:
    """Open a pull request of which the forge does not tell, and which nobody watches."""
    tip = _push(line, name, None)
    base = GitRepositories().tip(line.git_dir, "main")
    assert base
    opened = PullRequest(
        repository=REPOSITORY,
        number=0,
        title=f"Add {name}",
        author="bob",
        author_role="member",
        head_ref=name,
        head_sha=tip,
        base_ref="main",
        base_sha=base,
    )
    found = line.forge.pull_request(REPOSITORY, line.forge.rows.add(opened, now()))
    assert found
    return found


def _push(line: Running, name: str, text: str | None) -> str:
    repositories = GitRepositories()
    base = repositories.tip(line.git_dir, "main")
    assert base
    patch = added(f"books/{name}.txt", f"Title: {name}\n" if text is None else text)
    commit = repositories.commit_patch(line.git_dir, base, patch, "Put a book on the shelf", "bob")
    line.forge.push(REPOSITORY, name, commit, None, now())
    return commit


def post_event(line: Running, found: PullRequest, seconds: float = 60.0) -> str:
    """Post a signed event until it is acknowledged, always under the same id; return that."""
    delivery, until = str(uuid.uuid4()), time.monotonic() + seconds
    while not _posted(line, _event(found), delivery):
        assert time.monotonic() < until, f"never acknowledged. {line.told()}"
        time.sleep(0.3)
    line.acknowledged.append(delivery)
    return delivery


def _event(found: PullRequest) -> bytes:
    event = {
        "action": "synchronize",
        "number": found.number,
        "pull_request": {
            "number": found.number,
            "head": {"ref": found.head_ref, "sha": found.head_sha},
            "base": {"ref": found.base_ref, "sha": found.base_sha},
        },
        "repository": {"full_name": REPOSITORY},
        "sender": {"login": found.author},
    }
    return json.dumps(event).encode()


def _posted(line: Running, body: bytes, delivery: str) -> bool:
    signature = hmac.new(line.secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "X-GitHub-Event": "pull_request",
        "X-GitHub-Delivery": delivery,
        "X-Hub-Signature-256": f"sha256={signature}",
        "Content-Type": "application/json",
    }
    try:
        url = f"{line.address}/webhooks/github"
        return httpx.post(url, content=body, headers=headers, timeout=10, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def submit_task(line: Running, title: str, patches: Sequence[str]) -> str:
    """Record what the agent will do at each attempt, and submit the task; return its key."""
    place = line.folder / "projects/recordings" / PROJECT / title.lower().replace(" ", "-")
    place.mkdir(parents=True)
    for attempt, patch in enumerate(patches, 1):
        (place / f"{attempt}.patch").write_text(patch)
        (place / f"{attempt}.json").write_text(json.dumps({"message": "It is there.", "seconds": 1}))
    answer = httpx.post(
        f"{line.address}/api/v1/tasks",
        json={**TASK, "title": title},
        headers={"Authorization": f"Bearer {line.key}"},
        timeout=20,
        trust_env=False,
    )
    answer.raise_for_status()
    return str(answer.json()["key"])


def added(path: str, text: str) -> str:
    """A patch in git's format that adds a file."""
    lines = text.splitlines(keepends=True)
    head = f"diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\n"
    return f"{head}@@ -0,0 +1,{len(lines)} @@\n" + "".join(f"+{line}" for line in lines)


def changed(path: str, old: str, new: str) -> str:
    """A patch in git's format that puts one line in the place of another."""
    return f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -1,1 +1,1 @@\n-{old}\n+{new}\n"
