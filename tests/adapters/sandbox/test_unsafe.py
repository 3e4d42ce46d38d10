import os

import pytest

from cicd_defs.adapters.sandbox.errors import SandboxError
from cicd_defs.adapters.sandbox.housing import marker_of, processes_of
from cicd_defs.adapters.sandbox.toolchains import needs_python
from cicd_defs.adapters.sandbox.unsafe import UnsafeSubprocess
from cicd_defs.facts.reports.steps import Limits, SandboxStep
from tests.resources.repository import git, repository


@pytest.fixture
def sandbox(tmp_path):
    environ = {
        "PATH": os.environ["PATH"],
        "SECRET": "canary",
        "PIP_INDEX_URL": "https://me:canary@index.example/",
    }
    return UnsafeSubprocess(tmp_path / "ws", environ)


@pytest.fixture
def workspace(tmp_path, sandbox):
    source = repository(tmp_path / "r", {"a/b.txt": "hello", "node.txt": ""})
    made = sandbox.prepare(
        str(source / ".git"), git(source, "rev-parse", "HEAD"), "one", Limits(seconds=20, disk_mb=20)
    )
    yield made
    made.destroy()


def step(run, **more):
    return SandboxStep(name="s", kind="test", run=run, **{"seconds": 10.0, **more})


def test_it_says_that_nothing_holds(sandbox, workspace):
    assert sandbox.isolation() == workspace.isolation
    assert workspace.isolation.level == "none"
    assert "nothing is isolated" in workspace.isolation.lacks[0]


@pytest.mark.parametrize(
    ("changed", "ended", "code", "head"),
    [
        ({"run": "cat b.txt", "folder": "a"}, "exited", 0, "hello"),
        ({"run": "false | true"}, "exited", 1, ""),
        (
            {"run": "env | grep -a canary || echo $X$CI", "env": {"X": "x"}, "network": "mirror"},
            "exited",
            0,
            "xtrue\n",
        ),
        ({"run": "git log --format=%s"}, "exited", 0, "The commit under test\n"),
        ({"run": "sleep 60", "seconds": 0.3}, "timed_out", None, ""),
        ({"folder": "../.."}, "not_started", None, ""),
        ({"folder": "nowhere"}, "not_started", None, ""),
        ({"run": "x\0"}, "not_started", None, ""),
        ({"run": "head -c 40M /dev/zero > f; sleep 5"}, "killed", None, ""),
    ],
)
def test_steps_run_and_are_told_of(workspace, changed, ended, code, head):
    found = workspace.run(step("true").model_copy(update=changed))
    assert (found.ended, found.exit_code, found.head) == (ended, code, head)
    assert bool(found.error) is (ended != "exited")


def test_what_a_step_leaves_running_is_ended(tmp_path, workspace):
    assert workspace.run(step("setsid sleep 600 >/dev/null & echo ok")).head == "ok\n"
    assert list(processes_of(marker_of(tmp_path / "ws/one"), None)) == []


def test_results_are_taken_and_all_is_removed(tmp_path, sandbox, workspace):
    workspace.run(step("echo 1 > a/r.xml; ln -s /etc/passwd a/l.xml"))
    found = workspace.collect(["a/*.xml"])
    assert (dict(found), set(found.refused)) == ({"a/r.xml": b"1\n"}, {"a/l.xml"})
    assert sandbox.sweep(["one"]) == 0
    assert sandbox.sweep([]) == 1
    assert list((tmp_path / "ws").iterdir()) == []


def test_what_cannot_be_prepared_leaves_nothing(tmp_path, sandbox):
    with pytest.raises(SandboxError):
        sandbox.prepare(str(tmp_path), "main", "two", Limits())
    assert list((tmp_path / "ws").iterdir()) == []


@pytest.mark.parametrize(
    ("paths", "needed"),
    [
        (["pyproject.toml"], True),
        (["services/api/requirements-dev.txt"], True),
        (["a/b/Pipfile"], True),
        (["a/b/c/setup.py"], False),
        (["package.json", "docs/requirements.md"], False),
        ([], False),
    ],
)
def test_a_tree_asks_for_pythons_packages(paths, needed):
    assert needs_python(paths) is needed
