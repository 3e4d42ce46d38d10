"""From a red evaluation to the same agent: what failed, how to go on, and when to call a person instead."""

from collections.abc import Sequence
from typing import Literal

from cicd_defs.facts.github.pull_requests import PullRequest
from cicd_defs.facts.records.evaluations import Subject
from cicd_defs.facts.records.work import AgentRun, PromptRecord, Task
from cicd_defs.facts.reports.verdicts import Verdict
from cicd_defs.facts.value import Value
from cicd_defs.flows.line import Line
from cicd_defs.flows.work.harvest import AGENT, BRANCHES
from cicd_defs.flows.work.notes import call_person
from cicd_defs.flows.work.order import orders
from cicd_defs.flows.work.start_agent import start_agent
from cicd_defs.flows.work.write_prompt import checks_of, keep, order_for, project_of
from cicd_defs.plan.work.diagnosis import Diagnosis, diagnose
from cicd_defs.plan.work.fix import plan_fix
from cicd_defs.plan.work.prompt import plan_prompt
from cicd_defs.plan.work.strategy import Strategy, Tried, next_strategy
from cicd_defs.render.prompts import render_fix


class FixRequest(Value):
    """What follows from a red evaluation: a run of the agent that mends it, a person, or nothing; `reason` says why."""

    outcome: Literal["requested", "needs_a_person", "nothing"]
    diagnosis: Diagnosis
    reason: str = ""
    strategy: Strategy | None = None
    run: AgentRun | None = None


def request_fix(line: Line, subject: Subject, verdicts: Sequence[Verdict]) -> FixRequest:
    """Ask the agent of a pull request to mend what failed, at most `validation.max_retries` times; then call a person.

    Nothing follows for people's pull requests, for one that is closed or has a newer head, and where nothing failed
    that a change can mend. A head that was asked for already gives the same run again; a person is called once.
    """
    diagnosis = diagnose(verdicts)
    pull_request = line.forge.pull_request(subject.repository, subject.number)
    if not diagnosis.failures:
        return FixRequest(
            outcome="nothing", diagnosis=diagnosis, reason="Nothing failed that a change could mend."
        )
    # A newer head is evaluated by itself.
    if pull_request is None or pull_request.state != "open" or pull_request.head_sha != subject.head:
        return FixRequest(
            outcome="nothing", diagnosis=diagnosis, reason="The pull request is not open at this head."
        )
    task = task_behind(line, subject.project, pull_request)
    if task is None:
        return FixRequest(
            outcome="nothing", diagnosis=diagnosis, reason="No agent of ours opened this pull request."
        )
    return _ask(line, subject, task, diagnosis)


def _ask(line: Line, subject: Subject, task: Task, diagnosis: Diagnosis) -> FixRequest:
    made = [(record, order) for record, order in orders(line.tasks, task.key) if order.is_fix]
    tried = [Tried.model_validate({"strategy": o.strategy, "diagnosis": o.diagnosis}) for _, o in made]
    for (record, order), before in zip(made, tried, strict=True):
        if order.base == subject.head:
            return _requested(line, diagnosis, before.strategy, record)
    project = project_of(line, task)
    most = project.validation.max_retries
    strategy = next_strategy(project.agent.retry_strategies, most, tried, diagnosis)
    if strategy is None:
        reason = f"The agent was asked {len(tried)} of {most} times to mend it. Still: {diagnosis.summary}."
        call_person(line, task, "needs_a_person", "retries", reason)
        return FixRequest(outcome="needs_a_person", diagnosis=diagnosis, reason=reason)
    record = _written(line, subject, task, (strategy, len(tried) + 2), diagnosis)
    return _requested(line, diagnosis, strategy, record)


def _requested(line: Line, diagnosis: Diagnosis, strategy: Strategy, record: PromptRecord) -> FixRequest:
    run = start_agent(line, record)
    return FixRequest(outcome="requested", diagnosis=diagnosis, strategy=strategy, run=run)


def task_behind(line: Line, project: str, pull_request: PullRequest) -> Task | None:
    """The task that our agent opened a pull request for; None for a person's.

    The branch says so too, for when whoever opened it died before the task had its number.
    """
    if task := line.tasks.of_pull_request(project, pull_request.number):
        return task
    key = pull_request.head_ref.removeprefix(BRANCHES)
    is_ours = pull_request.author == AGENT and not pull_request.from_fork and key != pull_request.head_ref
    found = line.tasks.get(key) if is_ours else None
    return found if found and found.project == project and found.key == key else None


def _written(
    line: Line, subject: Subject, task: Task, way: tuple[Strategy, int], diagnosis: Diagnosis
) -> PromptRecord:
    """Write the fix request of a strategy and attempt (`way`) at the pull request's head, and keep it."""
    strategy, attempt = way
    project = project_of(line, task)
    git_dir = line.forge.git_dir(subject.repository)
    tree = line.repositories.tree(git_dir, subject.head)
    prompt = plan_prompt(task, project, tree, checks_of(project, tree), subject.head, hints=diagnosis.words)
    fix = plan_fix(prompt, subject.number, attempt, strategy, diagnosis)
    asked = {
        "attempt": attempt,
        "pull_request": subject.number,
        "strategy": strategy,
        "diagnosis": diagnosis.digest,
    }
    order = order_for(line, task, project, git_dir, subject.head).model_copy(update=asked)
    return keep(line, task, order, render_fix(fix), fix.context_used)
