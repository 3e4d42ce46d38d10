"""Stands in for actions/checkout: a real fetch of the commit, as deep as asked, from the repository on this disk."""

import json
import os
import subprocess

inputs = json.loads(os.environ["INPUTS"])
commit, depth = os.environ["GITHUB_SHA"], inputs.get("fetch-depth") or "1"


def git(*words: str) -> None:
    """Run git in the workspace; a failure ends the step."""
    subprocess.run(["git", *words], cwd=os.environ["GITHUB_WORKSPACE"], check=True)


git("init", "-q", ".")
git("remote", "add", "origin", f"file://{os.environ['ACT_ORIGIN']}")
which = ["--tags", "origin", "+refs/heads/*:refs/remotes/origin/*", commit]
if depth != "0":
    which = ["--no-tags", f"--depth={depth}", "origin", commit]
filtered = [f"--filter={inputs['filter']}"] if inputs.get("filter") else []
git("fetch", "-q", *filtered, *which)
git("checkout", "-q", "--detach", commit)
# Without the token nothing more can be fetched from a private repository, so a later step that tries must fail here.
if inputs.get("persist-credentials") == "false":
    git("remote", "set-url", "origin", "https://github.invalid/acme/shop")
