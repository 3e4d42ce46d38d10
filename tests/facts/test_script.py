"""What becomes of the exit status of commands: as bash itself has it."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cicd_defs.facts.script import LONGEST, Command, Fate, commands_of, masked, read_script

WAYS = {"bash -e": (True, False), "bash -eo pipefail": (True, True), "bash": (False, False)}
"""How a shell is started, and what is set by it."""

SHAPES = """
check
check; ok
ok; check
check && ok
check && ok; ok
ok && check; ok
ok && check
check || ok
check || ok; ok
check || bad
check || exit 1
check || exit 0
check || { ok; exit 1; }
check || { ok; exit; }
check || exit
(check) || ok
(check; ok)
(check; ok); ok
{ check; ok; }; ok
(check && ok); ok
{ check && ok; }; ok
{ check; ok; } || ok
{ check; ok; } || exit 1
(check; ok) || exit 1
check | ok
check | ok; ok
ok | check
ok | check; ok
check | ok || ok
check |& ok
(set -o pipefail; check | ok)
set -o pipefail; check | ok; ok
set +o pipefail; check | ok
if check; then ok; fi
if check; then ok; else exit 1; fi
if check; then ok; else echo no; fi
if check; then ok; else bad; fi
if ! check; then exit 1; fi
if ! check; then echo no; fi
if ! check; then echo no; exit 1; fi; ok
if ! check; then echo no; exit 0; fi; ok
if ok; then check; fi
if ok; then check; ok; fi
if ok; then check && ok; fi; ok
if bad; then ok; else check; fi
if bad; then ok; elif check; then ok; else exit 1; fi
if ok; then ok; check; fi; ok
while check; do ok; done
until ok; do ok; done; check
for i in 1; do check; done
for i in 1; do check; done; ok
for i in 1; do check; ok; done
for i in 1; do check || true; done
case x in x) check;; esac
case x in x) check; ok;; esac
set +e; check
set +e; check; ok
set +e; check; set -e; ok
set -e; check; ok
set -euo pipefail; check | ok
set +eu; check; ok
set -o errexit; check; ok
set +o errexit; check; ok
(set +e; check); ok
(set +e; check; ok); ok
(set -e; check; ok)
x=$(check); ok
x=$(check) || ok
echo "$(check)"
export x=$(check)
value=$(check; ok)
check & wait
check & ok
ok & check
X=1 check
check > /dev/null
check > /dev/null || true
command check
true && { check; ok; }
true && { check; ok; }; ok
{ check; ok; } && ok
{ ok; check; } && ok
bad || check
bad || check; ok
bad || { check; ok; }
ok || bad; check; ok
bash -c "check"
bash -c "check; ok"
bash -ec "check; ok"
bash -c "check" || true
bash -c "check || true"
bash -c "check"; ok
sh -c 'check && ok'
! ok || check
""".strip().splitlines()

PROGRAMS = {"check": 'echo ran >> "$RAN"; exit 3', "ok": "exit 0", "bad": "exit 4"}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("programs")
    for name, body in PROGRAMS.items():
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755)
    return folder


def fails(script: str, way: str, path: Path) -> bool | None:
    """Whether a shell that is started so fails by `check`; None where it never runs."""
    ran = path / "ran"
    ran.write_text("")
    env = {"PATH": f"{path}:/usr/bin:/bin", "RAN": str(ran)}
    done = subprocess.run(
        [*way.split(), "-c", script], capture_output=True, timeout=300, env=env, check=False
    )
    return done.returncode != 0 if ran.read_text() else None


def said_to_fail(script: str, errexit: bool, pipefail: bool) -> bool | None:
    """What the model says: one command is `check`; None where it cannot tell."""
    (check,) = (one for one in read_script(script, errexit, pipefail).commands if "check" in one.words[:2])
    return check.fails_script


@pytest.mark.parametrize("way", WAYS)
def test_the_model_says_what_bash_does(way: str, path: Path):
    errexit, pipefail = WAYS[way]
    told = 0
    wrong = []
    for shape in SHAPES:
        said = said_to_fail(shape, errexit, pipefail)
        told += said is not None
        really = fails(shape, way, path)
        assert really is not None, shape
        if said is not None and said != really:
            wrong.append((shape, said))
    assert not wrong
    assert told >= 0.85 * len(SHAPES)


AROUND = (
    "{}; ok",
    "ok; {}",
    "{} && ok",
    "ok && {}",
    "{} || ok",
    "bad || {}",
    "{} || exit 1",
    "( {} )",
    "{{ {}; }}",
    "if {}; then ok; fi",
    "if {}; then ok; else exit 1; fi",
    "if ! {}; then exit 1; fi",
    "if ok; then {}; fi",
    "if bad; then ok; else {}; fi",
    "{} | ok",
    "ok | {}",
    "value=$( {} )",
    "set +e; {}",
    "set -e; {}",
    "set -o pipefail; {}",
    "for i in 1; do {}; done",
    "case x in x) {};; esac",
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(AROUND), min_size=2, max_size=4), st.sampled_from(sorted(WAYS)))
def test_the_model_says_what_bash_does_whatever_stands_around(path: Path, around: list[str], way: str):
    script = "check"
    for shape in around:
        grouped = (
            script if shape.startswith(("{};", "ok;", "(", "{{", "set", "value")) else f"{{ {script}; }}"
        )
        if shape.startswith("if !"):  # the grammar knows no braces behind `!`
            grouped = f"( {script} )"
        script = shape.format(grouped)
    said, really = said_to_fail(script, *WAYS[way]), fails(script, way, path)
    assert said is None or really is None or said == really, script


def only(script: str, name: str, **how: bool) -> Command:
    (found,) = (one for one in read_script(script, **how).commands if one.name == name)
    return found


@pytest.mark.parametrize(
    ("script", "handler"),
    [
        ("check || true", "|| true"),
        ("check \\\n  || { echo no; exit 1; }; ok", "|| { echo no; exit 1; }"),
        ("if ! check; then echo no; fi", "echo no"),
        ("if check; then ok; else echo no; fi", "else echo no;"),
        ("if check; then ok; fi", ""),
        ("é=1\nécho é; check || true # é", "|| true"),
        ('docker run x sh -c "check || true"', "|| true"),
        ("bash -c 'ok; check' || true", "|| true"),
        ("check || echo no >> out.txt", "|| echo no >> out.txt"),
    ],
)
def test_a_handler_knows_its_place(script: str, handler: str):
    held = only(script, "check").handler
    assert held is not None
    assert script[held.start : held.end] == handler


def test_a_handler_that_sets_a_variable_says_so():
    assert only("check || failed=1; exit $failed", "check").handler.assigns
    assert not only("check || echo no", "check").handler.assigns


def test_commands_keep_their_words_and_places():
    script = 'X=1 sudo pytest -q \'a b\' "c" "$d" > out.txt 2>&1'
    command = only(script, "sudo")
    assert command.words == ("sudo", "pytest", "-q", "a b", "c", '"$d"')
    assert command.before == ("X=1",)
    assert command.redirects == ("> out.txt", "2>&1")
    assert [script[start:end] for start, end in command.spans][3:] == ["'a b'", '"c"', '"$d"']
    assert command.plain.startswith("pytest -q")
    assert command.has("-q")
    assert not command.has("-v")


def test_a_function_is_not_run_where_it_stands():
    script = read_script("f() { check; }\nok\nf || true")
    assert [one.name for one in commands_of(script)] == ["ok", "f", "true"]
    assert only("f() { check; }", "check").function == "f"
    assert only("f() { check; }", "check").fails_script is None


def test_expressions_are_words():
    text = "check ${{ a || 'x }}' }} || true"
    assert len(masked(text)) == len(text)
    assert only(text, "check").fate is Fate.HANDLED


def test_what_is_too_long_or_too_deep_is_not_read():
    assert not read_script("x" * (LONGEST + 1)).complete
    assert not read_script("(" * 500 + "check" + ")" * 500).complete
    assert not read_script("$(" * 500 + "check" + ")" * 500).complete


@settings(max_examples=200, deadline=None)
@given(
    st.text(
        alphabet=st.sampled_from(list("ab|&;(){}[]<>$\"'`!#=\\ \n\tif then fi do done é🙂${{}}")), max_size=80
    ),
    st.booleans(),
)
def test_anything_is_read(text: str, errexit: bool):
    script = read_script(text, errexit, False)
    for command in script.commands:
        assert 0 <= command.start <= command.end <= len(text)
        for start, end in command.spans:
            assert 0 <= start <= end <= len(text)
        if command.handler:
            assert 0 <= command.handler.start <= command.handler.end <= len(text)
