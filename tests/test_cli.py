import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml
from click.testing import CliRunner

from cicd_defs.cli import COMMANDS, UsageProblem, app
from tests.pairwise.repositories import REPOSITORIES

ROOT = Path(__file__).parents[1]


def cicd(*arguments: object):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def process(*arguments: object) -> subprocess.CompletedProcess[str]:
    """The command as a person runs it: errors as they are printed."""
    command = [str(Path(sys.executable).parent / "cicd"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_each_says_of_itself(name):
    command = app.get_command(click.Context(app), name)
    _, about = COMMANDS[name]
    assert command.name == name
    assert command.help.startswith(about)
    assert about in " ".join(cicd("--help").output.split())
    assert cicd(name, "--help").exit_code == 0


def test_a_command_that_is_not_there_is_told_in_words():
    refused = process("audti")
    assert refused.returncode == 2
    assert "No such command 'audti'" in refused.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["audit", "--help"]])
def test_help_loads_nothing_of_what_the_commands_do(arguments):
    program = (
        "import sys; from cicd_defs.cli import app\n"
        f"app({arguments!r}, standalone_mode=False)\n"
        "rooms = ('cicd_defs.facts', 'cicd_defs.judge', 'cicd_defs.plan', 'cicd_defs.spec', 'resources')\n"
        "print(sorted(name for name in sys.modules if name.startswith((*rooms, 'pydantic', 'yaml'))))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "[]"


@pytest.fixture
def repository(tmp_path) -> Path:
    return written(tmp_path / "thing", REPOSITORIES["uv"].files)


def written(folder: Path, files) -> Path:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


@pytest.fixture
def spec(repository, tmp_path) -> Path:
    target = tmp_path / "projects" / "thing.yaml"
    assert cicd("init", repository, "--out", target).exit_code == 0
    return target


def test_init_writes_a_file_that_is_read_and_says_what_was_found(spec, repository):
    assert cicd("check", spec).output == "1 project file, nothing wrong.\n"
    declared = yaml.safe_load(spec.read_text())
    assert declared["repository"] == str(repository)
    assert declared["pipeline"]["components"] == [{"path": ".", "name": "python", "stack": "python"}]
    assert "# test_cmd: " in spec.read_text()


@pytest.mark.parametrize("name", REPOSITORIES)
def test_what_init_comments_out_can_be_uncommented(tmp_path, name):
    repository = written(tmp_path / "thing", REPOSITORIES[name].files)
    spec = tmp_path / "thing.yaml"
    assert cicd("init", repository, "--out", spec).exit_code == 0
    keys = (
        "versions",
        "install_cmd",
        "lint_cmd",
        "format_cmd",
        "typecheck_cmd",
        "test_cmd",
        "integration_cmd",
        "build_cmd",
    )
    lines = spec.read_text().splitlines()
    opened = [
        line.replace("# ", "", 1) if line.strip().startswith(tuple(f"# {key}:" for key in keys)) else line
        for line in lines
    ]
    before = cicd("render", spec, "--repo", repository, "--out", tmp_path / "before")
    spec.write_text("\n".join(opened) + "\n")
    after = cicd("render", spec, "--repo", repository, "--out", tmp_path / "after")
    assert (before.exit_code, after.exit_code) == (0, 0), after.output


def test_init_does_not_replace_a_file(spec, repository):
    result = cicd("init", repository, "--out", spec)
    assert isinstance(result.exception, UsageProblem)
    assert "is there already" in str(result.exception)
    assert cicd("init", repository, "--out", spec, "--force").exit_code == 0


def test_plan_tells_by_its_exit_code_whether_anything_changes(spec, repository):
    first = cicd("plan", spec)
    assert first.exit_code == 2
    assert "+++ b/.github/workflows/ci.yml" in first.output
    assert cicd("render", spec, "--out", repository).exit_code == 0
    assert cicd("plan", spec).exit_code == 0
    makefile = repository / "Makefile"
    makefile.write_text(makefile.read_text() + "\nmine:\n\ttrue\n")
    kept = cicd("plan", spec)
    assert kept.exit_code == 0
    assert "kept Makefile: " in kept.output
    spec.write_text(spec.read_text().replace("pipeline:\n", "pipeline:\n  timeout_minutes: 7\n"))
    changed = cicd("plan", spec)
    assert changed.exit_code == 2
    assert "+    timeout-minutes: 7" in changed.output
    assert "mine" not in changed.stdout


def test_plan_takes_away_what_is_no_longer_wanted(spec, repository):
    assert cicd("render", spec, "--out", repository).exit_code == 0
    spec.write_text(spec.read_text().replace("pipeline:\n", "pipeline:\n  trigger_type: push\n"))
    result = cicd("plan", spec)
    assert "+++ /dev/null" in result.output
    assert "removed .github/workflows/nightly.yml" in result.output


def test_render_writes_every_file_and_tells_of_it(spec, tmp_path):
    result = cicd("render", spec, "--out", tmp_path / "out")
    names = {
        path.relative_to(tmp_path / "out").as_posix()
        for path in (tmp_path / "out").rglob("*")
        if path.is_file()
    }
    assert names == {
        ".github/workflows/ci.yml",
        ".github/workflows/nightly.yml",
        ".pre-commit-config.yaml",
        ".github/dependabot.yml",
        ".github/rulesets/cicd-defs.json",
        "CONTRIBUTING.md",
        ".github/cicd-defs.lock",
        "Makefile",
    }
    assert all(str(tmp_path / "out" / name) in result.output for name in names)


def test_detect_answers_people_and_programs(repository):
    said = cicd("detect", repository).output
    assert "package managers: uv" in said
    told = json.loads(cicd("detect", repository, "--json").output)
    assert told["languages"] == "python"
    assert told["docker"] == "no"
    assert told["components"][0]["package_managers"][0]["evidence"]


@pytest.mark.parametrize("key", ["versions", "pipeline.components.versions", "repository"])
def test_explain_tells_of_a_key(key):
    assert key.rpartition(".")[2] in cicd("explain", key).output


def test_explain_lists_all_keys():
    assert "pipeline.components.path" in cicd("explain").output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["check", "nowhere.yaml"], "nowhere.yaml: there is no such file", id="no-file"),
        pytest.param(["render", "nowhere.yaml", "--out", "x"], "there is no such file", id="no-spec"),
        pytest.param(["detect", "nowhere"], "nowhere: there is no such folder", id="no-folder"),
        pytest.param(
            ["render", "projects/shop.yaml", "--out", "README.md"], "README.md", id="no-folder-to-write"
        ),
        pytest.param(["explain", "verions"], "Did you mean `pipeline.components.versions`?", id="typo"),
        pytest.param(
            ["check", "pyproject.toml"], "pyproject.toml:2:1: this is not YAML", id="not-a-project-file"
        ),
    ],
)
def test_a_mistake_is_told_in_words_and_never_as_a_traceback(arguments, said):
    result = process(*arguments)
    assert result.returncode == 1
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_every_mistake_of_a_file_is_told_with_its_place(tmp_path):
    bad = tmp_path / "bad.yaml"
    bad.write_text("repository: acme/bad\npipelin: {}\nbranch: 3.10\n")
    lines = process("check", bad).stderr.splitlines()
    assert [line.partition(": ")[0] for line in lines] == [f"{bad}:2:1", f"{bad}:3:9"]


