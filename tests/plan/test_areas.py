"""The changed areas, found by the very script of the plan, in real repositories."""

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cicd_defs.plan.areas import quoted
from cicd_defs.plan.pipeline import Pipeline
from tests.samples import ci, component, plan

GIT = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"]


def git(folder: Path, *arguments: str) -> str:
    run = subprocess.run([*GIT, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return run.stdout.strip()


def commit(folder: Path, *paths: str) -> str:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(f"{path} {os.urandom(8).hex()}\n")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "change")
    return git(folder, "rev-parse", "HEAD")


PIPELINE = plan(
    component("python", "."),
    component("node", "web"),
    component("go", "services/it's [x]", name="odd"),
    component("node", "lib", name="lib"),
    images=("Dockerfile",),
    components=[
        {"path": ".", "name": "root", "depends_on": ["lib"]},
        {"path": "web", "paths": ["shared/*.json"]},
        {"path": "services/it's [x]", "name": "odd"},
        {"path": "lib", "name": "lib"},
    ],
)
AREAS = {"root", "web", "odd", "lib", "image_image"}


@pytest.fixture
def repository(tmp_path) -> Path:
    git(tmp_path, "init", "--quiet")
    commit(
        tmp_path,
        "app.py",
        "web/index.js",
        "services/it's [x]/main.go",
        "lib/a.js",
        "README.md",
        "shared/x.json",
    )
    return tmp_path


def changed(folder: Path, base: str, pipeline: Pipeline = PIPELINE) -> set[str]:
    """What the step of the plan says, run as the runner runs it."""
    job = ci(pipeline).job("changes")
    assert job is not None
    output = folder.parent / "output"
    output.write_text("")
    environment = {**os.environ, "BASE": base, "GITHUB_OUTPUT": str(output)}
    script = job.steps[-1].run or ""
    run = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    subprocess.run(run, cwd=folder, env=environment, check=True, capture_output=True)
    said = dict(line.split("=") for line in output.read_text().splitlines())
    assert set(said) == set(job.outputs) == {area.id for area in pipeline.areas}
    return {area for area, answer in said.items() if answer == "true"}


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        pytest.param(["app.py"], {"root", "image_image"}, id="root"),
        pytest.param(["web/index.js"], {"web", "image_image"}, id="folder"),
        pytest.param(["services/it's [x]/main.go"], {"odd", "image_image"}, id="odd-name"),
        pytest.param(["lib/a.js"], {"root", "lib", "image_image"}, id="dependency"),
        pytest.param(["shared/x.json"], {"root", "web", "image_image"}, id="further-path"),
        pytest.param(["README.md", "docs/a.txt", "LICENSE"], set(), id="documentation"),
        pytest.param(["web/README.md"], set(), id="documentation-inside"),
        pytest.param([".github/workflows/ci.yml"], AREAS, id="the-workflow-itself"),
        pytest.param([], set(), id="nothing"),
    ],
)
def test_a_change_concerns_its_areas(repository, paths, expected):
    base = git(repository, "rev-parse", "HEAD")
    commit(repository, *paths)
    assert changed(repository, base) == expected


@pytest.mark.parametrize("base", ["", "0" * 40, "1" * 40, "--help", "main'; touch pwned; '"])
def test_without_a_base_to_compare_with_everything_changed(repository, base):
    assert changed(repository, base) == AREAS
    assert not (repository / "pwned").exists()


def test_what_the_base_branch_did_meanwhile_does_not_count(repository):
    fork = git(repository, "rev-parse", "HEAD")
    commit(repository, "web/index.js")
    ahead = git(repository, "rev-parse", "HEAD")
    git(repository, "checkout", "--quiet", "-b", "topic", fork)
    commit(repository, "lib/a.js")
    assert changed(repository, ahead) == {"root", "lib", "image_image"}


def test_a_deleted_or_moved_file_is_a_change_of_both_places(repository):
    base = git(repository, "rev-parse", "HEAD")
    git(repository, "mv", "web/index.js", "lib/index.js")
    commit(repository)
    assert changed(repository, base) == {"root", "web", "lib", "image_image"}


def test_it_works_in_a_clone_without_blobs_whose_remote_is_gone(repository, tmp_path_factory):
    """As the runner has it: history without old contents, and no credentials to fetch them with."""
    base = git(repository, "rev-parse", "HEAD")
    commit(repository, "web/index.js")
    git(repository, "config", "uploadpack.allowFilter", "true")
    clone = tmp_path_factory.mktemp("runner") / "work"
    git(
        repository, "clone", "--quiet", "--no-local", "--filter=blob:none", f"file://{repository}", str(clone)
    )
    git(clone, "remote", "set-url", "origin", "file:///nowhere")
    assert changed(clone, base) == {"web", "image_image"}


@pytest.mark.parametrize(
    ("components", "path", "expected"),
    [
        pytest.param([{"path": "docs", "name": "docs"}], "docs/index.js", True, id="component-in-docs"),
        pytest.param([{"path": "docs", "name": "docs"}], "docs/README.md", False, id="its-documentation"),
        pytest.param(
            [{"path": "app", "name": "docs", "paths": ["docs/**"]}], "docs/a.md", True, id="named-folder"
        ),
        pytest.param(
            [{"path": "app", "name": "docs", "paths": ["README.md"]}], "README.md", True, id="named-file"
        ),
        pytest.param(
            [{"path": ".", "name": "docs", "paths": ["lib/x.json"]}, {"path": "lib", "name": "lib"}],
            "lib/x.json",
            True,
            id="named-in-anothers-folder",
        ),
    ],
)
def test_what_was_named_is_never_left_out(repository, components, path, expected):
    parts = [{**part, "stack": "custom", "test_cmd": "true"} for part in components]
    base = git(repository, "rev-parse", "HEAD")
    commit(repository, path)
    assert ("docs" in changed(repository, base, plan(components=parts))) is expected


WORDS = st.text(st.sampled_from("a '\"$`\\{}*!\n-#"), min_size=1, max_size=12)


@settings(max_examples=100, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=8))
def test_a_quoted_word_reaches_the_program_as_it_is(words):
    script = "printf '%s\\0' " + " ".join(quoted(word) for word in words)
    assert "${{" not in script
    run = subprocess.run(["bash", "-c", script], capture_output=True, check=True)
    assert run.stdout.decode().split("\0")[:-1] == words
