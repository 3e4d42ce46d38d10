import os
import resource
import sys
import time
from pathlib import Path

import pytest

from cicd_defs.adapters.programs import Kept, Program, Stream, clean, run_program

PYTHON = sys.executable


def shell(script, seconds=20.0, **more):
    return run_program(Program(["/bin/bash", "-c", script], {"PATH": "/usr/bin:/bin"}, seconds, **more))


@pytest.mark.parametrize(
    ("script", "ended", "code", "out", "err"),
    [
        pytest.param("echo a; echo b >&2; exit 3", "exited", 3, "a\n", "b\n", id="status-and-streams"),
        pytest.param("kill -9 $$", "killed", None, "", "", id="signal"),
        pytest.param("printf 'ä\\xff\\033[31mred\\033[0m\\a'", "exited", 0, "ä\ufffdred", "", id="control"),
        pytest.param("exec >&- 2>&-; sleep 0.3; exit 4", "exited", 4, "", "", id="streams-closed-early"),
        pytest.param(
            "cat; env | sort",
            "exited",
            0,
            "PATH=/usr/bin:/bin\nPWD=/\nSHLVL=0\n_=/usr/bin/env\n",
            "",
            id="env",
        ),
    ],
)
def test_what_a_program_does_is_told(script, ended, code, out, err):
    found = shell(script, folder=Path("/"))
    told = found.out.text.replace("SHLVL=1", "SHLVL=0")
    assert (found.ended, found.code, told, found.err.text) == (ended, code, out, err)


def ends(pid):
    """Whether a process that was killed is gone, or waits for its parent to look."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            if Path(f"/proc/{pid.strip()}/stat").read_text().rpartition(")")[2].split()[0] in "ZX":
                return True
        except OSError:
            return True
        time.sleep(0.02)
    return False


def test_what_is_not_there_is_not_started():
    found = run_program(Program(["/nonexistent/program"], {}, 5.0))
    assert (found.ended, found.code, found.why) == (
        "not_started",
        None,
        "/nonexistent/program: No such file or directory",
    )


def test_what_is_handed_in_is_read():
    given = b"x" * 300_000
    found = run_program(Program(["/usr/bin/wc", "-c"], {}, 10.0, stdin=given))
    assert found.out.text.strip() == "300000"


def test_streams_may_be_one():
    assert shell("echo a; echo b >&2; echo c", together=True).out.text == "a\nb\nc\n"


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("sleep 100", id="sleeps"),
        pytest.param("trap '' TERM; while :; do :; done", id="ignores-being-asked"),
        pytest.param(
            "(trap '' TERM; while :; do sleep 0.1; done) & echo $!; wait", id="child-ignores-being-asked"
        ),
    ],
)
def test_the_time_is_kept_from_outside_and_all_that_was_started_ends(script):
    began = time.monotonic()
    found = shell(script, seconds=0.5)
    assert (found.ended, found.code, found.why) == ("timed_out", None, "It was stopped after 0.5 seconds.")
    assert time.monotonic() - began < 20
    if found.out.text:
        assert ends(found.out.text)


def test_what_stays_behind_ends_with_the_program():
    found = shell("sleep 100 & echo $!")
    assert found.code == 0
    assert ends(found.out.text)


def test_a_watch_stops_a_program_with_its_reason():
    asked = []

    def watch():
        asked.append(1)
        return "enough" if len(asked) > 3 else ""

    found = shell("sleep 100", watch=watch)
    assert (found.ended, found.why) == ("stopped", "enough")


def test_gigabytes_of_output_cost_no_memory():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = shell("echo first; yes | head -c 1500000000; echo last", seconds=120, kept=Kept(1000, 1000))
    assert found.out.total == 1_500_000_011
    assert found.out.cut
    assert found.out.head.startswith("first\n")
    assert found.out.tail.endswith("last\n")
    assert len(found.out.raw) == 2000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 * 1024


@pytest.mark.parametrize("size", range(12))
def test_head_and_tail_are_all_where_nothing_is_cut_and_tear_no_character(size):
    text = "aä€😀z"
    stream = Stream(Kept(size, 40))
    for byte in text.encode():
        stream.add(bytes([byte]))
    assert not stream.cut
    assert stream.head + stream.tail == stream.text == text


def test_what_is_cut_says_how_much():
    stream = Stream(Kept(4, 4))
    stream.add("a€€€€€€b".encode())
    assert (stream.cut, stream.head, stream.tail) == (True, "a€", "€b")
    assert "[12 bytes are not shown]" in stream.text


@pytest.mark.parametrize(
    ("printed", "text"),
    [
        (b"a\tb\nc\r\nd", "a\tb\nc\nd"),
        (b"10%\r20%\n", "10%\n20%\n"),
        (b"\x1b]0;title\x07x\x1b]8;;http://a\x1b\\y", "xy"),
        (b"\x1b[1;31mred\x1b[0m\x1bM\x1b(B", "red"),
        ("\x9b31mred\x85\x00\x7f\u202egnp\u2066".encode(), "redgnp"),
        (b"\x1bP+q\x1b\\ok\x1b]unended", "ok"),
    ],
)
def test_control_characters_are_taken_out(printed, text):
    assert clean(printed) == text


def test_files_of_ours_that_are_passed_on_are_there_and_no_others():
    passed, kept = os.memfd_create("a"), os.memfd_create("b")
    try:
        found = shell("ls /proc/$$/fd", pass_fds=(passed,))
    finally:
        os.close(passed)
        os.close(kept)
    listed = set(found.out.text.split())
    assert str(passed) in listed
    assert str(kept) not in listed


def test_a_program_has_a_session_of_its_own():
    script = "import os; print(os.getsid(0) == os.getpid() == os.getpgid(0))"
    assert run_program(Program([PYTHON, "-c", script], {}, 20.0)).out.text == "True\n"
