from pathlib import Path

from cicd_defs.adapters.agents.processes import SupervisorStarter
from cicd_defs.flows.protocols import AgentStarter


def test_a_starter_of_processes_fits_what_flows_need(tmp_path: Path) -> None:
    starter: AgentStarter = SupervisorStarter({}, tmp_path)
    assert callable(starter.start)
