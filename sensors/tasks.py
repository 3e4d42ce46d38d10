"""Tasks that were submitted become runs; agents that have ended have their result taken in."""

import dagster as dg

from assets.delivery.partitions import TASKS
from cicd_defs.flows.line import Line
from cicd_defs.flows.work.expire import keep_runs_going
from sensors.inbox import PROJECT_TAG
from sensors.runs import Job, attempt_of

TASK_TAG, AGENT_TAG = "cicd/task", "cicd/agent_run"
MOST_AT_ONCE = 50


def tasks_sensor(work: Job) -> dg.SensorDefinition:
    """Ask for a run of each task that was submitted: task, prompt, agent run."""

    @dg.sensor(
        name="tasks",
        job=work,
        minimum_interval_seconds=2,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Asks for the prompt and the agent of each task that was submitted.",
    )
    def tasks(context: dg.SensorEvaluationContext, cicd_line: dg.ResourceParam[Line]) -> dg.SensorResult:
        waiting = cicd_line.tasks.waiting(MOST_AT_ONCE)
        if not waiting:
            return dg.SensorResult(skip_reason="No task was submitted.")
        return dg.SensorResult(
            run_requests=[
                dg.RunRequest(
                    run_key=f"task:{task.key}:{attempt_of(context.instance, work.name, {TASK_TAG: task.key})}",
                    partition_key=task.key,
                    tags={PROJECT_TAG: task.project, TASK_TAG: task.key},
                )
                for task in waiting
            ],
            dynamic_partitions_requests=[TASKS.build_add_request([task.key for task in waiting])],
        )

    return tasks


def agents_sensor(harvest: Job) -> dg.SensorDefinition:
    """Ask for `agent_run` again once an agent's run has ended; hold runs whose process has died anew."""

    @dg.sensor(
        name="agents",
        job=harvest,
        minimum_interval_seconds=2,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Takes in what agents have made, and restarts the processes that hold them.",
    )
    def agents(context: dg.SensorEvaluationContext, cicd_line: dg.ResourceParam[Line]) -> dg.SensorResult:
        keep_runs_going(cicd_line)
        ended = cicd_line.agent_runs.unharvested(MOST_AT_ONCE)
        if not ended:
            return dg.SensorResult(skip_reason="No agent has ended.")
        return dg.SensorResult(
            run_requests=[
                dg.RunRequest(
                    run_key=f"agent:{run.id}:{attempt_of(context.instance, harvest.name, {AGENT_TAG: run.id})}",
                    partition_key=run.task_key,
                    tags={PROJECT_TAG: run.project, TASK_TAG: run.task_key, AGENT_TAG: run.id},
                )
                for run in ended
            ],
            dynamic_partitions_requests=[TASKS.build_add_request([run.task_key for run in ended])],
        )

    return agents
