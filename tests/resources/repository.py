"""Repositories to try things on, made with the git of this machine as anybody would."""

import os
import subprocess
from pathlib import Path


def git(place: Path, *arguments: str) -> str:
    """Plain git, as a person calls it: it runs what a repository asks for."""
    env = {"PATH": os.environ["PATH"], "HOME": str(place), "GIT_CONFIG_NOSYSTEM": "1"}
    who = ["-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"]
    return subprocess.run(
        ["git", *who, *arguments], cwd=place, env=env, check=True, capture_output=True, text=True
    ).stdout.strip()


def write(place: Path, files: dict[str, str | bytes]) -> Path:
    """Files below a folder."""
    for path, text in files.items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_bytes(text.encode() if isinstance(text, str) else text)
    return place


def repository(place: Path, files: dict[str, str | bytes]) -> Path:
    """A work tree with one commit of these files."""
    write(place, files)
    git(place, "init", "--quiet")
    return committed(place, {})


def committed(place: Path, files: dict[str, str | bytes]) -> Path:
    """The same work tree, with another commit."""
    write(place, files)
    git(place, "add", "--all")
    git(place, "commit", "--quiet", "--allow-empty", "-m", "more")
    return place
