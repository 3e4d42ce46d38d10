"""What every back end of agents does, whichever it is; and what the names of back ends lead to."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from cicd_defs.adapters.agents.backends import UnknownBackend, backend_named
from cicd_defs.adapters.agents.scripted import Scripted
from cicd_defs.facts.reports.agents import TERMINAL, AgentRequest
from cicd_defs.flows.protocols import AgentBackend

PATCH = "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-a = 1\n+a = 2\n"


class Clock:
    def __init__(self):
        self.seconds = 1000.0

    def __call__(self):
        return self.seconds


def request(**changes):
    values = {
        "run": "r1",
        "project": "shop",
        "title": "Add it up",
        "prompt": "Do it",
        "git_dir": "/x",
        "base": "b" * 40,
    }
    return AgentRequest.model_validate({**values, **changes})


@dataclass
class Case:
    """A back end at which attempt 1 ends well after ten seconds, 2 fails, and 3 is unknown. `anew` opens it again."""

    anew: Callable[[], AgentBackend]
    clock: Clock

    @property
    def backend(self) -> AgentBackend:
        return self.anew()


def scripted(folder: Path, clock: Clock) -> Case:
    place = folder / "recordings" / "shop" / "add-it-up"
    place.mkdir(parents=True)
    (place / "1.patch").write_text(PATCH)
    (place / "1.json").write_text('{"message": "Done.", "steps": ["It reads.", "It writes."], "seconds": 10}')
    (place / "2.json").write_text('{"error": "The agent gave up."}')
    return Case(lambda: Scripted(folder / "recordings", folder / "runs", clock), clock)


BACKENDS = {"scripted": scripted}


@pytest.fixture(params=BACKENDS)
def case(request, tmp_path):
    return BACKENDS[request.param](tmp_path, Clock())


def test_a_run_goes_on_and_ends_with_a_patch(case):
    reference = case.backend.create(request(), "key")
    seen = []
    for _ in range(12):
        snapshot = case.backend.get(reference)
        seen.append((snapshot.state, snapshot.progress))
        case.clock.seconds += 1
    assert {state for state, _ in seen} == {"running", "completed"}
    assert [progress for _, progress in seen] == sorted(progress for _, progress in seen)
    assert (snapshot.patch, snapshot.base, snapshot.message) == (PATCH, "b" * 40, "Done.")


def test_the_same_key_is_the_same_run_whichever_process_asks(case):
    first = case.backend.create(request(), "key")
    case.clock.seconds += 6
    assert case.backend.create(request(), "key") == first
    case.clock.seconds += 5
    assert case.backend.get(first).state == "completed", "its time did not begin anew"


def test_another_key_is_another_run(case):
    assert case.backend.create(request(), "one") != case.backend.create(request(), "two")


@pytest.mark.parametrize("attempt", [1, 2, 3])
@pytest.mark.parametrize("cancelled", [False, True])
def test_states_are_total_and_a_terminal_one_is_never_left(case, attempt, cancelled):
    reference = case.backend.create(request(attempt=attempt), f"key:{attempt}")
    if cancelled:
        assert case.backend.cancel(reference) in ("stopped", "requested", "unsupported")
    ended = None
    for _ in range(15):
        snapshot = case.backend.get(reference)
        assert ended in (None, snapshot)
        ended = snapshot if snapshot.state in TERMINAL else ended
        case.clock.seconds += 1
    assert ended is not None
    case.backend.cancel(reference)
    assert case.backend.get(reference) == ended
    assert ended.state == "completed" or ended.error


def test_a_reference_that_was_never_given_out_is_told(case):
    for reference in ("0" * 32, "../../etc/passwd", ""):
        assert case.backend.get(reference).state in ("failed", "unknown")


def test_a_cancelled_run_stops_at_once(case):
    reference = case.backend.create(request(), "key")
    case.backend.cancel(reference)
    assert case.backend.get(reference).state == "cancelled"


@dataclass(frozen=True)
class Settings:
    cicd_home: Path = Path("/home")
    cicd_recordings: Path = Path("/recordings")
    codegen_enable_mock_mode: bool = True


def test_the_scripted_agent_stands_in_for_codegen_where_the_settings_say_so():
    assert [backend_named(name, Settings()).name for name in ("scripted", "codegen")] == [
        "scripted",
        "scripted",
    ]


@pytest.mark.parametrize(
    ("name", "message"), [("codegen", "CODEGEN_ENABLE_MOCK_MODE"), ("copilot", "no agent back end 'copilot'")]
)
def test_a_back_end_that_there_is_not_is_said(name, message):
    with pytest.raises(UnknownBackend, match=message):
        backend_named(name, Settings(codegen_enable_mock_mode=False))
