"""A local forge on disk: a store, a bare repository, and a work tree to push from."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cicd_defs.adapters.forge.hosted import Hosted
from cicd_defs.adapters.forge.local import LocalForge
from cicd_defs.adapters.git.writing import make_bare
from cicd_defs.adapters.store.engine import Store, open_store
from cicd_defs.facts.github.events import Event, read_event
from cicd_defs.facts.github.pull_requests import MergeOrder, PullRequest
from tests.resources.repository import committed, git, repository

NAME = "acme/shop"
NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


@dataclass
class Place:
    """The forge, and what a person has beside it."""

    forge: LocalForge
    store: Store
    work: Path
    bare: Path

    def push(self, branch: str, files: dict[str, str | bytes], base: str = "origin/main") -> str:
        """Commit on a branch and push it past the forge, as a person does; return the commit."""
        git(self.work, "fetch", "--quiet", "origin")
        git(self.work, "checkout", "--quiet", "-B", branch, base)
        committed(self.work, files)
        git(self.work, "push", "--quiet", "--force", "origin", branch)
        return git(self.work, "rev-parse", "HEAD")

    def open(self, branch: str = "change", author: str = "ada", **files: str) -> PullRequest:
        """A pull request of a branch with these files, or with one of the branch's name."""
        self.push(branch, dict(files) or {f"{branch}.txt": branch})
        return self.forge.open_pull_request(NAME, branch, f"Do {branch}", "Why.", author, NOW)

    def tip(self, branch: str = "main") -> str | None:
        """Where the forge's branch is."""
        listing = git(self.bare, "for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}")
        return listing or None

    def events(self) -> list[str]:
        """What the inbox has, oldest first: `kind action number`."""
        return [f"{event.kind} {event.action} {event.number or ''}".strip() for event in self.read_events()]

    def read_events(self) -> list[Event]:
        """The inbox as those read it who act on it."""
        return [read_event(one.event, one.body) for one in self.store.inbox.waiting(100)]


def order(found: PullRequest, **changes: str) -> MergeOrder:
    """The order to merge a pull request as it is."""
    given = {"head": found.head_sha, "base": found.base_sha, "number": found.number, **changes}
    return MergeOrder.model_validate({"repository": NAME, "message": f"Do it (#{found.number})", **given})


def forge_at(folder: Path, migrate: bool = False) -> tuple[LocalForge, Store]:
    """Another process's view of the same forge."""
    store = open_store(f"sqlite:///{folder}/store.db", migrate=migrate)
    hosted = {NAME: Hosted(NAME, "shop", "main", folder / "forge" / f"{NAME}.git")}
    return LocalForge(store.engine, store.inbox, folder / "forge", hosted), store


@pytest.fixture
def place(tmp_path):
    bare = tmp_path / "forge" / f"{NAME}.git"
    make_bare(repository(tmp_path / "source", {"app.py": "one\ntwo\n"}), bare)
    git(tmp_path, "clone", "--quiet", str(bare), "work")
    forge, store = forge_at(tmp_path, migrate=True)
    yield Place(forge, store, tmp_path / "work", bare)
    store.close()
