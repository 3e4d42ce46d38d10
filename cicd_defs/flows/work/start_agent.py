"""Starting the run of an agent: one run for an intent, one supervisor for a run."""

from datetime import datetime, timedelta

from cicd_defs.facts.records.work import AgentRun, PromptRecord
from cicd_defs.flows.errors import CicdError
from cicd_defs.flows.line import Line
from cicd_defs.flows.work.order import Order, order_of, prompted

SILENT_AFTER = timedelta(seconds=60)
"""How long a supervisor may say nothing before it counts as dead."""

_AHEAD = timedelta(days=1)


def start_agent(line: Line, record: PromptRecord) -> AgentRun:
    """Write down the run that a prompt or a fix request is for, start its supervisor, and return the run as it is.

    A second call with the same prompt finds the same run. Where as many runs go on as the operator allows, the run
    stays queued, and `keep_runs_going` starts it when there is room. Raises `CicdError` for a record that no agent can
    work on.
    """
    order = order_of(record)
    if order is None:
        raise CicdError(
            f"Task {record.task_key}: the request {record.id} is no prompt. Materialise `prompt` first."
        )
    return ensure_held(line, line.agent_runs.intend(_run(line, record, order)))


def ensure_held(line: Line, run: AgentRun) -> AgentRun:
    """Start the supervisor of a run that has none and has not ended, if there is room; return the run as it is.

    The row says so before the process is there. If whoever starts it dies in between, the row falls silent, and the
    next look starts it again; of two supervisors of one run the second ends by itself.
    """
    now = line.now()
    if (
        run.state not in ("queued", "running", "unknown")
        or is_held(run, now)
        or not _has_room(line, run, now)
    ):
        return run
    deadline = run.deadline_at or now + timedelta(seconds=_seconds(line, run))
    line.agent_runs.update(run.id, now, heartbeat_at=now, deadline_at=deadline)
    pid = line.starter.start(run.id)
    line.agent_runs.update(run.id, line.now(), pid=pid)
    line.tasks.set_status(run.task_key, "running", line.now())
    return line.agent_runs.get(run.id) or run


def _run(line: Line, record: PromptRecord, order: Order) -> AgentRun:
    now = line.now()
    return AgentRun(
        id=line.new_id(),
        intent=order.intent(record.task_key),
        task_key=record.task_key,
        project=order.project,
        backend=order.backend,
        attempt=order.attempt,
        prompt=record.text,
        base=order.base,
        pull_request=order.pull_request,
        created_at=now,
        updated_at=now,
    )


def _seconds(line: Line, run: AgentRun) -> float:
    found = prompted(line.tasks, run)
    return found[1].seconds if found else line.limits.agent_seconds


def is_held(run: AgentRun, now: datetime) -> bool:
    """Whether the supervisor of a run has said within the last 60 seconds that it lives."""
    return run.heartbeat_at is not None and now - run.heartbeat_at < SILENT_AFTER


def _has_room(line: Line, run: AgentRun, now: datetime) -> bool:
    """Whether fewer runs than allowed are held by a supervisor, this one not counted."""
    held = [
        other for other in line.agent_runs.silent(now + _AHEAD) if other.id != run.id and is_held(other, now)
    ]
    return len(held) < line.limits.agents
