"""Task runs exactly the scripts of the plan, and has the very targets that a Makefile has."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cicd_defs.plan.pipeline import LocalCommand
from cicd_defs.render.makefile import render_makefile
from cicd_defs.render.taskfile import render_taskfile
from tests.render.test_makefile import SCRIPTS, target
from tests.samples import commands, component, plan

PROGRAMS = Path(sys.executable).parent
TASK = shutil.which("task", path=PROGRAMS)
needs_task = pytest.mark.skipif(TASK is None, reason="task is not installed (go-task-bin)")
HOSTILE = {
    **SCRIPTS,
    "a template": "echo '{{.TASK}} {{ env \"HOME\" }} {{{ }}'",
    "an empty template": "echo '{{\"{{\"}}'",
    "of another shell": "x=(a b); echo ${x[1]} ${x[@]^^} <(:) | sed 's/[0-9]//g'",
    "a tab": "if true; then\n\techo in\nfi",
}


def tasked(folder: Path, *commands: LocalCommand, name: str = "test") -> subprocess.CompletedProcess[str]:
    (folder / "Taskfile.yml").write_text(render_taskfile(commands, ("header",)))
    return subprocess.run([str(TASK), name], cwd=folder, capture_output=True, text=True, check=False)


@needs_task
@pytest.mark.parametrize("run", HOSTILE.values(), ids=HOSTILE)
def test_task_runs_exactly_the_script(tmp_path, run):
    here = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", run], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    there = tasked(tmp_path, target(run))
    assert there.stdout == "— Test: shop\n" + here.stdout
    assert (there.returncode == 0) == (here.returncode == 0)


@needs_task
@pytest.mark.parametrize("run", ["false", "false\necho on", "false | cat", "echo x | false | cat; echo on"])
def test_a_failing_line_fails_the_task(tmp_path, run):
    assert tasked(tmp_path, target(run)).returncode != 0


@needs_task
def test_a_command_runs_in_its_folder_with_its_variables(tmp_path):
    (tmp_path / "it's {{here}}").mkdir()
    command = target('basename "$PWD"; echo "$A"', path="it's {{here}}", env={"A": "$(id) 'x' {{.A}} ${B}"})
    assert tasked(tmp_path, command).stdout.splitlines()[1:] == ["it's {{here}}", "$(id) 'x' {{.A}} ${B}"]


TWO = plan(
    component(commands=commands(install="i", lint="echo lints", test="echo tests", integration="i")),
    component("node", "web", commands=commands(lint="echo web", build="echo builds")),
).local


@needs_task
def test_ci_runs_what_ci_runs_in_order(tmp_path):
    (tmp_path / "web").mkdir()
    run = tasked(tmp_path, *TWO, name="ci")
    assert run.returncode == 0, run.stderr
    assert [line for line in run.stdout.splitlines() if "—" not in line] == [
        "lints",
        "web",
        "tests",
        "builds",
    ]


@needs_task
def test_ci_stops_at_the_first_failure(tmp_path):
    run = tasked(tmp_path, target("false", kind="lint"), target("echo tests"), name="ci")
    assert run.returncode != 0
    assert "tests" not in run.stdout


@pytest.mark.parametrize("local", [TWO, TWO[:1], plan(component(commands=commands(install="i"))).local])
def test_it_has_the_targets_of_the_makefile(local):
    tasks = yaml.safe_load(render_taskfile(local, ("header",)))["tasks"]
    targets = set(re.findall(r"^\.PHONY: (.*)$", render_makefile(local, ("header",)), re.MULTILINE))
    assert tasks.keys() - {"default"} == targets - {"help"}


def test_the_schema_accepts_it(tmp_path):
    hostile = [target(run, component=f"part{at}") for at, run in enumerate(HOSTILE.values())]
    file = tmp_path / "Taskfile.yml"
    file.write_text(render_taskfile(hostile, ("header",)))
    command = [PROGRAMS / "check-jsonschema", "--builtin-schema", "vendor.taskfile", file]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout


@given(run=st.text(alphabet="a{}\"'\\$ \n\t#-:é", max_size=20))
def test_any_script_is_one_word_for_bash(run):
    told = yaml.safe_load(render_taskfile([target(run)], ("header",)))["tasks"]["test"]["cmds"]
    assert len(told) == 1
    assert run.strip("\n") in told[0].replace('{{"{{"}}', "{{").replace("'\"'\"'", "'")
