"""`cicd audit` as people, hooks and CI call it: what it prints, what it writes, and how it ends."""

import io
import json
import os
import resource
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from cicd_defs.cli import UsageProblem, app
from cicd_defs.cli.auditing import Answer, Target

PROGRAM = str(Path(sys.executable).parent / "cicd")
CI = ".github/workflows/ci.yml"
ROOT = Path(__file__).parents[1]
GREEN = """\
name: CI
on: push
permissions: {}
concurrency: {group: "ci-${{ github.ref }}", cancel-in-progress: true}
jobs:
  test:
    name: Test
    permissions: {contents: read}
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    steps:
      - uses: actions/checkout@v4
        with: {persist-credentials: false}
      - run: make x
"""
RED = GREEN.replace("make x", "pytest -q || true")
LINE = 14
"""Where the last step stands."""


def cicd(*arguments: object):
    """A call within this process. `code` is the exit code that a person would see."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if isinstance(result.exception, UsageProblem):
        return result.exception.code, result.output + str(result.exception)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def process(*arguments: object, cwd: Path | None = None, limit: int | None = None, **environ: str):
    """A call as a person makes it. `limit` bounds its memory, in bytes."""

    def bounded() -> None:
        if limit:
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    return subprocess.run(
        [PROGRAM, *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=600,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **environ},
        preexec_fn=bounded,
    )


def written(folder: Path, files: dict[str, str | bytes]) -> Path:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text.encode() if isinstance(text, str) else text)
    return folder


@pytest.fixture
def repository(tmp_path) -> Path:
    return written(tmp_path / "shop", {CI: RED})


def audit(*arguments: object):
    return cicd("audit", "--own-rules", *arguments)


def rules_of(output: str) -> list[str]:
    return [one["rule"] for one in json.loads(output)]


def file_of(repository: Path) -> Path:
    return repository / CI


# Exit codes


def test_it_ends_with_1_for_findings_and_with_0_without(repository):
    code, said = audit(file_of(repository))
    assert code == 1
    assert "|| true` hides its exit status [or-true]" in said
    file_of(repository).write_text(GREEN)
    assert audit(file_of(repository)) == (0, "No findings in 1 file.\n")


@pytest.mark.parametrize(("fail_on", "code"), [("low", 1), ("medium", 0), ("high", 0)])
def test_fail_on_says_which_findings_count(repository, fail_on, code):
    file_of(repository).write_text(GREEN.replace("    timeout-minutes: 5\n", ""))
    ended, said = audit(file_of(repository), "--fail-on", fail_on)
    assert ended == code
    assert "[no-timeout]" in said


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["nowhere"], "nowhere: there is no such file or folder", id="no-file"),
        pytest.param(["--ignore", "or-treu", "."], "no rule `or-treu`. Did you mean `or-true`?", id="ignore"),
        pytest.param(["--ignore", "unpined-uses", "."], "Did you mean `unpinned-uses`?", id="adopted"),
        pytest.param(["--ignore", "rule-failed", "."], "`rule-failed` cannot be turned off", id="engine"),
        pytest.param(["--format", "jsn", "."], "Did you mean `json`?", id="format"),
        pytest.param(["--profile", "lax", "."], "--profile: `lax` is none of default, strict", id="profile"),
        pytest.param(["--fail-on", "higher", "."], "Did you mean `high`?", id="fail-on"),
        pytest.param(["--fix=most", "."], "--fix: `most` is none of safe, all", id="fix"),
        pytest.param(["--spec", "nowhere.yaml", "."], "nowhere.yaml: there is no such file", id="spec"),
        pytest.param(
            ["--baseline", "nowhere.json", "."], "nowhere.json: there is no such file", id="baseline"
        ),
        pytest.param(["--baseline", ".", "."], "this is no file", id="baseline-folder"),
        pytest.param(["pyproject.toml"], "no workflow, action or Dockerfile", id="another-file"),
        pytest.param(["/dev/null"], "neither a file nor a folder", id="device"),
    ],
)
def test_a_mistake_is_told_in_words_and_ends_with_2(tmp_path, monkeypatch, arguments, says):
    monkeypatch.chdir(written(tmp_path, {"pyproject.toml": ""}))
    code, said = audit(*arguments)
    assert code == 2
    assert says in said


def test_words_that_nobody_knows_end_with_2():
    done = process("audit", "--frobnicate")
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)


@pytest.mark.parametrize("text", ["{", "[]", '{"findings": [1], "version": 1}', b"\xff"])
def test_an_unreadable_baseline_ends_with_2(repository, text):
    written(repository, {".cicd-audit.json": text})
    code, said = audit(file_of(repository))
    assert code == 2
    assert ".cicd-audit.json: " in said


# What is named


def test_files_are_found_wherever_one_stands(repository, monkeypatch):
    forms = {
        repository.parent: f"shop/{CI}",
        repository: CI,
        repository / ".github": "workflows/ci.yml",
        repository / ".github/workflows": "../../.github/workflows/ci.yml",
    }
    for folder, name in forms.items():
        monkeypatch.chdir(folder)
        code, said = audit(name)
        assert (code, said.partition(":")[0]) == (1, name)


def test_one_that_fails_does_not_stop_the_others(tmp_path):
    good, bad = written(tmp_path / "good", {CI: GREEN}), tmp_path / "bad"
    written(bad, {".git/HEAD": "junk\n", CI: RED})
    red = written(tmp_path / "red", {CI: RED})
    code, said = audit(bad, good / CI, tmp_path / "nowhere", "--jobs", "2")
    assert code == 2
    assert f"{bad.name} has a `.git` that git cannot read" in said
    assert "there is no such file" in said
    code, said = audit(bad, good / CI, red, "--jobs", "2")
    assert code == 1
    assert f"{red}/{CI}:{LINE}:14: high" in said


def test_what_is_named_twice_is_told_once(repository):
    _, once = audit(file_of(repository), "--format", "json")
    _, twice = audit(file_of(repository), file_of(repository), "--format", "json")
    assert rules_of(once) == rules_of(twice)
    _, both = audit(repository, file_of(repository), "--format", "json")
    assert rules_of(both).count("or-true") == 1


def test_several_repositories_side_by_side_say_what_each_says_alone(tmp_path):
    folders = [written(tmp_path / f"r{n}", {CI: RED.replace("-q", f"-q t{n}")}) for n in range(4)]
    _, one_by_one = audit(*folders, "--jobs", "1", "--format", "json")
    _, together = audit(*folders, "--jobs", "3", "--format", "json")
    assert one_by_one == together
    assert rules_of(together).count("or-true") == 4


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        pytest.param(lambda: os._exit(9), "was killed, which happens where memory runs out", id="killed"),
        pytest.param(lambda: {}["x"], "could not be audited (KeyError", id="mistake of ours"),
    ],
)
def test_a_process_that_dies_costs_its_own_repository_only(tmp_path, monkeypatch, fault, says):
    from cicd_defs.cli import auditing

    before = auditing._audited_together

    def audited(targets, asked):
        if targets[0].root.name == "r1":
            fault()
        return before(targets, asked)

    monkeypatch.setattr(auditing, "_audited_together", audited)
    folders = [written(tmp_path / f"r{n}", {CI: RED}) for n in range(3)]
    code, said = audit(*folders, "--jobs", "2")
    assert code == 1
    assert f"{folders[1]}: " in said
    assert says in said
    assert [said.count(f"{folder}/{CI}:{LINE}:14: high") for folder in folders] == [1, 0, 1]


HEAVY = (
    "dagster",
    "pydantic",
    "httpx",
    "jinja2",
    "rich",
    "multiprocessing",
    "concurrent",
    "logging",
    "email",
)
"""What takes longer to load than a file takes to be judged."""


def test_one_file_is_audited_without_loading_what_only_others_need(repository):
    program = (
        "import sys; from cicd_defs.cli import app\n"
        f"try: app(['audit', {str(file_of(repository))!r}])\n"
        "except SystemExit: print(*sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    said, _, loaded = run.stdout.rstrip().rpartition("\n")
    assert "[or-true]" in said
    assert "[unpinned-uses]" in said
    modules = set(loaded.split())
    assert not modules & set(HEAVY)
    assert not [name for name in modules if name.startswith("cicd_defs.judge.rules.hygiene.")]
    assert not [name for name in modules if name.startswith("cicd_defs.judge.rules.flaky_code.")]


def test_what_is_done_meanwhile_is_waited_for_and_its_faults_are_raised():
    from cicd_defs.cli.meanwhile import Meanwhile

    let_go = threading.Event()
    ended: list[str] = []

    def work() -> str:
        let_go.wait(5)
        ended.append("work")
        return "done"

    with Meanwhile(work) as waiting:
        assert ended == []
        let_go.set()
        assert waiting.result() == "done"
    with pytest.raises(ZeroDivisionError), Meanwhile(lambda: 1 // 0) as failing:
        failing.result()
    let_go.clear()
    with Meanwhile(work):
        let_go.set()
    assert ended == ["work", "work"]


@pytest.mark.parametrize(
    ("terminal", "total", "shown"), [(True, 3, True), (False, 3, False), (True, 2, False)]
)
def test_a_bar_is_drawn_only_on_a_terminal_and_where_there_is_something_to_wait_for(
    monkeypatch, terminal, total, shown
):
    from cicd_defs.cli.audit import _with_progress

    class Stream(io.StringIO):
        def isatty(self) -> bool:
            return terminal

    stream = Stream()
    monkeypatch.setattr(sys, "stderr", stream)
    results = [Answer(Target(Path(), None, str(number))) for number in range(total)]
    assert list(_with_progress(iter(results), total)) == results
    assert (f"{total}/{total}" in stream.getvalue()) == shown
    assert not stream.getvalue().rpartition("\r")[2].strip("\x1b[K")


# Settings


def test_settings_come_from_a_project_file_and_the_command_line_goes_before(repository, tmp_path):
    spec = tmp_path / "shop.yaml"
    spec.write_text(
        "repository: acme/shop\naudit: {profile: strict, ignore: [or-true], rules: {no-timeout: high}}\n"
    )
    file_of(repository).write_text(RED.replace("    timeout-minutes: 5\n", ""))
    code, said = audit(file_of(repository), "--spec", spec, "--format", "json")
    told = {one["rule"]: one["severity"] for one in json.loads(said)}
    assert code == 1
    assert told["no-timeout"] == "high"
    assert "or-true" not in told
    spec.write_text("repository: acme/shop\naudit: {ignore: [or-treu]}\n")
    code, said = audit(file_of(repository), "--spec", spec)
    assert code == 2
    assert f"{spec}: There is no rule `or-treu`. Did you mean `or-true`?" in said


def test_a_rule_can_be_ignored(repository):
    assert audit(file_of(repository), "--ignore", "or-true")[0] == 0


# Baseline


def test_what_is_known_does_not_count(repository, monkeypatch):
    assert audit(repository, "--write-baseline")[0] == 0
    assert audit(repository)[0] == 0
    monkeypatch.chdir(repository.parent)
    assert audit(f"shop/{CI}")[0] == 0
    other = written(repository.parent / "b", {CI: RED})
    assert audit(repository, other)[0] == 1
    assert audit(other, "--write-baseline")[0] == 0
    assert audit(repository, other)[0] == 0
    moved = "# moved\n\n" + RED.replace(
        "      - run: pytest", "      - name: Test\n        run: mypy || true\n      - run: pytest"
    )
    file_of(repository).write_text(moved)
    _, said = audit(repository, "--format", "json")
    assert [one["line"] for one in json.loads(said) if one["rule"] == "or-true"] == [LINE + 3]


def test_one_baseline_for_several_repositories_keeps_them_apart(tmp_path):
    one, two = (written(tmp_path / name, {CI: RED}) for name in "ab")
    known = tmp_path / "known.json"
    assert audit(one, written(tmp_path / "c", {"x": ""}), "--baseline", known, "--write-baseline")[0] == 0
    _, said = audit(one, two, "--baseline", known, "--format", "json")
    assert {one["file"].split("/")[-4] for one in json.loads(said) if one["rule"] == "or-true"} == {"b"}


def test_a_baseline_is_not_written_through_a_link(repository, tmp_path):
    (tmp_path / "away").write_text("mine")
    (repository / ".cicd-audit.json").symlink_to(tmp_path / "away")
    code, said = audit(repository, "--write-baseline")
    assert code == 2
    assert "link" in said
    assert (tmp_path / "away").read_text() == "mine"


# Formats


def test_each_format_can_be_read(repository):
    names = audit(file_of(repository), "--format", "json")[1]
    assert rules_of(names)[-1] == "or-true"
    log = json.loads(audit(file_of(repository), "--format", "sarif")[1])
    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == CI
    noted = audit(repository, "--format", "github")[1]
    assert f"::error file={CI},line={LINE}," in noted


def test_colours_stay_away_from_pipes(repository):
    assert "\x1b" not in process("audit", "--own-rules", file_of(repository)).stdout


@pytest.mark.parametrize(("environ", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colours_on_a_terminal(repository, environ, coloured):
    master, slave = os.openpty()
    given = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    done = subprocess.Popen(
        [PROGRAM, "audit", "--own-rules", str(file_of(repository))],
        stdout=slave,
        env={**given, "TERM": "xterm", **environ},
    )
    assert done.wait(600) == 1
    os.close(slave)
    shown = os.read(master, 65_536).decode()
    os.close(master)
    assert ("\x1b[31mhigh:" in shown) == coloured


def test_names_of_files_reach_the_terminal_without_their_escapes(tmp_path):
    name = ".github/workflows/\x1b]0;hi\x07\n::error::x.yml"
    code, said = audit(written(tmp_path / "odd", {name: RED}))
    assert code == 1
    assert "\x1b" not in said
    assert f"\\x1b]0;hi\\x07\\n::error::x.yml:{LINE}:14" in said
    assert not [line for line in said.splitlines() if line.startswith("::error")]


# Mending


def test_fix_mends_shows_it_and_changes_nothing_the_second_time(repository):
    before = RED.replace("\n", "\r\n").replace("on: push", "\ufeff# größe\r\non: push").encode()
    file_of(repository).write_bytes(before)
    file_of(repository).chmod(0o754)
    code, said = audit(file_of(repository), "--fix=all")
    assert code == 0
    assert "-      - run: pytest -q || true" in said
    assert file_of(repository).read_bytes() == before.replace(b" || true", b"")
    assert file_of(repository).stat().st_mode & 0o777 == 0o754
    seen = file_of(repository).stat().st_mtime_ns
    assert audit("--fix=all", file_of(repository))[0] == 0
    assert file_of(repository).stat().st_mtime_ns == seen


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (["--fix", "x"], ["--fix=safe", "x"]),
        (["x", "--fix"], ["x", "--fix=safe"]),
        (["--fix=all", "x"], ["--fix=all", "x"]),
        (["--", "--fix"], ["--", "--fix"]),
    ],
)
def test_fix_needs_no_value(given, read):
    from cicd_defs.cli.audit import with_fix_value

    assert with_fix_value(given) == read


def test_fix_leaves_what_is_not_safe(repository):
    code, _ = audit(file_of(repository), "--fix")
    assert code == 1
    assert file_of(repository).read_text() == RED


def test_fix_writes_through_no_link_and_all_or_nothing(tmp_path, monkeypatch):
    away = written(tmp_path / "away", {"ci.yml": RED})
    shop = written(tmp_path / "shop", {"x": ""})
    (shop / ".github").mkdir()
    (shop / ".github/workflows").symlink_to(away)
    code, said = audit(shop / CI, "--fix=all")
    assert code == 1
    assert "[unreadable-file]" in said
    assert (away / "ci.yml").read_text() == RED
    assert audit(shop, "--fix=all")[1].count(".yml") == 0


def test_nothing_is_written_where_one_of_several_files_cannot_be(tmp_path):
    shop = written(tmp_path / "shop", {CI: RED, ".github/workflows/other.yml": RED})
    from cicd_defs.cli import writing

    class Full(OSError):
        pass

    calls = []
    before = Path.replace

    def replace(self: Path, target: Path) -> Path:
        calls.append(target)
        if len(calls) == 2:
            raise OSError(28, "No space left on device", str(target))
        return before(self, target)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "replace", replace)
        with pytest.raises(OSError, match="No space"):
            writing.write_changes(
                shop,
                {CI: "a", ".github/workflows/other.yml": "b"},
                {CI: "", ".github/workflows/other.yml": ""},
                overwrite=False,
            )
    assert [(shop / CI).read_text(), (shop / ".github/workflows/other.yml").read_text()] == [RED, RED]
    assert sorted(path.name for path in (shop / ".github/workflows").iterdir()) == ["ci.yml", "other.yml"]


# What strangers put there


def test_a_pipe_a_folder_and_a_link_named_like_workflows_are_left_alone(tmp_path):
    secret = written(tmp_path / "secret", {"ci.yml": RED})
    shop = written(tmp_path / "shop", {CI: GREEN})
    workflows = shop / ".github/workflows"
    os.mkfifo(workflows / "pipe.yml")
    (workflows / "folder.yml").mkdir()
    (workflows / "link.yml").symlink_to(secret / "ci.yml")
    done = process("audit", "--own-rules", "--format", "json", shop)
    assert not [
        one for one in json.loads(done.stdout) if one["file"].startswith(".github") and one["file"] != CI
    ]
    code, said = audit(workflows / "link.yml")
    assert code == 1
    assert "[unreadable-file]" in said
    code, said = audit(workflows / "pipe.yml")
    assert code == 2
    assert "neither a file nor a folder" in said


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_rights_is_told(repository):
    file_of(repository).chmod(0)
    code, said = audit(file_of(repository))
    assert (code, "its rights forbid it" in said) == (1, True)


HOSTILE = {
    "a bomb": "a: &a [x,x,x]\n"
    + "".join(f"{chr(n + 1)}: &{chr(n + 1)} [{','.join([f'*{chr(n)}'] * 9)}]\n" for n in range(97, 117))
    + "on: push\njobs: *u\n",
    "a long line": "on: push # " + "x" * 10_000_000,
    "levels": "on: " + "[" * 100_000 + "]" * 100_000,
    "itself": "on: push\njobs: &j\n  t: {runs-on: x, steps: *j, needs: *j, strategy: *j}\n",
    "binary": bytes(range(256)) * 100,
    "not UTF-8": RED.encode() + b"# \xff\xfe\n",
    "nothing": "",
    "a word": "workflow",
    "deep conditions": GREEN.replace("- run", f"- if: {'(' * 5000}a{')' * 5000}\n        run"),
    "deep shell": GREEN.replace("make x", "'" + "$(" * 5000 + "pytest" + ")" * 5000 + "'"),
    "many brackets": GREEN.replace("make x", "'" + "(" * 20_000 + "'"),
    "many jobs": "on: push\njobs:\n" + "".join(f"  j{n}: {{runs-on: x, needs: [j{n - 1}]}}\n" for n in range(300)),
}  # fmt: skip


def test_hostile_files_are_read_within_bounds_and_told(tmp_path):
    folder = written(
        tmp_path, {f".github/workflows/{name.replace(' ', '-')}.yml": text for name, text in HOSTILE.items()}
    )
    done = process("audit", "--own-rules", "--format", "json", folder, limit=2 << 30)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    found = {(Path(one["file"]).stem, one["rule"]) for one in json.loads(done.stdout)}
    unread = {name for name, rule in found if rule == "unreadable-file"}
    assert unread == {"a-long-line", "levels", "binary", "not-UTF-8"}
    assert not [name for name, rule in found if rule == "rule-failed"]


@pytest.mark.parametrize(
    "step",
    [
        pytest.param("      - run: pytest -q || true\n" * 600, id="steps"),
        pytest.param("      - run: |\n" + "          pytest -q a || true\n" * 20_000, id="script"),
    ],
)
def test_large_files_are_read_within_bounds(tmp_path, step):
    folder = written(tmp_path, {CI: GREEN.replace("      - run: make x\n", step)})
    done = process("audit", "--own-rules", "--format", "json", folder / CI, limit=2 << 30)
    assert "Traceback" not in done.stderr
    assert "rule-failed" not in done.stdout


# The hook


def hook() -> dict[str, object]:
    (one,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    return one


@pytest.mark.parametrize(
    ("path", "taken"),
    [
        (CI, True),
        (".github/workflows/sub/ci.yml", False),
        (".github/actions/setup/action.yaml", True),
        ("action.yml", True),
        ("tools/action.yml", True),
        ("Dockerfile", False),
        ("reaction.yml", False),
        ("src/app.yml", False),
    ],
)
def test_the_hook_is_given_workflows_and_actions(path, taken):
    import re

    assert bool(re.search(str(hook()["files"]), path)) == taken


def test_the_hook_s_command_line_works_as_pre_commit_calls_it(repository):
    command = str(hook()["entry"]).split()
    assert command[0] == "cicd"
    assert hook()["pass_filenames"] is True
    action = written(
        repository,
        {"action.yml": "name: x\nruns: {using: composite, steps: [{run: 'pytest || true', shell: bash}]}\n"},
    )
    done = process(*command[1:], CI, "action.yml", cwd=action)
    assert done.returncode == 1
    assert f"{CI}:{LINE}:14: high" in done.stdout
    assert "action.yml:2:" in done.stdout
