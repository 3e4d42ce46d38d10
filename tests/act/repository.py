"""A scratch git repository to run workflows over, and the events that GitHub would tell of it."""

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cicd_defs.facts.detect import detect
from cicd_defs.facts.tree import Tree
from cicd_defs.facts.written import Written
from cicd_defs.plan.compile import compile_pipeline
from cicd_defs.render.files import render_file
from cicd_defs.spec.read import read_project

WORKFLOWS = ".github/workflows"
REPOSITORY = {"full_name": "acme/shop", "default_branch": "main", "private": True}


@dataclass
class Repository:
    """A scratch git repository with one commit on `main`, to run workflows over."""

    path: Path
    base: str = field(init=False)

    def __post_init__(self) -> None:
        self.git("init", "-q", "-b", "main")
        # A partial clone asks for this, as from GitHub.
        self.git("config", "uploadpack.allowFilter", "true")
        self.git("remote", "add", "origin", "https://github.com/acme/shop")
        self.base = self.commit("Begin")

    @classmethod
    def of(cls, source: Path, path: Path, workflow: str) -> "Repository":
        """The files of `source` with this text as their only workflow, `ci.yml`."""
        rubbish = shutil.ignore_patterns(
            "__pycache__", "*.egg-info", ".*_cache", ".venv", ".git", "*.db", "build"
        )
        shutil.copytree(source, path, ignore=rubbish)
        shutil.rmtree(path / WORKFLOWS, ignore_errors=True)
        (path / WORKFLOWS).mkdir(parents=True)
        (path / WORKFLOWS / "ci.yml").write_text(workflow)
        return cls(path)

    @classmethod
    def declared(cls, declaration: str, files: Mapping[str, str | bytes], path: Path) -> "Repository":
        """These files with the workflows that the declaration of a project makes of them, and no others."""
        tree = {name: text.encode() if isinstance(text, str) else text for name, text in files.items()}
        tree = {name: text for name, text in tree.items() if not name.startswith(f"{WORKFLOWS}/")}
        pipeline = compile_pipeline(read_project(declaration, "shop.yaml"), detect(Tree.of(tree)), Written())
        wanted = [planned for planned in pipeline.applied if planned.kind == "workflow"]
        made = {planned.path: render_file(pipeline, planned).text.encode() for planned in wanted}
        for name, content in {**tree, **made}.items():
            target = path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            target.chmod(0o755 if content.startswith(b"#!") else 0o644)
        return cls(path)

    def git(self, *words: str) -> str:
        """Run git here and return what it says."""
        who = ("-c", "user.name=Tests", "-c", "user.email=tests@example.com", "-c", "commit.gpgsign=false")
        command = ["git", *who, *words]
        return subprocess.run(
            command, cwd=self.path, check=True, capture_output=True, text=True
        ).stdout.strip()

    def commit(self, message: str) -> str:
        """Commit everything as it is; returns the commit."""
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def change(self, changes: Mapping[str, str | None], branch: str = "change") -> str:
        """A commit on a branch of its own; None removes a file."""
        self.git("checkout", "-q", "-B", branch, self.base)
        for name, text in changes.items():
            target = self.path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True) if text is None else target.write_text(text)
        return self.commit("Change")


def files_below(folder: Path) -> dict[str, bytes]:
    """What git keeps, or would keep, of a folder that lies in a repository, by path."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout
    return {name: (folder / name).read_bytes() for name in listed.split("\0") if name}


def push_event(repository: Repository) -> dict[str, Any]:
    """The push that brought the branch from the base to where it is."""
    head, branch = repository.git("rev-parse", "HEAD"), repository.git("branch", "--show-current")
    return {"before": repository.base, "after": head, "ref": f"refs/heads/{branch}", "repository": REPOSITORY}


def pull_request_event(repository: Repository) -> dict[str, Any]:
    """The pull request that asks for the branch to be merged into main."""
    head, branch = repository.git("rev-parse", "HEAD"), repository.git("branch", "--show-current")
    return {
        "action": "synchronize",
        "number": 1,
        "pull_request": {
            "number": 1,
            "base": {"ref": "main", "sha": repository.base},
            "head": {"ref": branch, "sha": head, "repo": {"fork": False}},
        },
        "repository": REPOSITORY,
    }


def schedule_event(repository: Repository) -> dict[str, Any]:
    """The time has come."""
    return {"schedule": "0 2 * * *", "repository": REPOSITORY}


def manual_event(repository: Repository) -> dict[str, Any]:
    """Somebody starts the workflow of the branch by hand. What they ask for is `inputs`, added by whoever runs it."""
    branch = repository.git("branch", "--show-current")
    return {"ref": f"refs/heads/{branch}", "repository": REPOSITORY}


def release_event(repository: Repository) -> dict[str, Any]:
    """A release is published of where the branch is, as `v1.0.0`."""
    repository.git("tag", "-f", "v1.0.0")
    return {
        "action": "published",
        "release": {"tag_name": "v1.0.0", "prerelease": False, "draft": False},
        "repository": REPOSITORY,
    }


EVENTS = {
    "push": push_event,
    "pull_request": pull_request_event,
    "schedule": schedule_event,
    "workflow_dispatch": manual_event,
    "release": release_event,
}
"""The events by name, each with what GitHub tells of it."""
