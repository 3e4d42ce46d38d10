"""Tasks that were submitted become runs; agents that have ended have their result taken in."""

import dagster as dg

from assets.delivery.partitions import TASKS
from cicd_defs.flows.line import Line
from cicd_defs.flows.work.expire import keep_runs_going
from cicd_defs.flows.work.notes import call_person
from cicd_defs.flows.work.write_prompt import task_of
from sensors.inbox import PROJECT_TAG
from sensors.runs import MOST_ATTEMPTS, Job, attempt_of

TASK_TAG, AGENT_TAG = "cicd/task", "cicd/agent_run"
MOST_AT_ONCE = 50
FAILED = "Its run failed {} times; Dagster shows under Runs why."


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
        requests = []
        for task in cicd_line.tasks.waiting(MOST_AT_ONCE):
            tags = {PROJECT_TAG: task.project, TASK_TAG: task.key}
            attempt = attempt_of(context.instance, work.name, {TASK_TAG: task.key})
            if attempt >= MOST_ATTEMPTS:
                call_person(cicd_line, task, "failed", "work", FAILED.format(attempt))
                continue
            requests.append(
                dg.RunRequest(run_key=f"task:{task.key}:{attempt}", partition_key=task.key, tags=tags)
            )
        return _result(requests, "No task was submitted.")

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
        requests = []
        for run in cicd_line.agent_runs.unharvested(MOST_AT_ONCE):
            tags = {PROJECT_TAG: run.project, TASK_TAG: run.task_key, AGENT_TAG: run.id}
            attempt = attempt_of(context.instance, harvest.name, {AGENT_TAG: run.id})
            if attempt >= MOST_ATTEMPTS:
                task = task_of(cicd_line, run.task_key)
                call_person(cicd_line, task, "needs_a_person", run.intent, FAILED.format(attempt))
                cicd_line.agent_runs.update(run.id, cicd_line.now(), harvested=True)
                continue
            requests.append(
                dg.RunRequest(run_key=f"agent:{run.id}:{attempt}", partition_key=run.task_key, tags=tags)
            )
        return _result(requests, "No agent has ended.")

    return agents


def _result(requests: list[dg.RunRequest], otherwise: str) -> dg.SensorResult:
    if not requests:
        return dg.SensorResult(skip_reason=otherwise)
    keys = sorted({str(request.partition_key) for request in requests})
    return dg.SensorResult(run_requests=requests, dynamic_partitions_requests=[TASKS.build_add_request(keys)])
