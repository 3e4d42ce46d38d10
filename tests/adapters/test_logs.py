"""The log is JSON lines that know where they belong, without secrets."""

import io
import json
import logging

import pytest

from cicd_defs.adapters.logs import JsonLines, logged, set_up

SECRET = "It's a Secret to Everybody"


@pytest.fixture
def log():
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    stream = io.StringIO()
    set_up(stream, "INFO", [SECRET, "a"])
    yield stream
    root.handlers[:] = before
    root.setLevel(level)


def lines(stream):
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_has_time_level_and_message(log):
    logging.getLogger("x").warning("kept %s", 3)
    (line,) = lines(log)
    assert (line["level"], line["message"], line["logger"]) == ("warning", "kept 3", "x")
    assert line["time"].endswith("+00:00")
    assert "project" not in line


def test_lines_within_a_context_carry_it_and_those_after_do_not(log):
    with logged(project="shop", pull_request=42):
        with logged(run="r1", project="web"):
            logging.info("inner")
        logging.info("outer")
    logging.info("after")
    inner, outer, after = lines(log)
    assert (inner["project"], inner["pull_request"], inner["run"]) == ("web", 42, "r1")
    assert (outer["project"], "run" in outer) == ("shop", False)
    assert "project" not in after


def test_secrets_are_written_nowhere(log):
    with logged(task=SECRET):
        try:
            raise ValueError(f"bad {SECRET}")
        except ValueError:
            logging.exception("with %s", SECRET)
    assert "Everybody" not in log.getvalue()
    (line,) = lines(log)
    assert line["message"] == "with ***"
    assert "ValueError: bad ***" in line["error"]


@pytest.mark.parametrize(
    ("message", "arguments", "written"),
    [("a\nb\ud800", (), "a\nb\ud800"), ("%d", ("three",), "%d (with arguments that do not fit)")],
)
def test_any_message_becomes_one_line(message, arguments, written):
    record = logging.LogRecord("x", logging.INFO, "x.py", 1, message, arguments, None)
    line = JsonLines().format(record)
    assert "\n" not in line
    assert json.loads(line)["message"] == written


def test_set_up_twice_writes_once(log):
    set_up(log, "DEBUG")
    logging.debug("once")
    assert len(lines(log)) == 1
