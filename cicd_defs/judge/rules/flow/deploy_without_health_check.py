"""A deployment ends before anybody knows whether what it deployed runs.

**Why it matters** `kubectl apply` and `helm upgrade` are done when the cluster has taken the wish down. An image that
does not start, or a probe that fails, leaves the job green and the service down.
**How to fix** Wait for the roll-out (`kubectl rollout status`, `helm upgrade --wait`), or ask the service afterwards.
**Example** `helm upgrade --install shop charts/shop` becomes `helm upgrade --install shop charts/shop --wait`.
"""

import re
from collections.abc import Iterator

from cicd_defs.facts.findings import Edit, Family, Fix, Severity
from cicd_defs.facts.script import Command
from cicd_defs.facts.workflow import WrittenJob, WrittenStep, WrittenWorkflow
from cicd_defs.judge.deployments import Deployment, deployments, deploys
from cicd_defs.judge.edits import edit_script, set_input, with_all
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found

ABOUT = About(Family.FLOW, Severity.MEDIUM)

_LOOKS = re.compile(
    r"kubectl\b.*\b(?:rollout status|wait)\b|helm (?:test|status)\b|\bcurl\b|\bwget\b|\bhttpie?\b|health"
    r"|smoke|readyz|livez"
    r"|wait-for|wait_for|argocd app wait|flux\b.*\bwait|stern\b|playwright|cypress|newman|k6 run|e2e"
    r"|rollout_status|verify"
    r"|aws ecs wait|services-stable",
    re.IGNORECASE,
)
_ROLLS = re.compile(
    r"kubectl (?:-\S+ \S+ )*(?:apply|set image|replace|rollout restart|patch (?:deploy|statefulset"
    r"|daemonset|sts|ds)\S*)"
)
_HELM = re.compile(r"helm (?:-\S+ \S+ )*(?:upgrade|install)\b")
_ECS = re.compile(r"aws ecs update-service\b")
_WAITING = ("--wait", "--atomic", "--rollback-on-failure", "--wait-for-jobs")
_NAMESPACE = re.compile(r"(?:-n|--namespace)[ =](\S+)")
_TARGET = re.compile(
    r"(?:set image|rollout restart|patch)\s+(?:-\S+ \S+ )*?(\S+/\S+|(?:deploy|deployment|statefulset|sts"
    r"|daemonset|ds)\s+\S+)"
)


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Roll-outs that nothing waits for, in the job or in one that needs it."""
    for job in workflow.jobs:
        if not deploys(job):
            continue
        for one in deployments(job):
            if one.command is None:
                yield from _by_action(workflow, job, one.step)
            elif not _waits(one.command) and not _looked_at(workflow, job, one):
                edits = with_all(_waiting(one.step, one.command))
                fix = Fix("Wait until it runs", edits) if edits else None
                start, end = one.step.place(one.command.start, one.command.end)
                shown = " ".join(one.command.plain.split()[:3])
                message = f"nothing waits until what `{shown}` deploys is running"
                yield Found(workflow.source, start, end, message, fix)


def _waits(command: Command) -> bool:
    """Whether a command waits itself, or is none that could."""
    plain = command.plain
    if _HELM.match(plain):
        return any(
            word.partition("=")[0] in _WAITING and not word.endswith("=false") for word in command.words
        )
    return _ROLLS.match(plain) is None and _ECS.match(plain) is None


def _looked_at(workflow: WrittenWorkflow, job: WrittenJob, one: Deployment) -> bool:
    """Whether something later looks whether it runs."""
    assert one.command is not None
    for step in job.steps[one.step.index :]:
        after = one.command.end if step is one.step else 0
        if any(command.start >= after and _LOOKS.search(command.text) for command in step.commands):
            return True
        if step.index > one.step.index and _step_looks(step):
            return True
    return any(
        job.id in workflow.waits_for(other) and any(map(_step_looks, other.steps)) for other in workflow.jobs
    )


def _step_looks(step: WrittenStep) -> bool:
    texts = (step.name or "", step.uses.text if step.uses else "", step.run.text if step.run else "")
    return any(_LOOKS.search(text) for text in texts)


def _waiting(step: WrittenStep, command: Command) -> Edit | None:
    """The command with what waits for it behind."""
    assert step.run is not None
    if command.depth or "<<" in command.text:
        return None
    if _HELM.match(command.plain):
        return edit_script(step, command.end, command.end, " --wait")
    if command.name == "aws":
        return None
    kept = _NAMESPACE.search(command.text)
    where = f" {kept[0]}" if kept else ""
    target = _TARGET.search(command.text)
    tool = command.words[0]
    if target and "=" not in target[1]:
        name = "/".join(target[1].split())
        tail = f" && {tool} rollout status {name}{where} --timeout=5m"
    else:
        tail = f" && {tool} wait --for=condition=Available deployment --all{where} --timeout=5m"
    if step.run.style == '"' and '"' in tail:
        return None
    return edit_script(step, command.end, command.end, tail)


def _by_action(workflow: WrittenWorkflow, job: WrittenJob, step: WrittenStep) -> Iterator[Found]:
    """Amazon's action starts a service and goes on."""
    if step.action != "aws-actions/amazon-ecs-deploy-task-definition" or step.uses is None:
        return
    if step.given("wait-for-service-stability").lower() in {"", "false"} and not any(
        map(_step_looks, job.steps[step.index + 1 :])
    ):
        edits = with_all(set_input(step, "wait-for-service-stability", "true"))
        edits = tuple(
            Edit(one.file, one.start, one.end, one.text.replace('"true"', "true")) for one in edits or ()
        )
        fix = Fix("Wait until it runs", edits) if edits else None
        message = f"nothing waits until what `{step.action}` deploys is running"
        yield Found(workflow.source, step.uses.start, step.uses.end, message, fix)
