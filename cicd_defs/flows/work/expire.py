"""Keeping runs of agents going: a silent supervisor is started again, a run past its deadline is given up."""

from cicd_defs.facts.records.work import AgentRun
from cicd_defs.facts.reports.agents import AgentSnapshot, AgentState
from cicd_defs.flows.line import Line
from cicd_defs.flows.work.start_agent import SILENT_AFTER, ensure_held


def keep_runs_going(line: Line) -> tuple[AgentRun, ...]:
    """Look after every run whose supervisor has been silent for 60 seconds, and return those runs as they are now.

    One that was to be cancelled is cancelled, one past its deadline is expired, any other gets a new supervisor, which
    finds the run at its back end by its key. A run that waited for room is started where there is room.
    """
    silent = line.agent_runs.silent(line.now() - SILENT_AFTER)
    waiting = (run for run in line.agent_runs.silent(line.now()) if run.heartbeat_at is None)
    runs = {run.id: run for run in (*silent, *waiting)}
    return tuple(_look_after(line, run) for run in runs.values())


def _look_after(line: Line, run: AgentRun) -> AgentRun:
    if run.cancel_requested:
        return _end(line, run, "cancelled", "Somebody cancelled it while it had no supervisor.")
    if run.deadline_at is not None and line.now() >= run.deadline_at:
        return _end(line, run, "expired", "Its supervisor fell silent, and its deadline is over.")
    return ensure_held(line, run)


def _end(line: Line, run: AgentRun, state: AgentState, why: str) -> AgentRun:
    """End a run that nobody holds. What its back end may still do is not asked for any more."""
    snapshot = AgentSnapshot(state=state, progress=run.progress, error=why)
    result = snapshot.model_dump(mode="json")
    line.agent_runs.update(run.id, line.now(), state=state, result=result)
    return line.agent_runs.get(run.id) or run
