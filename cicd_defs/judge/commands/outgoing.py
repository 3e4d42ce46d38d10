"""Whether something leaves a job: a release, a package, an image, a deployment."""

from cicd_defs.facts.patterns import regex
from cicd_defs.facts.workflow import WrittenJob, WrittenWorkflow
from cicd_defs.facts.yaml_nodes import texts_of
from cicd_defs.judge.commands.purposes import deploys

_NAMES = regex(r"(?i)publish|release|deploy|upload-to|pypi|npm-?publish|\bcd\b|ship")
_COMMANDS = regex(
    r"\b(?:npm|pnpm|yarn|bun|cargo|poetry|uv|pdm|flit|hatch|vsce|ovsx|jsr|dart|deno) publish\b"
    r"|\btwine upload\b|gem push"
    r"|goreleaser|gh release (?:create|upload)|semantic-release|changeset publish|docker push|mvn\b.{0,1000} deploy"
    r"|lerna publish|gradlew?\b.{0,1000} publish|jreleaser|release-it|maturin (?:upload|publish)"
)
_ACTIONS = regex(r"publish|release|goreleaser|attest|deploy|changesets/action|upload-release|sigstore|cosign")


def goes_out(job: WrittenJob) -> bool:
    """Whether a job releases, publishes or deploys: what others can write to, as a cache, has no place in it."""
    if job.has_deployment or _NAMES.search(job.id) or deploys(job):
        return True
    permissions = job.node.mapping("permissions")
    if permissions and permissions.text("id-token") == "write":
        return True
    return any(
        _ACTIONS.search(step.action) or (step.run is not None and _COMMANDS.search(step.run.text))
        for step in job.steps
    )


def is_for_releases(workflow: WrittenWorkflow) -> bool:
    """Whether a file is started by a release or a tag, or says by its name that it releases."""
    filters = workflow.event("push")
    if "release" in workflow.events or (filters is not None and "tags" in filters.by_key):
        return True
    return bool(_NAMES.search(workflow.path.rpartition("/")[2]))


def releases_from(workflow: WrittenWorkflow) -> bool:
    """Whether a file releases from branches: from those alone that are named so, or something goes out of it, too."""
    filters = workflow.event("push")
    branches = [one.text for one in texts_of(filters.get("branches"))] if filters else []
    named = ["release" in branch.lower() for branch in branches]
    return any(named) and (all(named) or any(map(goes_out, workflow.jobs)))
