"""Commands about runs of agents: list, show, cancel; and hold, which the program itself starts."""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from cicd_defs.cli.reading import UsageProblem

if TYPE_CHECKING:
    from cicd_defs.adapters.store.engine import Store
    from cicd_defs.facts.records.work import AgentRun
    from cicd_defs.settings import Settings

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
run_argument = click.argument("run_id", metavar="RUN", help="The run's id, as `cicd agent list` shows it.")


@click.group()
def agent() -> None:
    """See, cancel and hold runs of agents."""


@agent.command("list")
@click.option("--task", "task_key", help="Only the runs for this task, such as shop-17.")
@click.option("--limit", default=50, show_default=True, help="Of so many newest tasks.")
@json_option
def list_runs(task_key: str | None, limit: int, as_json: bool) -> None:
    """List runs of agents, those of the newest tasks first."""
    with _opened() as (_, store):
        keys = [task_key] if task_key else [task.key for task in store.tasks.listed(limit=limit)]
        runs = [run for key in keys for run in store.agent_runs.of_task(key)]
    if as_json:
        print(json.dumps([run.model_dump(mode="json") for run in runs], indent=2))
    elif not runs:
        print("No agent has run yet. `cicd task submit` gives one something to do.")
    else:
        for run in runs:
            print(_row(run))


@agent.command()
@run_argument
@json_option
def show(run_id: str, as_json: bool) -> None:
    """Show one run: how far it is, what it was told, and what came of it."""
    with _opened() as (_, store):
        run = store.agent_runs.get(run_id)
    if run is None:
        raise UsageProblem(f"There is no agent run {run_id!r}. `cicd agent list` shows those that there are.")
    if as_json:
        print(json.dumps(run.model_dump(mode="json"), indent=2))
        return
    from cicd_defs.cli.writing import terminal

    print(_row(run))
    for name, value in _details(run):
        if value:
            print(f"{name}: {terminal(str(value))}")


@agent.command()
@run_argument
def cancel(run_id: str) -> None:
    """Cancel a run. Its supervisor obeys within seconds."""
    from cicd_defs.flows.errors import CicdError
    from cicd_defs.flows.work.cancel_agent import cancel_agent

    with _opened() as (_, store):
        try:
            run = cancel_agent(store.agent_runs, run_id, _now())
        except CicdError as error:
            raise UsageProblem(str(error)) from None
    print(f"{run.intent}: {'asked to stop' if run.state in ('queued', 'running', 'unknown') else run.state}.")


@agent.command(hidden=True)
@run_argument
def hold(run_id: str) -> None:
    """Hold a run until it has ended: its supervisor. The program starts this by itself, once for each run."""
    import logging

    from cicd_defs.adapters.agents.backends import backend_named
    from cicd_defs.adapters.agents.processes import held_alone
    from cicd_defs.adapters.crash import arm, crashpoint
    from cicd_defs.adapters.logs import logged, set_up
    from cicd_defs.flows.work.hold_agent import Clock, hold_agent

    _refuse_foreign(run_id)
    set_up(sys.stderr)
    log = logging.getLogger("cicd.agent")
    with (
        _opened() as (settings, store),
        held_alone(settings.cicd_home, run_id) as alone,
        logged(run=run_id),
    ):
        if not alone:
            log.info("Another supervisor on this machine holds this run.")
            return
        arm(settings.cicd_crash)
        log.info("The supervisor holds this run.")
        clock = Clock(now=_now, sleep=time.sleep, reached=crashpoint)
        run = hold_agent(
            store.agent_runs, store.tasks, lambda name: backend_named(name, settings), run_id, clock
        )
        log.info("There is no such run." if run is None else f"It has ended: {run.state}.")


@contextmanager
def _opened() -> "Iterator[tuple[Settings, Store]]":
    """The settings and our store, for as long as the block runs."""
    from cicd_defs.adapters.store.database import StoreError
    from cicd_defs.adapters.store.engine import open_store
    from cicd_defs.settings import Settings, SettingsError

    try:
        settings = Settings.from_env(os.environ)
        store = open_store(settings.store_url, migrate=True)
    except (SettingsError, StoreError) as error:
        raise UsageProblem(str(error)) from None
    try:
        yield settings, store
    finally:
        store.close()


def _refuse_foreign(run_id: str) -> None:
    """Refuse what cannot be a run's id before a file is named after it."""
    from cicd_defs.adapters.agents.processes import is_run_id

    if not is_run_id(run_id):
        raise UsageProblem(f"{run_id!r} is no id of an agent's run. `cicd agent list` shows the ids.")


def _now() -> datetime:
    return datetime.now(UTC)


def _row(run: "AgentRun") -> str:
    from cicd_defs.cli.writing import terminal

    step = f"  {run.current_step}" if run.current_step else ""
    what = f"{run.task_key}, attempt {run.attempt}, by {run.backend}"
    return terminal(f"{run.id}  {run.state:<9} {run.progress:>3} %  {what}{step}")


def _details(run: "AgentRun") -> list[tuple[str, object]]:
    return [
        ("base", run.base),
        ("pull request", run.pull_request),
        ("deadline", run.deadline_at),
        ("said", run.result.get("message")),
        ("failed because", run.result.get("error")),
        ("patch", run.result.get("patch")),
    ]
