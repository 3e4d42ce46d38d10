"""From an agent's run that has ended to a pull request: its patch is believed once git has applied it."""

from dataclasses import dataclass
from typing import Literal

from cicd_defs.facts.changes.refusals import PatchRefused
from cicd_defs.facts.github.pull_requests import PullRequest
from cicd_defs.facts.records.work import AgentRun, Task
from cicd_defs.facts.reports.agents import TERMINAL, AgentSnapshot
from cicd_defs.facts.value import Value
from cicd_defs.flows.effects import CannotBeDone, Deed, once
from cicd_defs.flows.errors import CicdError
from cicd_defs.flows.line import Line
from cicd_defs.flows.work.notes import call_person
from cicd_defs.flows.work.order import prompted
from cicd_defs.flows.work.write_prompt import project_of, task_of
from cicd_defs.render.prompts import render_body

AGENT = "cicd-agent"
"""Who opens the pull requests of agents, in the forge and in git."""

BRANCHES = "cicd/"
"""How the branches of agents' pull requests begin; the task's key follows."""


class Harvest(Value):
    """What became of a run: a pull request at a commit, nothing (`reason` says why), or nothing yet."""

    run: str
    task_key: str
    outcome: Literal["running", "pull_request", "failed"]
    pull_request: int | None = None
    commit: str = ""
    reason: str = ""


@dataclass(frozen=True)
class _Yield:
    """A run that has ended, with the task and the repository that it was for."""

    run: AgentRun
    task: Task
    repository: str
    git_dir: str

    @property
    def branch(self) -> str:
        return branch_of(self.task.key)

    @property
    def snapshot(self) -> AgentSnapshot:
        return AgentSnapshot.model_validate(self.run.result or {"state": self.run.state})


def branch_of(task_key: str) -> str:
    """The branch of a task's pull request."""
    return f"{BRANCHES}{task_key}"


def harvest(line: Line, run_id: str) -> Harvest:
    """Turn what a run brought into a pull request, or into a task that failed or needs a person; return which.

    Doing it again changes nothing: the branch is pushed and the pull request opened once. Raises `CicdError` for a run
    or a project that is not there; what a forge or git raises is passed on, and the next call tries again.
    """
    run = line.agent_runs.get(run_id)
    if run is None:
        raise CicdError(f"There is no agent run {run_id!r}. `cicd agent list` shows those that there are.")
    if run.state not in TERMINAL:
        return Harvest(run=run.id, task_key=run.task_key, outcome="running")
    task = task_of(line, run.task_key)
    repository = project_of(line, task).forge_name
    crop = _Yield(run, task, repository, line.forge.git_dir(repository))
    try:
        over = "" if run.harvested else _is_over(line, crop)
        result = _nothing(crop, over) if over else _bring_in(line, crop)
    except (CannotBeDone, PatchRefused) as error:
        _call(line, crop, str(error))
        result = _nothing(crop, str(error))
    line.agent_runs.update(run.id, line.now(), harvested=True)
    return result


def _is_over(line: Line, crop: _Yield) -> str:
    """Why a fix comes too late, as when a person has merged the pull request meanwhile; else empty."""
    if crop.run.pull_request is None:
        return ""
    found = line.forge.pull_request(crop.repository, crop.run.pull_request)
    return "" if found is None or found.state == "open" else f"Its pull request is {found.state} already."


def _bring_in(line: Line, crop: _Yield) -> Harvest:
    run, snapshot = crop.run, crop.snapshot
    if run.state != "completed":
        raise CannotBeDone(f"The agent's run is {run.state}: {snapshot.error or 'it gave no reason'}")
    if not snapshot.patch.strip():
        raise CannotBeDone("The agent says that it is done, and changed nothing.")
    message = f"{crop.task.title}\n\nTask: {crop.task.key}, attempt {run.attempt}\n"
    commit = line.repositories.commit_patch(crop.git_dir, run.base, snapshot.patch, message, AGENT)
    _push(line, crop, commit)
    number = run.pull_request if run.pull_request is not None else _open(line, crop, commit)
    if not run.harvested:
        line.tasks.set_status(crop.task.key, "pull_request", line.now(), pull_request=number)
    return Harvest(
        run=run.id,
        task_key=crop.task.key,
        outcome="pull_request",
        pull_request=number,
        commit=commit,
    )


