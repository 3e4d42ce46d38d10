"""Merge a pull request once, where the newest decision says so; and end the claim when all has been done."""

from cicd_defs.facts.github.pull_requests import MergeOrder, PullRequest
from cicd_defs.facts.github.refusals import MergeRefused
from cicd_defs.facts.records.evaluations import Claim
from cicd_defs.facts.value import Value
from cicd_defs.flows.effects import CannotBeDone, Deed, once
from cicd_defs.flows.line import Line
from cicd_defs.flows.pull_request.claim import may_act
from cicd_defs.flows.pull_request.decide import (
    decision_of,
    evidence_of,
    project_of,
    pull_request_of,
    verdicts_of,
)
from cicd_defs.flows.pull_request.receive import DECIDE, ask_again
from cicd_defs.judge.merge.decision import decide

LAST_STEPS = frozenset({"merged", "fixed"})
"""What a run does last, in whatever order: when both have been looked at, its claim ends."""


class Merged(Value):
    """A merge that was made: the commit that it made on the base."""

    repository: str
    number: int
    head: str
    base: str
    commit: str
    method: str


class NotMerged(Value):
    """Why a decision to merge was not carried out."""

    reason: str


def merge(line: Line, claim: Claim, holder: str) -> Merged | NotMerged:
    """Carry out the newest decision of this evaluation, by our own store; void where it is bound to anything else.

    What it follows from is gathered once more just before: what a person has changed since (a label, a review) counts.
    A merge that the forge refuses because something moved is asked for again as a new evaluation.
    """
    subject = claim.subject
    project = project_of(line, claim)
    decision = decision_of(line, claim)
    if decision is None:
        return NotMerged(reason="There is no decision of this evaluation.")
    if decision.outcome != "merge":
        return NotMerged(reason=f"The decision is to {decision.outcome}.")
    if project.mode != "act":
        return NotMerged(reason=f"The project only {project.mode}s: what would have been done is recorded.")
    if (decision.head, decision.base, decision.policy_digest) != (subject.head, subject.base, subject.policy):
        return NotMerged(reason="The decision is about another head, base or policy.")
    if not may_act(line, claim, holder):
        return NotMerged(reason="Another run acts for this pull request now.")
    found = pull_request_of(line, claim)
    if found.state == "open" and decide(evidence_of(line, claim, project)).outcome != "merge":
        ask_again(line, found, f"changed:{subject.run_key(claim.generation)}:{decision.digest}")
        return NotMerged(reason="What the decision follows from has changed since; it is decided again.")
    try:
        commit = _merged_once(line, claim, project.merge.method)
    except (MergeRefused, CannotBeDone) as refused:
        found = pull_request_of(line, claim)
        if found.state == "open":
            ask_again(line, found, f"refused:{subject.run_key(claim.generation)}")
        return NotMerged(reason=str(refused))
    _told(line, claim, commit)
    _branch_deleted(line, claim)
    return Merged(
        repository=subject.repository,
        number=subject.number,
        head=subject.head,
        base=subject.base,
        commit=commit,
        method=project.merge.method,
    )


def _merged_once(line: Line, claim: Claim, method: str) -> str:
    subject, found = claim.subject, pull_request_of(line, claim)
    order = MergeOrder(
        repository=subject.repository,
        number=subject.number,
        head=subject.head,
        base=subject.base,
        method=method,
        message=f"{found.title} (#{subject.number})",
    )

    def look_up() -> str | None:
        return found.merged_sha if found.state == "merged" and found.head_sha == subject.head else None

    return once(line.effects, _deed(claim), look_up, lambda: line.forge.merge(order, line.now()), line.now)


def _deed(claim: Claim) -> Deed:
    subject = claim.subject
    key = f"merge:{subject.repository}:{subject.number}:{subject.head}:{subject.base}"
    return Deed(key=key, kind="merge")


def finish_merge(line: Line, claim: Claim, found: PullRequest) -> bool:
    """Do what follows from a merge after which its run died; False where it was not ours, or had been followed up."""
    written = line.effects.get(_deed(claim).key)
    if written is None or found.state != "merged" or found.merged_sha is None:
        return False
    line.effects.done(written.key, found.merged_sha, line.now(), written.digest)
    _told(line, claim, found.merged_sha)
    _branch_deleted(line, claim)
    line.claims.end(claim, line.now())
    return True


def _told(line: Line, claim: Claim, commit: str) -> None:
    """Note a merge once, also where its run died before it had followed it up: in the log, the task and a note."""
    subject = claim.subject

    def tell() -> str:
        line.audit.append("cicd", "merged", subject.partition, {"commit": commit}, line.now())
        task = line.tasks.of_pull_request(subject.project, subject.number)
        if task:
            line.tasks.set_status(task.key, "merged", line.now(), subject.number)
            line.progress.task_ended(task, "done", line.now())
        body = {"number": subject.number, "commit": commit}
        line.notifications.add("merge_complete", subject.project, subject.partition, body, line.now())
        return commit

    deed = Deed(key=f"told:{subject.repository}:{subject.number}:{commit}", kind="tell_merge")
    once(line.effects, deed, lambda: None, tell, line.now)


def _branch_deleted(line: Line, claim: Claim) -> None:
    """Delete the branch, where it is still at the merged head and lies in the repository itself."""
    subject, found = claim.subject, pull_request_of(line, claim)
    project = line.projects.get(subject.project)
    if found.from_fork or found.head_ref == found.base_ref or not (project and project.merge.delete_branch):
        return

    def act() -> str:
        return (
            "deleted"
            if line.forge.delete_branch(subject.repository, found.head_ref, subject.head)
            else "kept"
        )

    deed = Deed(key=f"branch:{subject.repository}:{found.head_ref}:{subject.head}", kind="delete_branch")
    try:
        once(line.effects, deed, lambda: None, act, line.now)
    except (
        Exception
    ) as error:  # the merge is made; a branch that stays is no reason to undo or repeat anything
        detail = {"branch": found.head_ref, "error": str(error)[:500]}
        line.audit.append("cicd", "could not delete the branch", subject.partition, detail, line.now())


def has_decided(line: Line, run_key: str | None, holder: str) -> None:
    """End the deliveries that a run was asked to decide for: it has decided, and done what followed."""
    if run_key and run_key.startswith(DECIDE):
        line.inbox.settle_run(run_key, f"Run {holder} has decided.", line.now())


def has_done(line: Line, claim: Claim, step: str, what: str) -> None:
    """Note that a run has come to the end of one of its last steps; with the other one its claim ends."""
    line.evidence.put_part(claim.subject, claim.generation, step, {"outcome": what}, line.now())
    if line.evidence.parts(claim.subject, claim.generation).keys() >= LAST_STEPS:
        decision = decision_of(line, claim)
        words = {part: verdict.word for part, verdict in verdicts_of(line, claim).items()}
        line.progress.evaluation_ended(claim, decision.outcome if decision else "none", words, line.now())
        line.claims.end(claim, line.now())
