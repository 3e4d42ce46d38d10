import pytest

from cicd_defs.adapters.agents.backends import UnknownBackend
from cicd_defs.facts.reports.agents import AgentSnapshot
from cicd_defs.flows.line import Limits
from cicd_defs.flows.work.cancel_agent import cancel_agent
from cicd_defs.flows.work.hold_agent import Clock, hold_agent
from tests.flows.memory import Died
from tests.flows.work.line import done, held, started

WORKING = AgentSnapshot(state="running", progress=40, step="It reads the cart.")


def test_progress_and_result_are_written_into_the_row():
    here, run = started(WORKING, done(message="It is done."))
    seen = []

    def sleep(seconds):
        row = here.agent_runs.get(run.id)
        seen.append((row.state, row.progress, row.current_step, row.reference))
        here.clock.sleep(seconds)

    ended = hold_agent(
        here.agent_runs, here.tasks, here.line.backend, run.id, Clock(here.clock.now, sleep, here.crashes)
    )
    assert seen == [("running", 40, "It reads the cart.", f"at-backend:{run.intent}")]
    assert (ended.state, ended.progress, ended.result["message"]) == ("completed", 100, "It is done.")
    assert not ended.harvested


@pytest.mark.parametrize("point", ["supervisor:started", "supervisor:finished_unrecorded"])
def test_a_supervisor_that_dies_is_followed_by_one_that_finds_the_same_run(point):
    here, run = started(WORKING, done())
    here.crashes.at = point
    with pytest.raises(Died):
        held(here, run)
    assert here.agent_runs.get(run.id).state in ("queued", "running")
    assert held(here, run).state == "completed"
    assert list(here.backend.created) == [run.intent]


def test_a_result_is_written_once():
    here, run = started(done(message="first"))
    first = held(here, run)
    here.backend.said = [done(message="second")]
    assert held(here, run) == first


def test_the_deadline_ends_a_run_that_goes_on_for_ever():
    here, run = started(WORKING)
    ended = held(here, run)
    assert (ended.state, ended.progress) == ("expired", 0)
    assert (here.clock.now() - ended.created_at).total_seconds() == pytest.approx(
        Limits().agent_seconds, abs=2
    )
    assert here.backend.cancelled == [f"at-backend:{run.intent}"]


@pytest.mark.parametrize(
    ("answer", "said", "state"),
    [
        pytest.param("stopped", [WORKING], "cancelled", id="stopped"),
        pytest.param("unsupported", [WORKING], "cancelled", id="unsupported"),
        pytest.param(
            "requested", [WORKING, WORKING, AgentSnapshot(state="cancelled")], "cancelled", id="later"
        ),
        pytest.param("requested", [WORKING, WORKING, done()], "completed", id="was-quicker"),
    ],
)
def test_a_run_whose_row_says_cancel_is_ended(answer, said, state):
    here, run = started(*said)
    here.backend.cancels = answer
    began = here.clock.now()

    def sleep(seconds):
        cancel_agent(here.agent_runs, run.id, here.clock.now())
        here.clock.sleep(seconds)

    ended = hold_agent(here.agent_runs, here.tasks, here.line.backend, run.id, Clock(here.clock.now, sleep))
    assert ended.state == state
    assert len(here.backend.cancelled) == 1
    assert (here.clock.now() - began).total_seconds() < 5


def test_a_back_end_that_does_not_answer_is_asked_again():
    here, run = started(WORKING, done())
    here.backend.faults = [OSError("no route"), OSError("no route")]
    assert held(here, run).state == "completed"


def test_a_run_that_no_back_end_can_take_has_failed_and_says_why():
    here, run = started()

    def nobody(name):
        raise UnknownBackend(f"There is no agent back end {name!r}.")

    ended = hold_agent(
        here.agent_runs, here.tasks, nobody, run.id, Clock(here.clock.now, here.clock.sleep, here.crashes)
    )
    assert (ended.state, ended.result["error"]) == ("failed", "There is no agent back end 'scripted'.")


def test_without_a_prompt_the_run_has_failed():
    here, run = started()
    here.tasks.records.clear()
    assert "no prompt" in held(here, run).result["error"]


def test_there_is_nothing_to_hold_of_a_run_that_is_not_there():
    here, _ = started()
    assert (
        hold_agent(
            here.agent_runs, here.tasks, here.line.backend, "x", Clock(here.clock.now, here.clock.sleep)
        )
        is None
    )
