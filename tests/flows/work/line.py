"""How tests walk from a task to a pull request."""

import json
from typing import Any

from cicd_defs.facts.records.evaluations import Subject
from cicd_defs.facts.records.work import AgentRun
from cicd_defs.facts.reports.agents import AgentSnapshot
from cicd_defs.facts.reports.steps import StepResult
from cicd_defs.facts.reports.verdicts import Verdict
from cicd_defs.flows.work.harvest import harvest
from cicd_defs.flows.work.hold_agent import Clock, hold_agent
from cicd_defs.flows.work.start_agent import start_agent
from cicd_defs.flows.work.write_prompt import write_prompt
from tests.flows.memory import FILES, World, task, world


def patch(**files: str | None) -> str:
    return json.dumps({f"src/shop/{name}.py": text for name, text in files.items()})


def done(text: str = "", **changes: Any) -> AgentSnapshot:
    values = {"state": "completed", "progress": 100, "patch": text or patch(cart="total = 1\n")}
    return AgentSnapshot.model_validate({**values, **changes})


def started(*said: AgentSnapshot, **changes: Any) -> tuple[World, AgentRun]:
    """A world in which the agent of task shop-1 was started; it says `said`."""
    here = world(FILES, *(said or (done(),)), **changes)
    here.tasks.add(task())
    return here, start_agent(here.line, write_prompt(here.line, "shop-1"))


def held(here: World, run: AgentRun, reached: Any = None) -> AgentRun:
    """The supervisor's loop until its end."""
    clock = Clock(here.clock.now, here.clock.sleep, reached or here.crashes)
    ended = hold_agent(here.agent_runs, here.tasks, here.line.backend, run.id, clock)
    assert ended is not None
    return ended


def opened(*said: AgentSnapshot, **changes: Any) -> World:
    """A world in which the agent's pull request 1 is open."""
    here, run = started(*said, **changes)
    held(here, run)
    harvest(here.line, run.id)
    return here


def subject(here: World, number: int = 1) -> Subject:
    """A pull request as it is now."""
    found = here.forge.pull_request("acme/shop", number)
    assert found is not None
    bound = {"head": found.head_sha, "base": found.base_sha, "policy": "p" * 64}
    return Subject(project="shop", repository="acme/shop", number=number, **bound)


def red(what: str = "NameError") -> tuple[Verdict, ...]:
    step = StepResult(name="Test: shop", kind="test", exit_code=1, tail=what)
    return (Verdict(part="test_results", word="failed", summary="Tests fail.", steps=(step,)),)
