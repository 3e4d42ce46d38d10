import json
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from cicd_defs.adapters.store.engine import open_store
from cicd_defs.cli.delivery.agent import agent
from cicd_defs.cli.reading import UsageProblem
from tests.adapters.store.samples import agent_run, task


@pytest.fixture
def store(tmp_path):
    store = open_store(f"sqlite:///{tmp_path}/store.db", migrate=True)
    yield store
    store.close()


@pytest.fixture
def cicd(tmp_path, store):
    def call(*arguments):
        env = {"CICD_HOME": str(tmp_path), "DATABASE_URL": ""}
        return CliRunner(env=env).invoke(agent, arguments)

    return call


@pytest.fixture
def run(store):
    store.tasks.add(task())
    return store.agent_runs.intend(agent_run(current_step="It \x1b[31mreads."))


def test_runs_are_listed_and_what_others_wrote_cannot_colour_the_terminal(cicd, run):
    answer = cicd("list")
    assert "r1  queued      0 %  shop-1, attempt 1, by scripted" in answer.output
    assert "\x1b" not in answer.output


def test_an_empty_list_says_what_to_do(cicd):
    assert "cicd task submit" in cicd("list").output


def test_runs_as_json(cicd, run):
    assert json.loads(cicd("list", "--task", "shop-1", "--json").output)[0]["intent"] == run.intent
    assert json.loads(cicd("show", "r1", "--json").output)["id"] == "r1"


def test_a_run_is_shown_with_its_reason(cicd, run, store):
    store.agent_runs.update("r1", datetime.now(UTC), state="failed", result={"error": "No recording."})
    assert "failed because: No recording." in cicd("show", "r1").output


def test_cancelling_a_run_that_nobody_holds_ends_it(cicd, run, store):
    assert "shop-1:1: cancelled." in cicd("cancel", "r1").output
    assert store.agent_runs.get("r1").state == "cancelled"


def test_cancelling_a_held_run_asks_its_supervisor(cicd, run, store):
    store.agent_runs.beat("r1", datetime.now(UTC))
    assert "asked to stop" in cicd("cancel", "r1").output
    assert store.agent_runs.get("r1").cancel_requested


@pytest.mark.parametrize("arguments", [("show", "x"), ("cancel", "x"), ("hold", "../x")])
def test_a_run_that_is_not_there_is_said(cicd, arguments):
    answer = cicd(*arguments)
    assert isinstance(answer.exception, UsageProblem)
    assert "`cicd agent list`" in str(answer.exception)


def test_hold_is_not_shown(cicd):
    assert "\n  hold" not in cicd("--help").output
