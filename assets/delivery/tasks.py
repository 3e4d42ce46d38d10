"""From a task in plain words to an agent at work on it."""

import dagster as dg

from assets.delivery.acting import user_errors
from assets.delivery.partitions import GROUP, TASKS, VALUES
from assets.delivery.shown import agent_metadata, prompt_metadata, task_metadata
from cicd_defs.facts.records.work import AgentRun, PromptRecord, Task
from cicd_defs.facts.reports.agents import TERMINAL
from cicd_defs.flows.line import Line
from cicd_defs.flows.work.harvest import harvest
from cicd_defs.flows.work.start_agent import start_agent
from cicd_defs.flows.work.write_prompt import task_of, write_prompt


@dg.asset(partitions_def=TASKS, group_name=GROUP, io_manager_key=VALUES, kinds={"task"})
def task(context: dg.AssetExecutionContext, cicd_line: dg.ResourceParam[Line]) -> dg.MaterializeResult[Task]:
    """The task as it was submitted, and what it lacks."""
    with user_errors():
        found = task_of(cicd_line, context.partition_key)
        cicd_line.progress.task_came_to(found, "task", cicd_line.now())
    return dg.MaterializeResult(value=found, metadata=task_metadata(found))


@dg.asset(partitions_def=TASKS, group_name=GROUP, io_manager_key=VALUES, kinds={"markdown"})
def prompt(task: Task, cicd_line: dg.ResourceParam[Line]) -> dg.MaterializeResult[PromptRecord]:
    """What the agent is told: the task, the code that it concerns, and what its work is measured by."""
    with user_errors():
        written = write_prompt(cicd_line, task.key)
        cicd_line.progress.task_came_to(task, "prompt", cicd_line.now())
    return dg.MaterializeResult(value=written, metadata=prompt_metadata(written))


@dg.asset(partitions_def=TASKS, group_name=GROUP, io_manager_key=VALUES, kinds={"agent"})
def agent_run(
    context: dg.AssetExecutionContext, prompt: PromptRecord, cicd_line: dg.ResourceParam[Line]
) -> dg.MaterializeResult[AgentRun]:
    """The agent's newest run. Starts it where it was not; takes its result in where it has ended.

    The agent is held by a process of its own: nothing waits for it here. A sensor asks again once it has ended.
    """
    with user_errors():
        run = start_agent(cicd_line, prompt)
        for one in cicd_line.agent_runs.of_task(prompt.task_key):
            if one.state in TERMINAL and not one.harvested:
                context.log.info(harvest(cicd_line, one.id).model_dump_json())
            run = cicd_line.agent_runs.get(one.id) or run
        cicd_line.progress.task_came_to(
            task_of(cicd_line, prompt.task_key), f"agent_run: {run.state}", cicd_line.now()
        )
    context.log.info(f"{run.intent}: {run.state}, {run.progress} %")
    return dg.MaterializeResult(value=run, metadata=agent_metadata(run))
