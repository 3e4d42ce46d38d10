"""The first step of a run: is this head still to be evaluated, and is it ours to do?"""

from typing import Literal

from cicd_defs.facts.changes.diff import Diff
from cicd_defs.facts.github.pull_requests import PullRequest
from cicd_defs.facts.records.evaluations import Claim, Subject
from cicd_defs.facts.value import Value
from cicd_defs.flows.errors import CicdError
from cicd_defs.flows.line import Line
from cicd_defs.flows.pull_request.receive import refusal, subject_of
from cicd_defs.flows.work.request_fix import task_behind
from cicd_defs.judge.merge.evidence import ChangedPath, changed_paths


class NotOurs(CicdError):
    """This run is not to act for the pull request: why. Nothing went wrong."""


class PullRequestFacts(Value):
    """A pull request at the head that is evaluated: what it is, how large it is, and what the result is bound to."""

    subject: Subject
    generation: int
    pull_request: PullRequest
    paths: tuple[ChangedPath, ...]
    cut: bool = False
    added: int
    removed: int
    size: Literal["small", "medium", "large"]
    task: str | None = None


def claim_head(
    line: Line, partition: str, holder: str, run_key: str | None
) -> tuple[Claim, PullRequestFacts]:
    """Take the right to evaluate a pull request's head, and look at the pull request.

    `partition` is `PROJECT-NUMBER-SHA12`; `holder` the run's id; `run_key` what the run was asked for under, None where
    a person asked. Deliveries under that key end here; those of a run that is not ours are asked for again.
    Raises `NotOurs` where a newer head has come, where another run has taken it, or where as many go on as may.
    """
    subject = current_subject(line, partition)
    generation = line.claims.generation(subject)
    if run_key is None and (before := line.claims.current(subject.repository, subject.number)):
        generation = _again(line, before, subject, generation)
    elif run_key is not None and run_key != subject.run_key(generation):
        raise NotOurs(
            f"{partition}: the head, its base or the policy has changed since this run was asked for."
        )
    facts = facts_of(line, subject, generation)  # before the claim: what fails here leaves none behind
    claim = line.claims.take(subject, generation, holder, line.now(), line.limits.validations)
    if claim is None:
        raise NotOurs(
            f"{partition}: another run evaluates it or has done so, or {line.limits.validations} evaluations go on "
            "already (MAX_CONCURRENT_VALIDATIONS)."
        )
    line.reached("run:claimed")
    facts = facts.model_copy(update={"generation": claim.generation})
    if project := line.projects.get(subject.project):
        line.progress.evaluation_began(project, claim, facts.pull_request.url, line.now())
    if run_key is not None:
        line.inbox.settle_run(run_key, f"Run {holder} has taken it.", line.now())
    return claim, facts


def _again(line: Line, before: Claim, subject: Subject, generation: int) -> int:
    """A person asks for what was done before: it is done again, as the next generation."""
    if before.subject == subject and before.state == "done":
        line.claims.void(before, line.now())
        return line.claims.generation(subject)
    return generation


def current_subject(line: Line, partition: str) -> Subject:
    """What a partition's evaluation is bound to now. Raises `NotOurs` where its head is not the newest any more."""
    project_name, number, head = split_partition(partition)
    project = line.projects.get(project_name)
    if project is None:
        raise NotOurs(f"{partition}: there is no project `{project_name}` any more, or its file is refused.")
    found = line.forge.pull_request(project.forge_name, number)
    if found is None or (reason := refusal(project, found)):
        raise NotOurs(f"{partition}: {reason if found else 'there is no such pull request.'}")
    if not found.head_sha.startswith(head):
        raise NotOurs(f"{partition}: its head is {found.head_sha[:12]} now, and that is evaluated instead.")
    return subject_of(project, found)


def split_partition(partition: str) -> tuple[str, int, str]:
    """Project, number and the beginning of the head's commit."""
    name, _, head = partition.rpartition("-")
    project, _, number = name.rpartition("-")
    if not (project and number.isdecimal() and head):
        raise NotOurs(f"{partition!r} is no pull request's partition, such as shop-42-0123456789ab.")
    return project, int(number), head


def facts_of(line: Line, subject: Subject, generation: int) -> PullRequestFacts:
    """What a pull request is, at the head that is evaluated."""
    found = line.forge.pull_request(subject.repository, subject.number)
    if found is None or found.head_sha != subject.head:
        raise NotOurs(f"{subject.partition}: its head has moved.")
    diff = diff_of(line, subject)
    added, removed = (
        sum(file.added_lines for file in diff.files),
        sum(file.removed_lines for file in diff.files),
    )
    task = task_behind(line, subject.project, found)
    return PullRequestFacts(
        subject=subject,
        generation=generation,
        pull_request=found,
        paths=changed_paths(diff),
        cut=diff.cut,
        added=added,
        removed=removed,
        size="small" if added + removed <= 100 else "medium" if added + removed <= 1000 else "large",
        task=task.key if task else None,
    )


LONGEST_PATH, LONGEST_NAME = 4096, 255
"""Bytes of a path and of a name in it, above which no file system has it: git does, and patterns would choke on it."""


def diff_of(line: Line, subject: Subject) -> Diff:
    """What the evaluated head changes. Files with names that no file system takes are left out, and make it `cut`."""
    diff = line.repositories.diff(line.forge.git_dir(subject.repository), subject.base, subject.head)
    files = tuple(file for file in diff.files if _is_a_path(file.path) and _is_a_path(file.old_path))
    return diff.model_copy(update={"files": files, "cut": diff.cut or len(files) < len(diff.files)})


def _is_a_path(path: str) -> bool:
    data = path.encode("utf-8", "surrogateescape")
    return len(data) <= LONGEST_PATH and all(len(name) <= LONGEST_NAME for name in data.split(b"/"))


def acting_claim(line: Line, partition: str, holder: str, evaluates: bool = False) -> Claim:
    """The claim under which a run may act on what was found: its own, or the ended one of an evaluation.

    A run that `evaluates` must hold its own: to evaluate again makes a new generation. Raises `NotOurs` where another
    run holds the pull request, or another head, base or policy counts by now.
    """
    project_name, number, _ = split_partition(partition)
    project = line.projects.get(project_name)
    claim = line.claims.current(project.forge_name, number) if project else None
    if claim is None or claim.subject.partition != partition:
        raise NotOurs(
            f"{partition}: it was not evaluated, or a newer head was: materialise `pull_request` first."
        )
    if not may_act(line, claim, holder):
        raise NotOurs(f"{partition}: another run evaluates this pull request now.")
    if evaluates and claim.state != "held":
        raise NotOurs(f"{partition}: it was evaluated. To evaluate it again, materialise `pull_request` too.")
    return claim


def may_act(line: Line, claim: Claim, holder: str) -> bool:
    """Whether a run may do something to the world for this claim now: asked before every effect."""
    now = line.claims.current(claim.subject.repository, claim.subject.number)
    if now is None or (now.subject, now.generation) != (claim.subject, claim.generation):
        return False
    return now.state == "done" or (now.state == "held" and now.holder == holder)
