"""A repository and its forge in memory. A patch is JSON here: path to new text, null to delete."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cicd_defs.facts.changes.diff import ChangedFile, Diff
from cicd_defs.facts.changes.refusals import PatchRefused
from cicd_defs.facts.github.pull_requests import Check, Comment, MergeOrder, PullRequest, Review
from cicd_defs.facts.github.refusals import MergeRefused
from cicd_defs.facts.tree import Tree


@dataclass(frozen=True)
class Commit:
    files: dict[str, str]
    parents: tuple[str, ...]


class MemoryRepository:
    """Commits and branches of one repository; it is its own `Repositories` too, whatever git directory is named."""

    def __init__(self, files: dict[str, str], branch: str = "main") -> None:
        self.commits: dict[str, Commit] = {}
        self.branches = {branch: self.commit(files)}

    def commit(self, files: dict[str, str], *parents: str) -> str:
        name = hashlib.sha1(json.dumps([files, parents], sort_keys=True).encode()).hexdigest()
        self.commits[name] = Commit(dict(files), parents)
        return name

    def tree(self, git_dir: str, commit: str) -> Tree:
        return Tree.of(self.commits[commit].files)

    def diff(self, git_dir: str, base: str, head: str) -> Diff:
        old, new = self.commits[base].files, self.commits[head].files
        changed = sorted(path for path in {*old, *new} if old.get(path) != new.get(path))

        def file(path: str) -> ChangedFile:
            status = "added" if path not in old else "deleted" if path not in new else "modified"
            return ChangedFile(path=path, old_path=path, status=status)

        return Diff(files=tuple(map(file, changed)))

    def merge_result(self, git_dir: str, base: str, head: str) -> str | None:
        return self.commit({**self.commits[base].files, **self.commits[head].files}, base, head)

    def commit_patch(self, git_dir: str, base: str, patch: str, message: str, author: str) -> str:
        try:
            changes = json.loads(patch)
        except ValueError:
            raise PatchRefused("The patch does not apply.") from None
        files = {**self.commits[base].files, **changes}
        return self.commit({path: text for path, text in files.items() if text is not None}, base)

    def tip(self, git_dir: str, branch: str) -> str | None:
        return self.branches.get(branch)

    def contains(self, git_dir: str, descendant: str, ancestor: str) -> bool:
        return descendant == ancestor or any(
            self.contains(git_dir, parent, ancestor) for parent in self.commits[descendant].parents
        )


class MemoryForge:
    """One repository's forge. `pushes` and `opened` are what was asked of it, also what changed nothing."""

    def __init__(self, repository: MemoryRepository, main: str = "main") -> None:
        self.repository, self.main = repository, main
        self.rows: dict[int, PullRequest] = {}
        self.pushes: list[tuple[str, str]] = []
        self.opened: list[str] = []
        self.said: dict[tuple[str, str], Any] = {}
        self.reviewed: list[Review] = []

    def pull_request(self, repository: str, number: int) -> PullRequest | None:
        row = self.rows.get(number)
        if row is None or row.state != "open":
            return row
        tips = self.repository.branches
        return row.model_copy(
            update={"head_sha": tips.get(row.head_ref, row.head_sha), "base_sha": tips[row.base_ref]}
        )

    def open_pull_requests(self, repository: str, base_ref: str) -> tuple[PullRequest, ...]:
        every = (self.pull_request(repository, number) for number in sorted(self.rows))
        return tuple(one for one in every if one and one.state == "open" and one.base_ref == base_ref)

    def pull_request_of(self, repository: str, head_ref: str) -> PullRequest | None:
        numbers = [number for number, row in self.rows.items() if row.head_ref == head_ref]
        return self.pull_request(repository, max(numbers)) if numbers else None

    def reviews(self, repository: str, number: int) -> tuple[Review, ...]:
        return tuple(self.reviewed)

    def checks(self, repository: str, commit: str) -> tuple[Check, ...]:
        every = (value for (kind, _), value in self.said.items() if kind == "check")
        return tuple(check for check in every if check.commit == commit)

    def comments(self, repository: str, number: int) -> tuple[Comment, ...]:
        return tuple(value for (kind, _), value in self.said.items() if kind == f"comment {number}")

    def git_dir(self, repository: str) -> str:
        return f"/forge/{repository}.git"

    def watched(self) -> tuple[str, ...]:
        return ()

    def notice(self, repository: str, now: datetime) -> int:
        return 0

    def put_check(self, repository: str, check: Check, now: datetime) -> str:
        self.said["check", f"{check.commit}/{check.name}"] = check.model_copy(update={"ours": True})
        return f"{check.commit}/{check.name}"

    def put_comment(self, repository: str, number: int, marker: str, body: str, now: datetime) -> str:
        self.said[f"comment {number}", marker] = Comment(id=marker, author="cicd", body=body, at=now)
        return marker

    def open_pull_request(
        self, repository: str, head_ref: str, title: str, body: str, author: str, now: datetime
    ) -> PullRequest:
        self.opened.append(head_ref)
        there = self.pull_request_of(repository, head_ref)
        if there and there.state == "open":
            return there
        tips = self.repository.branches
        row = PullRequest(
            repository=repository,
            number=len(self.rows) + 1,
            title=title,
            body=body,
            author=author,
            author_role="member",
            head_ref=head_ref,
            head_sha=tips[head_ref],
            base_ref=self.main,
            base_sha=tips[self.main],
        )
        return self.rows.setdefault(row.number, row)

    def push(self, repository: str, branch: str, commit: str, expected: str | None, now: datetime) -> None:
        self.pushes.append((branch, commit))
        if self.repository.branches.get(branch) != expected:
            raise RuntimeError(f"{branch} is not where it should be.")
        self.repository.branches[branch] = commit

    def merge(self, order: MergeOrder, now: datetime) -> str:
        row = self.pull_request(order.repository, order.number)
        if row is None or row.state == "closed":
            raise MergeRefused("closed", "It is not open.")
        if row.merged_sha:
            return row.merged_sha
        if (row.head_sha, row.base_sha) != (order.head, order.base):
            moved = "head_moved" if row.head_sha != order.head else "base_moved"
            raise MergeRefused(moved, "It is not where it was.")
        commit = self.repository.merge_result("", order.base, order.head)
        assert commit is not None
        self.repository.branches[self.main] = commit
        self.rows[order.number] = row.model_copy(update={"state": "merged", "merged_sha": commit})
        return commit

    def delete_branch(self, repository: str, branch: str, expected: str) -> bool:
        return self.repository.branches.get(branch) == expected and bool(self.repository.branches.pop(branch))

    def set_state(self, number: int, state: Any) -> None:
        self.rows[number] = self.rows[number].model_copy(update={"state": state})