def _push(line: Line, crop: _Yield, commit: str) -> None:
    """Move the task's branch to the commit: a new branch for the task itself, from the run's base for a fix."""
    expected = crop.run.base if crop.run.attempt > 1 else None

    def pushed() -> str | None:
        tip = line.repositories.tip(crop.git_dir, crop.branch)
        there = tip is not None and line.repositories.contains(crop.git_dir, tip, commit)
        return commit if there else None

    def push() -> str:
        _refuse_moved(line, crop, expected)
        _note(line, crop, "push", {"branch": crop.branch, "commit": commit})
        line.forge.push(crop.repository, crop.branch, commit, expected, line.now())
        return commit

    deed = Deed(f"push:{crop.repository}:{crop.branch}:{crop.run.intent}", "push", commit)
    once(line.effects, deed, pushed, push, line.now)


def _refuse_moved(line: Line, crop: _Yield, expected: str | None) -> None:
    tip = line.repositories.tip(crop.git_dir, crop.branch)
    if tip == expected:
        return
    if expected is None:
        raise CannotBeDone(
            f"The branch {crop.branch} is there already, at {(tip or '')[:12]}, and not by this run. "
            "Delete or rename it, then submit the task again."
        )
    raise CannotBeDone(
        f"The branch {crop.branch} is not at {expected[:12]} any more, from which the agent worked: somebody pushed to "
        "it or deleted it. Their work stays; the agent's fix is left out."
    )


def _open(line: Line, crop: _Yield, commit: str) -> int:
    """Open the pull request of the task's branch and notify people, once; return its number."""
    found = prompted(line.tasks, crop.run)
    digest = found[0].digest if found else ""
    body = render_body(crop.task, crop.run.backend, crop.snapshot.message, digest, crop.run.base)

    def opened() -> str | None:
        pull_request = line.forge.pull_request_of(crop.repository, crop.branch)
        return str(pull_request.number) if pull_request else None

    def open_it() -> str:
        _note(line, crop, "open_pull_request", {"branch": crop.branch, "commit": commit})
        made: PullRequest = line.forge.open_pull_request(
            crop.repository, crop.branch, crop.task.title, body, AGENT, line.now()
        )
        return str(made.number)

    deed = Deed(f"pull_request:{crop.repository}:{crop.branch}", "pull_request")
    number = int(once(line.effects, deed, opened, open_it, line.now))
    told = {"task": crop.task.key, "title": crop.task.title, "pull_request": number, "commit": commit}
    line.notifications.add("pr_created", crop.task.project, f"{crop.task.key}:{number}", told, line.now())
    return number


def _note(line: Line, crop: _Yield, action: str, detail: dict[str, str]) -> None:
    """Write down what is about to be done, and for which run."""
    subject = f"{crop.repository}:{crop.branch}"
    line.audit.append(
        AGENT, action, subject, {**detail, "task": crop.task.key, "run": crop.run.id}, line.now()
    )


def _call(line: Line, crop: _Yield, reason: str) -> None:
    """Call a person where nothing came of a run. Of a fix the pull request is left to them."""
    if not crop.run.harvested:
        status: Literal["failed", "needs_a_person"] = "needs_a_person" if crop.run.pull_request else "failed"
        call_person(line, crop.task, status, crop.run.intent, reason)


def _nothing(crop: _Yield, reason: str) -> Harvest:
    run = crop.run
    return Harvest(
        run=run.id, task_key=run.task_key, outcome="failed", pull_request=run.pull_request, reason=reason
    )
