"""From a task to the prompt that its agent gets, stored with everything that a run of the agent needs."""

from cicd_defs.facts.detect import detect
from cicd_defs.facts.records.work import PromptRecord, Task
from cicd_defs.facts.tree import Tree
from cicd_defs.flows.errors import CicdError
from cicd_defs.flows.line import Line
from cicd_defs.flows.work.order import Order, order_of
from cicd_defs.plan.local import local_commands
from cicd_defs.plan.pipeline import LocalCommand
from cicd_defs.plan.units import units_of
from cicd_defs.plan.work.prompt import plan_prompt
from cicd_defs.render.prompts import Prompt, render_prompt
from cicd_defs.spec.model import Project


class UnknownTask(CicdError):
    """There is no task of that key."""


def write_prompt(line: Line, task_key: str) -> PromptRecord:
    """Write the prompt of a task at the tip of its project's branch, keep it, and return it.

    A task whose agent was started keeps the prompt that it was started with; the same prompt at the same commit is
    kept once. Raises `UnknownTask`, and `CicdError` where the project or its branch is missing.
    """
    task = task_of(line, task_key)
    if kept := _in_use(line, task):
        return kept
    project = project_of(line, task)
    git_dir = line.forge.git_dir(project.forge_name)
    base = line.repositories.tip(git_dir, project.branch)
    if base is None:
        raise CicdError(
            f"{project.name}: the repository has no branch {project.branch!r}. Correct `branch` in its project file, "
            "or push the branch."
        )
    tree = line.repositories.tree(git_dir, base)
    plan = plan_prompt(task, project, tree, checks_of(project, tree), base)
    order = order_for(line, task, project, git_dir, base)
    return keep(line, task, order, render_prompt(plan), plan.context_used)


def task_of(line: Line, key: str) -> Task:
    """The task of a key. Raises `UnknownTask`."""
    task = line.tasks.get(key)
    if task is None:
        raise UnknownTask(f"There is no task {key!r}. `cicd task list` shows those that there are.")
    return task


def project_of(line: Line, task: Task) -> Project:
    """The project of a task. Raises `CicdError` where no project file declares it (any more)."""
    project = line.projects.get(task.project)
    if project is None:
        raise CicdError(
            f"Task {task.key}: no project file declares {task.project!r}. Put its project file back, or close the task."
        )
    return project


def checks_of(project: Project, tree: Tree) -> tuple[LocalCommand, ...]:
    """The commands of a project's components, as the pipeline has them for people."""
    return local_commands(units_of(project, detect(tree))[0])


def order_for(line: Line, task: Task, project: Project, git_dir: str, base: str) -> Order:
    """The order for the task itself: attempt 1. Its time is the project's, and no longer than the operator allows."""
    return Order(
        project=project.name,
        title=task.title,
        git_dir=git_dir,
        backend=project.agent.backend,
        base=base,
        attempt=1,
        seconds=min(project.agent.timeout_minutes * 60.0, line.limits.agent_seconds),
    )


def keep(line: Line, task: Task, order: Order, prompt: Prompt, context: dict[str, object]) -> PromptRecord:
    """Keep a prompt with its order, unless the same one is kept already, and note that the task was prompted."""
    for record in line.tasks.requests(task.key):
        if record.digest == prompt.digest and order_of(record) == order:
            return record
    now = line.now()
    record = PromptRecord(
        id=line.new_id(),
        task_key=task.key,
        kind="fix" if order.is_fix else "prompt",
        text=prompt.text,
        digest=prompt.digest,
        context_used=context,
        options=order.model_dump(mode="json"),
        created_at=now,
    )
    line.tasks.add_request(record)
    if not order.is_fix:
        line.tasks.set_status(task.key, "prompted", now)
    return record


def _in_use(line: Line, task: Task) -> PromptRecord | None:
    """The record that the agent of a task works on or has worked on, unless that came to nothing."""
    alive = {
        run.intent
        for run in line.agent_runs.of_task(task.key)
        if run.state not in ("failed", "cancelled", "expired")
    }
    for record in line.tasks.requests(task.key):
        order = order_of(record)
        if order and not order.is_fix and order.intent(task.key) in alive:
            return record
    return None
