"""A deployment ends before anybody knows whether what it deployed runs.

**Why it matters** `kubectl apply` and `helm upgrade` are done when the cluster has taken the wish down, and
`docker compose up -d` over SSH when the containers were started. An image that does not start, or a probe that fails,
leaves the job green and the service down. Of a script of one's own what it does counts.
**How to fix** Wait for the roll-out (`kubectl rollout status`, `helm upgrade --wait`, `docker compose up --wait`), or
ask the service afterwards.
**Example** `helm upgrade --install shop charts/shop` becomes `helm upgrade --install shop charts/shop --wait`.
"""

import re
from collections.abc import Iterator
from posixpath import join, normpath

from cicd_defs.facts.findings import Edit, Family, Fix, Severity
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.script import Command
from cicd_defs.facts.workflow import WrittenJob, WrittenStep, WrittenWorkflow
from cicd_defs.judge.edits import edit_script, set_input, with_all
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found
from cicd_defs.judge.workflows.deployments import Deployment, deployments, deploys

ABOUT = About(Family.FLOW, Severity.MEDIUM)

_LOOKS = regex(
    r"kubectl\b.{0,1000}\b(?:rollout status|wait)\b|helm (?:test|status)\b|\bcurl\b|\bwget\b|\bhttpie?\b|health"
    r"|smoke|readyz|livez"
    r"|wait-for|wait_for|argocd app wait|flux\b.{0,1000}\bwait|stern\b|playwright|cypress|newman|k6 run|e2e"
    r"|rollout_status|verify"
    r"|aws \w+ wait|services-stable|wait-on|is-active|http_code|--wait\b|--fail-on|until\b|nc -z"
    r"|deployments? (?:status|wait)|heroku ps:wait|releases:output",
    re.IGNORECASE,
)
_ROLLS = regex(
    r"kubectl (?:-\S+ \S+ )*(?:apply|set image|replace|rollout restart|patch (?:deploy|statefulset"
    r"|daemonset|sts|ds)\S*)"
)
_HELM = regex(r"helm (?:-\S+ \S+ )*(?:upgrade|install)\b")
_STARTS = regex(
    r"aws (?:ecs update-service|deploy create-deployment|apprunner start-deployment|elasticbeanstalk update-environment"
    r"|lambda update-function-code)\b"
    r"|docker (?:-\S+ \S+ )*(?:stack deploy|service update|compose\b.{0,1000} up"
    r"|(?:--context|-c|-H|--host)[ =]\S+ .{0,1000}\bup)\b"
    r"|az (?:webapp|functionapp|containerapp) (?:deploy\S*|up|update|restart)\b"
    r"|git push (?:-\S+ )*(?:heroku|dokku|piku)\b|git push (?:-\S+ )*dokku@|heroku container:release\b"
    r"|oc (?:-\S+ \S+ )*(?:apply|rollout latest|set image|start-build)\b|helmfile (?:-\S+ \S+ )*(?:apply|sync)\b"
    r"|argocd app sync\b|doctl apps (?:create-deployment|update)\b|(?:curl|wget|https?)\b"
)
"""Commands that are done when the new version is on its way."""
_DETACHED = regex(
    r"docker[- ]compose\b.{0,1000} up\b|docker (?:service update|stack deploy|run)\b|systemctl (?:re)?start|pm2 \w"
    r"|service \S+ restart|kubectl\b.{0,1000} (?:apply|set image|rollout restart)|supervisorctl (?:re)?start",
    re.DOTALL,
)
"""What starts something on another machine and goes on."""
_OWN = regex(r"(?:[\w.-]+/)*(?:[\w.-]*[_-])?deploy(?:[_-][\w-]+)?\.(?:sh|bash)")
_OF_AMAZON = "aws-actions/amazon-ecs-deploy-task-definition"
_WAITING = ("--wait", "--atomic", "--rollback-on-failure", "--wait-for-jobs")
_NAMESPACE = regex(r"(?:-n|--namespace)[ =](\S+)")
_TARGET = regex(
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
            elif not _waits(one.step, one.command, repository) and not _looked_at(workflow, job, one):
                edits = with_all(_waiting(one.step, one.command))
                fix = Fix("Wait until it runs", edits) if edits else None
                start, end = one.step.place(one.command.start, one.command.end)
                shown = " ".join(one.command.plain.split()[:3])
                message = f"nothing waits until what `{shown}` deploys is running"
                yield Found(workflow.source, start, end, message, fix)


def _waits(step: WrittenStep, command: Command, repository: Repository) -> bool:
    """Whether a command waits itself, or is none that could."""
    plain = command.plain
    if _HELM.match(plain):
        return any(
            word.partition("=")[0] in _WAITING and not word.endswith("=false") for word in command.words
        )
    if command.name == "ssh":
        assert step.run is not None
        told = step.run.text[command.start :] if "<<" in command.text or command.redirects else command.text
        return _DETACHED.search(told) is None
    script = _own_file(command)
    if script is not None:
        return _script_waits(step, script, repository)
    return _ROLLS.match(plain) is None and _STARTS.match(plain) is None


def _own_file(command: Command) -> str | None:
    """The script, playbook or Makefile by which a command deploys."""
    if command.name in {"make", "gmake"}:
        return "Makefile" if any(word.startswith("deploy") for word in command.words[1:3]) else None
    if command.name == "ansible-playbook":
        return next((word for word in reversed(command.words[1:]) if word.endswith((".yml", ".yaml"))), None)
    words = (word.removeprefix("./") for word in command.words[:3])
    return next((word for word in words if _OWN.fullmatch(word)), None)


def _script_waits(step: WrittenStep, script: str, repository: Repository) -> bool:
    """Whether a script of one's own waits, or starts nothing, as far as it is at hand."""
    path = normpath(join(step.directory, script))
    source = repository.source(path) if path in repository.paths else None
    if source is not None and (script != "Makefile" or re.search(r"(?m)^deploy[\w-]*:", source.text)):
        return _LOOKS.search(source.text) is not None or _DETACHED.search(source.text) is None
    return True


def _looked_at(workflow: WrittenWorkflow, job: WrittenJob, one: Deployment) -> bool:
    """Whether something later looks whether it runs."""
    assert one.command is not None
    if _LOOKS.search(_without_name(one.command)) is not None:
        return True
    for step in job.steps[one.step.index :]:
        after = one.command.end if step is one.step else 0
        if any(command.start >= after and _LOOKS.search(command.text) for command in step.commands):
            return True
        if step.index > one.step.index and _step_looks(step):
            return True
    return _looked_at_by_others(workflow, job)


def _without_name(command: Command) -> str:
    """What a command is told, without its own name: `curl` that asks for a deployment looks at nothing."""
    return command.text.removeprefix(command.words[0]) if command.words else ""


def _looked_at_by_others(workflow: WrittenWorkflow, job: WrittenJob) -> bool:
    """Whether a job that waits for this one looks whether it runs, or a called workflow may."""
    return any(
        job.id in workflow.waits_for(other)
        and (
            any(map(_step_looks, other.steps)) or (other.uses is not None and _LOOKS.search(other.uses.text))
        )
        for other in workflow.jobs
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
    if not _ROLLS.match(command.plain):
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
    """Actions that start a service and go on."""
    if step.uses is None or not _goes_on(step):
        return
    if any(map(_step_looks, job.steps[step.index + 1 :])) or _looked_at_by_others(workflow, job):
        return
    edits = None
    if step.action == _OF_AMAZON:
        edits = with_all(set_input(step, "wait-for-service-stability", "true"))
        edits = tuple(
            Edit(one.file, one.start, one.end, one.text.replace('"true"', "true")) for one in edits or ()
        )
    fix = Fix("Wait until it runs", edits) if edits else None
    message = f"nothing waits until what `{step.action}` deploys is running"
    yield Found(workflow.source, step.uses.start, step.uses.end, message, fix)


def _goes_on(step: WrittenStep) -> bool:
    """Whether an action is done when the new version is on its way."""
    if step.action == _OF_AMAZON:
        return step.given("wait-for-service-stability").lower() in {"", "false"}
    if step.action == "akhileshns/heroku-deploy":
        return not step.given("healthcheck")
    if step.action == "appleboy/ssh-action":
        script = step.given("script")
        return _DETACHED.search(script) is not None and _LOOKS.search(script) is None
    return step.action == "azure/webapps-deploy"
