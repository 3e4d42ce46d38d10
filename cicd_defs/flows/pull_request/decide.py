"""Decide on a pull request: gather the evidence, judge it, keep both, and say it on the forge."""

from cicd_defs.facts.github.pull_requests import PullRequest
from cicd_defs.facts.records.evaluations import Claim, DecisionRecord
from cicd_defs.facts.records.work import Task
from cicd_defs.facts.reports.verdicts import Verdict
from cicd_defs.flows.line import Line
from cicd_defs.flows.pull_request.claim import NotOurs, PullRequestFacts, facts_of
from cicd_defs.flows.work.request_fix import task_behind
from cicd_defs.judge.merge.decision import Decision, decide
from cicd_defs.judge.merge.evidence import MergeEvidence
from cicd_defs.judge.merge.policy import Policy, policy_of
from cicd_defs.spec.model import Project

REPORT, DECISION = "report", "decision"
"""The parts under which the report and the newest decision are kept, beside what the parts of the evaluation say."""


def verdicts_of(line: Line, claim: Claim) -> dict[str, Verdict]:
    """What each part of an evaluation said, by our own store."""
    parts = line.evidence.parts(claim.subject, claim.generation)
    return {part: Verdict.model_validate(body) for part, body in parts.items() if "word" in body}


def decide_merge(line: Line, claim: Claim) -> Decision:
    """Decide on what was found and what the forge says now; keep the decision with its evidence.

    The same evidence gives the same decision, which is kept once. Raises `NotOurs` where the pull request is gone.
    """
    project = project_of(line, claim)
    evidence = evidence_of(line, claim, project)
    decision = decide(evidence)
    subject = claim.subject
    line.evidence.put_decision(
        DecisionRecord(
            id=line.new_id(),
            project=subject.project,
            repository=subject.repository,
            number=subject.number,
            head=subject.head,
            base=subject.base,
            outcome=decision.outcome,
            evidence_digest=evidence.digest,
            digest=decision.digest,
            evidence=evidence.model_dump(mode="json"),
            decision=decision.model_dump(mode="json"),
            at=line.now(),
        )
    )
    kept = decision.model_dump(mode="json")
    line.evidence.put_part(subject, claim.generation, DECISION, kept, line.now())
    line.reached("run:decided")
    line.audit.append(
        "cicd", f"decided: {decision.outcome}", subject.partition, {"decision": decision.digest}, line.now()
    )
    return decision


def decision_of(line: Line, claim: Claim) -> Decision | None:
    """The newest decision of this very evaluation; one of an earlier generation does not count."""
    body = line.evidence.parts(claim.subject, claim.generation).get(DECISION)
    return Decision.model_validate(body) if body else None


def evidence_of(line: Line, claim: Claim, project: Project) -> MergeEvidence:
    """Everything that a decision follows from, as it is at this moment."""
    subject, found = claim.subject, pull_request_of(line, claim)
    policy = policy_of(project)
    git_dir = line.forge.git_dir(subject.repository)
    facts = facts_kept(line, claim)
    task = task_behind(line, subject.project, found)
    verdicts = verdicts_of(line, claim)
    return MergeEvidence(
        pull_request=found,
        head=subject.head,
        base=subject.base,
        policy=policy,
        verdicts=verdicts,
        reviews=line.forge.reviews(subject.repository, subject.number),
        checks=line.forge.checks(subject.repository, found.head_sha),
        changes=facts.paths,
        changes_cut=facts.cut,
        has_conflict=line.repositories.merge_result(git_dir, subject.base, subject.head) is None,
        frozen=policy.frozen(line.now()),
        asked_by=task.asked_by if task else "",
        fix_running=task is not None and is_red(verdicts) and may_be_fixed(line, project, task),
    )


def may_be_fixed(line: Line, project: Project, task: Task) -> bool:
    """Whether the agent may try once more, or is at it: the first attempt is the task, each further one a fix."""
    return len(line.agent_runs.of_task(task.key)) <= project.validation.max_retries


def is_red(verdicts: dict[str, Verdict]) -> bool:
    """Whether a part that an agent can mend has failed."""
    return any(
        verdicts[part].word == "failed" for part in ("sandbox_build", "test_results") if part in verdicts
    )


def keep_facts(line: Line, claim: Claim, facts: PullRequestFacts) -> None:
    """Keep what a pull request is, for decisions that are made later."""
    body = facts.model_dump(mode="json")
    line.evidence.put_part(claim.subject, claim.generation, "pull_request", body, line.now())


def facts_kept(line: Line, claim: Claim) -> PullRequestFacts:
    """What the pull request was when its evaluation began."""
    body = line.evidence.parts(claim.subject, claim.generation).get("pull_request")
    return PullRequestFacts.model_validate(body) if body else facts_of(line, claim.subject, claim.generation)


def pull_request_of(line: Line, claim: Claim) -> PullRequest:
    """The pull request as the forge has it now."""
    found = line.forge.pull_request(claim.subject.repository, claim.subject.number)
    if found is None:
        raise NotOurs(f"{claim.subject.partition}: there is no such pull request any more.")
    return found


def project_of(line: Line, claim: Claim) -> Project:
    """The project of a claim, as its file is now. Raises `NotOurs` where its policy is another one by now."""
    project = line.projects.get(claim.subject.project)
    if project is None:
        raise NotOurs(f"There is no project `{claim.subject.project}` any more, or its file is refused.")
    if policy_of(project).digest != claim.subject.policy:
        raise NotOurs(
            f"{claim.subject.partition}: the project file has changed since it was evaluated: post an event of it, or "
            "materialise `pull_request` again."
        )
    return project


def policy_now(line: Line, claim: Claim) -> Policy:
    """The policy that a claim is bound to."""
    return policy_of(project_of(line, claim))
