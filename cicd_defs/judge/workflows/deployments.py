"""Which jobs bring something to where people use it, and which test it first.

Clusters that a job makes for its tests, dry runs, and pages of documentation are no deployments.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from cicd_defs.facts.patterns import regex
from cicd_defs.facts.script import Command
from cicd_defs.facts.workflow import WrittenJob, WrittenStep, WrittenWorkflow, bare_condition
from cicd_defs.judge.commands.purposes import job_kinds, kind_of_action, purpose_of
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.workflows.expressions import can_be_true
from cicd_defs.judge.workflows.grammar import Exactly
from cicd_defs.judge.workflows.written_outputs import called_workflow
from cicd_defs.plan.kinds import StepKind

_TESTS = frozenset({StepKind.TEST, StepKind.INTEGRATION, StepKind.E2E})
_TEST_CLUSTER = regex(
    r"\b(?:kind create cluster|minikube start|k3d cluster create|kind-action|setup-kind|setup-minikube"
    r"|setup-k3s"
    r"|k3d-action|microk8s|ct install|envtest|localstack|act -|chart-testing)"
)
_CLUSTER_MADE = regex(r"create-cluster|\bcluster\w* create\b|\baks create\b|\bcreate cluster\b")
_CLUSTER_REMOVED = regex(
    r"(?:remove|delete|destroy)-cluster|\bcluster\w* (?:rm|delete|destroy|remove)\b|\baks delete\b|\bdelete cluster\b"
)
_PAGES = frozenset(
    {"actions/deploy-pages", "peaceiris/actions-gh-pages", "jamesives/github-pages-deploy-action"}
)
_OF_PAGES = regex(
    (
        r"\b(?:docs?|documentation|pages|website|site|storybook|preview|pr|pull[- ]request|playground|book"
        r"|mkdocs|sphinx|benchmarks?)\b"
    ),
    re.IGNORECASE,
)
_ABOUT_CODE = regex(
    r"docs?\b|documentation|sphinx|typedoc|cargo doc|rustdoc|mdbook|storybook|doxygen|jekyll|hugo|book\b|coverage"
    r"|benchmark|demo\b|playground|website|site\b|javadoc|dokka|pdoc|benches|report|helm|chart",
    re.IGNORECASE,
)
"""What stands in a file that publishes pages about a program. In others the pages are the program."""
_STATIC = regex(
    r"vercel|netlify|wrangler|pages|surge|firebase|s3 |rsync|scp\b|gsutil|static|\bmike\b|mkdocs|docs"
    r"|amplify|deploy-\w*docs?"
)
_FOR_REVIEW = regex(r"workflow_run\.event\s*==\s*'pull_request")
_NAMED_SO = regex(r"(?:^|[\s/_-])deploy(?:ment|s)?(?=$|[\s/_.\-:(])", re.IGNORECASE)
_NAMED_TEST = regex(
    r"(?:^|[-_/\s'\"])(?:tests?|unit|e2e|integration|pytest|specs?)(?=$|[-_/.\s'\"])", re.IGNORECASE
)
_SCRIPT = regex(r"(?:[\w.-]*[_-])?deploy(?:[_-][\w-]+)?(?:\.(?:sh|py|js|ts|rb|mjs|ps1))?")
_REMOTE = regex(r"[\w.@$\{\}-]+:[\w~/$]")
_OVER_SSH = regex(r"deploy|docker|systemctl|git pull|pm2|kubectl|service \w+ restart")
_NOT_SO = regex(
    r"kubectl (?:-\S+ \S+ )*(?:create|patch|apply) (?:-n \S+ )?(?:namespace|ns|secret|configmap|sa"
    r"|serviceaccount|clusterrole\w*|node|-f \S*(?:crd|namespace)\S*)\b"
    r"|ansible-playbook\b.{0,1000} --(?:check|syntax-check|list)|aws s3 sync s3://|helm (?:-\S+ \S+ )*(?:upgrade"
    r"|install)\b.{0,1000}--dry-run"
    r"|terraform apply\b.{0,1000}-refresh-only|helm plugin|kubectl apply\b.{0,1000}(?:cert-manager|metrics-server"
    r"|calico)\S*/releases/"
)
_PUBLISHES = regex(r"publish|release|build-push-action|bake-action|attest")
_AND_THESE = regex(
    r"(?:npx (?:-\S+ )*)?(?:netlify(?:-cli)?|firebase-tools|surge|railway|copilot svc|zarf package) deploy\b"
    r"|railway up\b|doctl apps (?:create-deployment|update)\b|helmfile (?:-\S+ \S+ )*(?:apply|sync)\b"
    r"|flux (?:-\S+ \S+ )*reconcile\b|pulumi (?:-\S+ \S+ )*up\b|nomad (?:job )?run\b|docker service update\b"
    r"|git push (?:-\S+ )*(?:heroku|dokku|piku|gigalixir|clever)\b|git push (?:-\S+ )*dokku@"
    r"|docker (?:-\S+ \S+ )*(?:--context[ =]|-c |-H |--host[ =])\S+ (?:compose|stack|service)\b.{0,1000} (?:up|deploy"
    r"|update)\b"
)
"""Commands that deploy, besides those that are known to all rules."""
_HOOK = regex(r"deploy[_-]?hook|api\.render\.com/deploy|/deploy/srv-|deploy-?webhook", re.IGNORECASE)
"""Addresses that deploy when they are asked for."""
_PACKAGES = regex(
    r"(?:npm|pnpm|yarn|yarn npm|bun|cargo|poetry|uv|pdm|flit|hatch|vsce|npx vsce|ovsx|jsr|npx jsr|dart pub|flutter pub"
    r"|lerna|npx lerna|changeset|npx changeset) publish\b|(?:python3? -m )?twine upload\b|gem push\b|maturin (?:upload"
    r"|publish)\b|(?:\./)?mvnw? .*\bdeploy(?:\s|$)|dotnet nuget push\b|nuget push\b|mix hex\.publish\b"
)
_OF_PACKAGES = frozenset({"pypa/gh-action-pypi-publish", "js-devtools/npm-publish", "rubygems/release-gem"})
_NOT_OUT = regex(
    r"--dry-run|--dry\b|--skip-upload|test\.pypi|testpypi|localhost|127\.0\.0\.1|verdaccio|local::"
)
_LIKELY = """
deploy kubectl helm ssh rsync scp terraform tofu pulumi skaffold apply vercel netlify argocd ansible heroku dokku
railway eb gcloud aws az cap fly wrangler firebase serverless sls sam cdk kamal docker rollout push flux
doctl nomad DEPLOY render.com
"""
_WORDS = tuple(_LIKELY.split())
"""One of these stands in every script that deploys."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """One step that deploys, and the command by which it does, where it is one."""

    step: WrittenStep
    command: Command | None = None


def deployments(job: WrittenJob) -> tuple[Deployment, ...]:
    """The steps of a job that deploy."""
    if job.uses is not None or any(_makes_cluster(step) for step in job.steps) or _has_its_own_cluster(job):
        return ()
    found: list[Deployment] = []
    for step in job.steps:
        if step.uses is not None:
            if _by_action(step):
                found.append(Deployment(step))
        elif step.run is not None and any(word in step.run.text for word in _WORDS):
            found += [Deployment(step, command) for command in step.commands if _deploys(command)]
    return tuple(found)


def _by_action(step: WrittenStep) -> bool:
    kind = kind_of_action(step)
    if kind is StepKind.DEPLOY:
        return step.action not in _PAGES
    if step.action == "pulumi/actions":
        return step.given("command").strip() in {"up", "update"}
    return re.search(r"/(?:[\w.-]*[-_])?deploy(?:ment|-\w+)?$|deploy-action", step.action) is not None and (
        "pages" not in step.action and "preview" not in step.action
    )


def _deploys(command: Command) -> bool:
    if command.name in {"echo", "printf", "grep", "cat", "sed", "test", "[", "cd", "mkdir"}:
        return False
    plain = command.plain
    if _SCRIPT.fullmatch(plain.partition(" ")[0].rpartition("/")[2]):
        return not command.has("--dry-run", "--check", "--help")
    if command.name == "ssh":
        return _OVER_SSH.search(command.text) is not None
    if command.name in {"rsync", "scp"}:
        return bool(command.words) and _REMOTE.match(command.words[-1]) is not None
    if command.name in {"curl", "wget", "http", "https"}:
        return _HOOK.search(command.text) is not None
    if _AND_THESE.match(plain):
        return not command.has("--dry-run", "--help")
    purpose = purpose_of(command)
    return (
        purpose is not None
        and purpose.kind is StepKind.DEPLOY
        and not _NOT_SO.match(plain)
        and not command.has("--dry-run")
    )


def publishes(job: WrittenJob) -> bool:
    """Whether a job gives a package to a registry, where nobody can take it back."""
    return any(
        (step.action in _OF_PACKAGES and not _NOT_OUT.search(step.given("repository-url")))
        or (
            step.run is not None
            and any(_PACKAGES.match(one.plain) and not _NOT_OUT.search(one.text) for one in step.commands)
        )
        for step in job.steps
    )


def _makes_cluster(step: WrittenStep) -> bool:
    return _TEST_CLUSTER.search(_does(step)) is not None


def _has_its_own_cluster(job: WrittenJob) -> bool:
    """Whether a job makes a cluster, and removes it when it is done."""
    made = any(_CLUSTER_MADE.search(_does(step)) for step in job.steps)
    return made and any(_CLUSTER_REMOVED.search(_does(step)) for step in job.steps)


def _does(step: WrittenStep) -> str:
    return step.uses.text if step.uses else step.run.text if step.run else ""


def deploys(job: WrittenJob) -> bool:
    """Whether a job deploys: by what it does, or as it is called and what it calls."""
    notes = job.file.source.notes
    key = f"deploys {job.id}"
    held = notes.get(key)
    if not (isinstance(held, tuple) and held[0] is job):
        held = notes[key] = (job, _job_deploys(job))
    return bool(held[1])


def _job_deploys(job: WrittenJob) -> bool:
    names = f"{job.id} {job.node.text('name') or ''}".replace("_", " ")
    if any(step.action in _PAGES for step in job.steps):
        return _ABOUT_CODE.search(f"{job.file.path} {job.file.source.text}") is None
    if _OF_PAGES.search(f"{names} {job.environment or ''}"):
        return False
    if job.uses is not None:
        path = job.uses.text.partition("@")[0].rpartition("/")[2]
        return _NAMED_SO.search(path) is not None or (_NAMED_SO.search(job.id) is not None and "ploy" in path)
    if _FOR_REVIEW.search(job.condition.text if job.condition else ""):
        return False
    of_pages = _OF_PAGES.search(job.file.path.rpartition("/")[2].replace("_", " ")) is not None
    found = deployments(job)
    if found:
        return not of_pages or not all(map(_static, found))
    if of_pages:
        return False
    published = any(_PUBLISHES.search(step.action) for step in job.steps)
    called_so = _NAMED_SO.search(job.id) is not None
    return called_so and job.has_deployment and not published and bool(job.steps)


def _static(one: Deployment) -> bool:
    """Whether it puts up files that a web server hands out, as pages of documentation are."""
    return _STATIC.search(one.command.text if one.command else one.step.action) is not None


def tests(job: WrittenJob, repository: Repository) -> bool:
    """Whether a job tests, as far as can be told."""
    notes = job.file.source.notes
    key = f"tests {job.id}"
    held = notes.get(key)
    if not (isinstance(held, tuple) and held[0] is job):
        held = notes[key] = (job, _job_tests(job, repository))
    return bool(held[1])


def _job_tests(job: WrittenJob, repository: Repository) -> bool:
    if job.uses is not None:
        called = called_workflow(job, repository)
        if called is not None and called is not job.file:
            return any(tests(below, repository) for below in called.jobs if below.uses is None)
        return (
            _NAMED_TEST.search(f"{job.id} {job.uses.text.partition('@')[0].rpartition('/')[2]}") is not None
        )
    if _TESTS & job_kinds(job):
        return True
    if not _NAMED_TEST.search(job.id) or deploys(job):
        return False
    return any(step.run is not None and _runs_test(step) for step in job.steps)


def _runs_test(step: WrittenStep) -> bool:
    return any(_NAMED_TEST.search(command.text) for command in step.commands) or step.script is None


@lru_cache(maxsize=4096)
def _possible(condition: str, event: str) -> bool:
    return can_be_true(condition, {"github.event_name": Exactly(event)})


def events_of(job: WrittenJob) -> frozenset[str]:
    """The events at which a job can run."""
    condition = bare_condition(job.condition)
    if condition is None or "${{" in condition:
        return frozenset(job.file.events)
    return frozenset(event for event in job.file.events if _possible(condition, event))


def tested_before(job: WrittenJob, repository: Repository) -> bool:
    """Whether a job that a job waits for tests, or the job does itself."""
    workflow: WrittenWorkflow = job.file
    if job.uses is None and tests(job, repository):
        return True
    called = called_workflow(job, repository)
    if called is not None and any(tests(below, repository) for below in called.jobs):
        return True
    before = workflow.waits_for(job)
    return any(other.id in before and tests(other, repository) for other in workflow.jobs)
