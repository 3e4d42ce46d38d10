import shutil
import subprocess

import pytest

from cicd_defs.plan.pipeline import LocalCommand, StepKind
from cicd_defs.render.makefile import render_makefile
from tests.samples import commands, component, plan

SCRIPTS = {
    "plain": "echo hello",
    "several lines": "echo one\necho two\n",
    "dollars": 'x=5; echo "$x $$ ${x}" | cut -d" " -f1,3; echo "$(echo in)"',
    "a make function": "echo '$(shell echo pwned)' '$@' '$<'",
    "quotes": """echo "it's" 'a "quote"'""",
    "backslashes": "echo one \\\n  two; printf '%s' 'a\\nb'",
    "a comment": "# nothing\necho after # behind",
    "prefixes of make": "echo w\n-echo x || true\n@echo y || true\n+echo z || true",
    "here-document": "cat <<'END'\nkey: $VALUE\n\ttab\n\nEND\n",
    "state over lines": "cd /\nx=1\npwd\necho $x",
    "a define": "echo endef\necho endif\nif true; then\necho yes\nfi",
    "colon and equals": "a=b; echo $a: c := d",
    "percent and semicolon": "printf '%s;%%\\n' x",
    "unicode": "echo 'é 😀'",
}


def target(run: str, **changes: object) -> LocalCommand:
    values: dict[str, object] = {"kind": StepKind.TEST, "component": "shop", "path": ".", "run": run}
    return LocalCommand.model_validate(values | changes)


def made(folder, command: LocalCommand, name: str = "test") -> subprocess.CompletedProcess[str]:
    (folder / "Makefile").write_text(render_makefile([command], ("header",)))
    return subprocess.run(
        ["make", "--silent", "--no-print-directory", name],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize("run", SCRIPTS.values(), ids=SCRIPTS)
def test_make_runs_exactly_the_script(tmp_path, run):
    here = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", run], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    there = made(tmp_path, target(run))
    assert there.stdout == "— Test: shop\n" + here.stdout
    assert (there.returncode == 0) == (here.returncode == 0)


@pytest.mark.parametrize("run", ["false", "false\necho on", "false | cat", "echo x | false | cat; echo on"])
def test_a_failing_line_fails_the_target(tmp_path, run):
    assert made(tmp_path, target(run)).returncode != 0


def test_a_command_runs_in_its_folder_with_its_variables(tmp_path):
    folder = tmp_path / "it's here"
    folder.mkdir()
    command = target('basename "$PWD"; echo "$A"', path="it's here", env={"A": "$(shell id) 'x' $B"})
    assert made(tmp_path, command).stdout.splitlines()[1:] == ["it's here", "$(shell id) 'x' $B"]


def test_ci_runs_what_ci_runs_and_help_tells_of_all(tmp_path):
    kinds = commands(
        install="i",
        lint="echo lints",
        format="echo formats",
        test="echo tests",
        integration="i",
        build="echo builds",
    )
    pipeline = plan(component(commands=kinds), component("node", "web", commands=commands(lint="echo web")))
    (tmp_path / "web").mkdir()
    (tmp_path / "Makefile").write_text(render_makefile(pipeline.local, ("header",)))
    run = subprocess.run(["make", "--silent", "ci"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert [line for line in run.stdout.splitlines() if "—" not in line] == [
        "lints",
        "web",
        "formats",
        "tests",
        "builds",
    ]
    told = subprocess.run(
        ["make", "--silent"], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    assert {"ci", "lint", "lint-web", "lint-python", "integration"} <= {
        line.split()[0] for line in told.splitlines()
    }