def test_two_files_of_one_name_are_told(tmp_path):
    for name in ("a-b.yaml", "a_b.yaml"):
        (tmp_path / name).write_text("repository: acme/x\n")
    result = process("check", tmp_path / "a-b.yaml", tmp_path / "a_b.yaml")
    assert result.returncode == 1
    assert "a_b.yaml" in result.stderr


def test_a_repository_that_is_no_folder_here_is_asked_for(tmp_path):
    spec = tmp_path / "far.yaml"
    spec.write_text("repository: acme/far\n")
    result = process("plan", spec)
    assert result.returncode == 1
    assert "--repo PATH" in result.stderr


def test_render_leaves_somebody_elses_files_alone(spec, repository):
    (repository / ".github" / "workflows").mkdir(parents=True)
    theirs = repository / ".github" / "workflows" / "ci.yml"
    theirs.write_text("name: mine\n")
    refused = process("render", spec, "--out", repository)
    assert refused.returncode == 1
    assert f"{theirs}: this file was written by hand." in refused.stderr
    assert "--overwrite" in refused.stderr
    assert not (repository / "Makefile").exists()
    assert theirs.read_text() == "name: mine\n"
    assert process("render", spec, "--out", repository, "--overwrite").returncode == 0
    assert "Generated by cicd-defs" in theirs.read_text()


