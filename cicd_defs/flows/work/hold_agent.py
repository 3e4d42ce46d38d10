"""The supervisor's loop: holds one run of an agent at its back end until it has ended."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cicd_defs.facts.records.work import AgentRun
from cicd_defs.facts.reports.agents import TERMINAL, AgentRequest, AgentSnapshot
from cicd_defs.flows.protocols import AgentBackend, AgentRuns, Tasks
from cicd_defs.flows.work.order import prompted

SECONDS_BETWEEN = 1.0
"""Seconds between two looks at the back end; each look is a heartbeat too."""


def _nothing(point: str) -> None:
    """Nothing happens at a named point."""


@dataclass(frozen=True)
class Clock:
    """The time in UTC, a way to wait (seconds), and what is called at named points, for fault tests."""

    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    reached: Callable[[str], None] = _nothing


def hold_agent(
    runs: AgentRuns, tasks: Tasks, backend_named: Callable[[str], AgentBackend], run_id: str, clock: Clock
) -> AgentRun | None:
    """Hold a run until its row has ended, and return it; None where there is no such run.

    The run is created at the back end by its intent as the key: a supervisor that takes over finds it there. The row
    gets its heartbeat, progress and step. It ends at its deadline, or soon after it says cancel, whatever the back end
    does. A back end that cannot be reached is asked again until the deadline.
    """
    run = runs.get(run_id)
    if run is None or run.state in TERMINAL:
        return run
    clock.reached("supervisor:started")
    found = prompted(tasks, run)
    try:
        if found is None:
            raise ValueError(f"Task {run.task_key} has no prompt for {run.intent}. Submit the task again.")
        backend = backend_named(run.backend)
    except ValueError as error:  # nothing that time would change
        return _ended(runs, run_id, AgentSnapshot(state="failed", error=str(error)), clock)
    holder = _Holder(runs, backend, found[1].request(run.id, run.prompt), clock)
    while True:
        held = holder.turn()
        if held is None or held.state in TERMINAL:
            return held
        clock.sleep(SECONDS_BETWEEN)


def _ended(runs: AgentRuns, run_id: str, snapshot: AgentSnapshot, clock: Clock) -> AgentRun | None:
    """Write the last word of a run, and return the row. The store takes the first one only."""
    clock.reached("supervisor:finished_unrecorded")
    runs.update(
        run_id,
        clock.now(),
        state=snapshot.state,
        progress=100 if snapshot.state == "completed" else snapshot.progress,
        current_step=snapshot.step,
        result=snapshot.model_dump(mode="json"),
    )
    return runs.get(run_id)


class _Holder:
    """One run with its back end. `reference` is the run's name there, once it is known."""

    def __init__(self, runs: AgentRuns, backend: AgentBackend, request: AgentRequest, clock: Clock) -> None:
        self._runs, self._backend, self._request, self._clock = runs, backend, request, clock
        self._reference = ""
        self._asked_to_stop = False

    def turn(self) -> AgentRun | None:
        """Look once: beat, ask the back end, write down what it says. Return the row."""
        now = self._clock.now()
        cancelled = self._runs.beat(self._request.run, now)
        run = self._runs.get(self._request.run)
        if run is None or run.state in TERMINAL:
            return run
        if run.deadline_at is not None and now >= run.deadline_at:
            self._stop()
            return self._end(AgentSnapshot(state="expired", error="It was not done at its deadline."))
        if cancelled and self._stop() != "requested":
            return self._end(AgentSnapshot(state="cancelled", error="Somebody cancelled it."))
        return self._write(self._look(run))

    def _look(self, run: AgentRun) -> AgentSnapshot:
        """What the back end says. A fault of its own is nothing that ends the run."""
        try:
            if not self._reference:
                self._reference = self._backend.create(self._request, run.intent)
                self._runs.update(run.id, self._clock.now(), reference=self._reference)
            return self._backend.get(self._reference)
        except Exception as error:  # a back end may raise anything; the deadline bounds it
            return AgentSnapshot(
                state="unknown", step=f"The back end {self._backend.name} did not answer: {error}"
            )

    def _stop(self) -> str:
        """Ask the back end to stop, once; `unsupported` where it cannot be asked."""
        if self._asked_to_stop:
            return "requested"
        self._asked_to_stop = True
        try:
            return self._backend.cancel(self._reference) if self._reference else "stopped"
        except Exception:  # as above; the row ends all the same
            return "unsupported"

    def _write(self, snapshot: AgentSnapshot) -> AgentRun | None:
        if snapshot.state in TERMINAL:
            return self._end(snapshot)
        state = "running" if snapshot.state == "unknown" else snapshot.state
        columns = {"state": state, "progress": snapshot.progress, "current_step": snapshot.step}
        run = self._runs.get(self._request.run)
        if run and snapshot.state == "unknown":
            columns["progress"] = run.progress
        if run and any(getattr(run, name) != value for name, value in columns.items()):
            self._runs.update(run.id, self._clock.now(), **columns)
        return self._runs.get(self._request.run)

    def _end(self, snapshot: AgentSnapshot) -> AgentRun | None:
        return _ended(self._runs, self._request.run, snapshot, self._clock)
