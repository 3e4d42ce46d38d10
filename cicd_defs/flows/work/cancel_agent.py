"""Cancelling a run of an agent."""

from datetime import datetime

from cicd_defs.facts.records.work import AgentRun
from cicd_defs.facts.reports.agents import TERMINAL, AgentSnapshot
from cicd_defs.flows.errors import CicdError
from cicd_defs.flows.protocols import AgentRuns
from cicd_defs.flows.work.start_agent import is_held


def cancel_agent(runs: AgentRuns, run_id: str, now: datetime) -> AgentRun:
    """Ask for a run to be cancelled, and return it. Its supervisor does so within seconds.

    A run that no supervisor holds is ended here; one that has ended stays as it is. Raises `CicdError` for no run.
    """
    run = runs.get(run_id)
    if run is None:
        raise CicdError(f"There is no agent run {run_id!r}. `cicd agent list` shows those that there are.")
    if run.state in TERMINAL:
        return run
    runs.update(run_id, now, cancel_requested=True)
    if not is_held(run, now):
        snapshot = AgentSnapshot(state="cancelled", progress=run.progress, error="Somebody cancelled it.")
        runs.update(run_id, now, state="cancelled", result=snapshot.model_dump(mode="json"))
    return runs.get(run_id) or run