def test_the_declaration_may_let_files_be_replaced(spec, repository):
    (repository / "ci.mk").write_text("mine:\n")
    (repository / "Makefile").write_text("mine:\n")
    assert process("render", spec, "--out", repository).returncode == 1
    spec.write_text(spec.read_text().replace("pipeline:\n", "pipeline:\n  overwrite: true\n"))
    assert process("render", spec, "--out", repository).returncode == 0


def test_render_takes_away_only_what_is_ours(spec, repository):
    assert cicd("render", spec, "--out", repository).exit_code == 0
    nightly = repository / ".github" / "workflows" / "nightly.yml"
    spec.write_text(spec.read_text().replace("pipeline:\n", "pipeline:\n  trigger_type: push\n"))
    assert cicd("render", spec, "--out", repository).exit_code == 0
    assert not nightly.exists()
    nightly.write_text("name: mine\n")
    assert cicd("render", spec, "--out", repository).exit_code == 0
    assert nightly.exists()


@pytest.mark.parametrize("link", [".github", ".github/workflows", "Makefile"])
def test_render_does_not_follow_links_out_of_its_folder(spec, tmp_path, link):
    out, away = tmp_path / "out", tmp_path / "away"
    away.mkdir()
    (out / link).parent.mkdir(parents=True)
    (out / link).symlink_to(away)
    result = process("render", spec, "--out", out)
    assert result.returncode == 1
    assert "a link leads out" in result.stderr
    assert list(away.iterdir()) == []


def test_init_writes_the_branch_that_is_not_main(tmp_path):
    folder = written(tmp_path / "thing", REPOSITORIES["go"].files)
    git = ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@example.com"]
    for arguments in (["init", "-q", "-b", "trunk"], ["add", "-A"], ["commit", "-qm", "x"]):
        subprocess.run([*git, *arguments], check=True)
    spec = tmp_path / "thing.yaml"
    assert cicd("init", folder, "--out", spec).exit_code == 0
    assert yaml.safe_load(spec.read_text())["branch"] == "trunk"


def test_init_names_what_cannot_be_written(tmp_path):
    odd = tmp_path / "bad\udcff"
    odd.mkdir()
    refused = process("init", odd, "--out", tmp_path / "x.yaml")
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    capital = process("init", tmp_path, "--out", tmp_path / "Bar.yaml")
    assert capital.returncode == 1
    assert "Traceback" not in capital.stderr
    assert not (tmp_path / "Bar.yaml").exists()


def test_init_says_the_next_command_ready_to_be_pasted(tmp_path):
    folder = written(tmp_path / "sp ace", REPOSITORIES["go"].files)
    said = cicd("init", folder, "--out", tmp_path / "x.yaml").output
    assert said.endswith(f"--repo '{folder}'\n")
    assert ": 1 component. Next:" in said


def test_a_broken_git_repository_is_told_in_words(tmp_path):
    folder = written(tmp_path / "thing", REPOSITORIES["go"].files)
    subprocess.run(["git", "-C", str(folder), "init", "-q"], check=True)
    (folder / ".git" / "HEAD").write_text("junk\n")
    refused = process("init", folder, "--out", tmp_path / "thing.yaml")
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    assert not (tmp_path / "thing.yaml").exists()
