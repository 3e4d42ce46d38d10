"""`cicd improve`: what it prints, what it writes, and that git takes it."""

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from cicd_defs.cli import UsageProblem, app
from tests.judge.test_improvement import POOR


def cicd(*arguments: object):
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if isinstance(result.exception, UsageProblem):
        return result.exception.code, str(result.exception)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
    done = subprocess.run(
        ["git", "-C", str(folder), *who, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def repository(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("improve") / "shop"
    for path, text in POOR.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text.encode())
    git(folder.parent, "init", "-q", "shop")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "before")
    return folder


@pytest.fixture(scope="module")
def out(repository) -> Path:
    folder = repository.parent / "out"
    folder.mkdir()
    (folder / "0009-let-checks-fail.patch").write_text("of an older plan")
    (folder / "mine.patch").write_text("mine")
    code, said = cicd("improve", repository, "--out", folder)
    assert code == 0
    assert f"git -C {repository} am {folder}/*.patch" in said
    return folder


def test_a_plan_is_a_text_a_value_and_patches(out):
    plan = json.loads((out / "plan.json").read_text())
    patches = sorted(file.name for file in out.glob("0*.patch"))
    assert patches == [f"{one['number']:04d}-{one['slug']}.patch" for one in plan["series"]]
    assert patches[0] == "0001-let-checks-fail.patch"
    assert (out / "plan.md").read_text().startswith("# How the CI of `shop` is made good")


def test_patches_of_an_older_plan_go_and_others_stay(out):
    assert not (out / "0009-let-checks-fail.patch").exists()
    assert (out / "mine.patch").read_text() == "mine"


def test_the_command_that_it_names_works(repository, out):
    copy = repository.parent / "copy"
    git(repository.parent, "clone", "-q", "shop", "copy")
    patches = sorted(map(str, out.glob("0*.patch")))
    git(copy, "am", "-q", *patches)
    assert git(copy, "status", "--porcelain") == ""
    assert int(git(copy, "rev-list", "--count", "HEAD")) == len(patches) + 1


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        pytest.param(["nowhere"], 1, "there is no such folder", id="folder"),
        pytest.param([".", "--format", "html"], 2, "none of md, json", id="format"),
        pytest.param([".", "--profile", "lax"], 2, "none of default, strict", id="profile"),
        pytest.param([".", "--spec", "nowhere.yaml"], 1, "there is no such file", id="spec"),
    ],
)
def test_a_mistake_is_told_in_words(tmp_path, monkeypatch, arguments, code, says):
    monkeypatch.chdir(tmp_path)
    ended, said = cicd("improve", *arguments)
    assert ended == code
    assert says in said
