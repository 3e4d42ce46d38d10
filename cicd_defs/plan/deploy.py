"""One place that is deployed to: its job, and what every way of deploying has in common.

A deployment is checked before, waited for, and taken back when it does not become healthy; the job stays red then.
"""

from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from cicd_defs.facts.value import Value
from cicd_defs.plan.permissions import permissions_for
from cicd_defs.plan.pipeline import Concurrency, Environment, Expression, Job, Permission, Step, Text
from cicd_defs.plan.release_images import PushedImage
from cicd_defs.plan.setup import checkout
from cicd_defs.spec.environment import Deploy
from cicd_defs.spec.environment import Environment as Declared
from cicd_defs.spec.model import Project

KUBECONFIG = Expression(text="${{ runner.temp }}/kubeconfig")
"""Where the credentials of a cluster lie while a job runs."""

TAKEN_BACK = "(failure() || cancelled()) && steps.deploy.outcome != 'skipped'"
"""When a deployment is taken back: something went wrong, or was stopped, after it had begun."""


class Place(Value):
    """An environment, how it is deployed to, and what reaches it.

    `files` are kubectl's words for the manifests. `set_images` are the workloads that get an image, each with its
    container; `chart_images` the values of a chart that do. `logins` log in to the registries with `login_secrets`;
    `image_folder` is where in a registry the images of this repository lie. `may_be_asked`: a person may ask for an
    image that was pushed before. `project` is the project's name.
    """

    project: str
    declared: Declared
    deploy: Deploy
    images: tuple[PushedImage, ...] = ()
    secrets: tuple[str, ...] = ()
    files: str = ""
    set_images: tuple[tuple[str, str, PushedImage], ...] = ()
    chart_images: tuple[tuple[str, PushedImage], ...] = ()
    logins: tuple[Step, ...] = ()
    login_secrets: tuple[str, ...] = ()
    image_folder: str | None = None
    may_be_asked: bool = False
    health_check: str | None = None

    @property
    def name(self) -> str:
        """The environment's name."""
        return self.declared.name

    @property
    def job_id(self) -> str:
        """The job that deploys there."""
        return f"deploy-{self.name}"

    @property
    def in_namespace(self) -> str:
        """The option that names the namespace, with a space before it; nothing where none is declared."""
        return f" --namespace {self.declared.namespace}" if self.declared.namespace else ""

    @property
    def cluster_env(self) -> dict[str, Text]:
        """How a step reaches the cluster; nothing where the runner itself knows the way."""
        return {"KUBECONFIG": KUBECONFIG} if self.declared.kubeconfig_secret else {}

    @property
    def secret_env(self) -> dict[str, Text]:
        """The declared secrets, for those steps alone that deploy."""
        return {name: Expression(text=f"${{{{ secrets.{name} }}}}") for name in self.secrets}

    @property
    def image_env(self) -> dict[str, Text]:
        """Every image by its digest: `IMAGE`, or `IMAGE_<NAME>` where there are several."""
        return {image_variable(image, self.images): image.reference for image in self.images}


class Way(Value):
    """The steps of one way to deploy, in the order in which they run.

    One of `deploy` has the id `deploy`: what is taken back is what it did. `rollback` says by an output `nothing=true`
    where nothing ran before that could be gone back to.
    """

    before: tuple[Step, ...] = ()
    deploy: tuple[Step, ...]
    after: tuple[Step, ...] = ()
    rollback: Step | None = None


def image_variable(image: PushedImage, images: Sequence[PushedImage]) -> str:
    """The variable that holds an image."""
    return "IMAGE" if len(images) == 1 else f"IMAGE_{image.image.name.upper().replace('-', '_')}"


def deploy_job(project: Project, place: Place, way: Way, needs: Sequence[str], condition: str) -> Job:
    """Deploy to one place: one after the other, never two at a time, and no deployment is stopped by a newer one."""
    declared = place.declared
    steps = (
        _source(declared.branch or project.branch),
        checkout(),
        *_kubeconfig(place),
        *way.before,
        *_in_time(place, way),
        *_no_kubeconfig(place),
    )
    kubeconfig = (declared.kubeconfig_secret,) if declared.kubeconfig_secret else ()
    return Job(
        id=place.job_id,
        name=f"Deploy to {place.name}",
        runs_on=declared.runs_on or project.pipeline.runs_on,
        needs=tuple(needs),
        condition=condition,
        permissions=permissions_for(steps),
        environment=Environment(name=place.name, url=declared.url),
        concurrency=Concurrency(group=Expression(text=f"deploy-{place.name}"), cancel_in_progress=False),
        secrets=tuple(dict.fromkeys((*place.secrets, *kubeconfig, *place.login_secrets))),
        timeout_minutes=declared.timeout_minutes,
        env=dict(declared.env_vars),
        steps=steps,
    )


HEALTH_MINUTES = 3
"""The longest that a place is asked whether it is healthy: eleven times ten seconds, and the pauses between."""


def _in_time(place: Place, way: Way) -> tuple[Step, ...]:
    """The steps that deploy, ask for health and go back, within the minutes of the deployment.

    The limit of ordinary steps is not meant for them.
    """
    left, back = minutes_to_deploy(place, way), _minutes_to_go_back(place, way)
    # Applying is quick as a rule; what comes after it waits for the rollout.
    waiting = min(_rollout(place), left - max(1, left // 3)) if way.after else 0
    return (
        *(_within(left - waiting, step) for step in way.deploy),
        *(_within(waiting, step) for step in way.after),
        *_health(place),
        *((_within(back, way.rollback),) if way.rollback else ()),
    )


def minutes_to_deploy(place: Place, way: Way) -> int:
    """Minutes for what deploys and waits: it leaves time to ask and to go back, as all ends with the job's minutes."""
    health = HEALTH_MINUTES if place.health_check else 0
    return max(1 + len(way.after), place.declared.timeout_minutes - _minutes_to_go_back(place, way) - health)


def _minutes_to_go_back(place: Place, way: Way) -> int:
    """Minutes that are kept for going back: as many as a rollout may take, at most half of all."""
    if way.rollback is None:
        return 0
    return max(1, min(_rollout(place), place.declared.timeout_minutes // 2))


def _rollout(place: Place) -> int:
    """The longest that a rollout is waited for, in minutes, and one more to tell of it."""
    return place.deploy.rollout_timeout_minutes + 1


def _within(minutes: int, step: Step) -> Step:
    return step.model_copy(update={"timeout_minutes": minutes})


_WRITE_KUBECONFIG = """\
if [ -z "$CONTENT" ]; then
  echo "The secret $SECRET is empty in this environment: it has to hold a kubeconfig." >&2
  exit 1
fi
umask 077
case "$CONTENT" in
  *clusters*) printf '%s\\n' "$CONTENT" > "$KUBECONFIG" ;;
  *) base64 --decode <<< "$CONTENT" > "$KUBECONFIG" ;;
esac
"""


def _kubeconfig(place: Place) -> tuple[Step, ...]:
    """The kubeconfig in a file that only this user reads: as it is, or in base64."""
    secret = place.declared.kubeconfig_secret
    if secret is None:
        return ()
    step = Step(
        id="setup-kubeconfig",
        name="Write the kubeconfig",
        env={
            "CONTENT": Expression(text=f"${{{{ secrets.{secret} }}}}"),
            "SECRET": secret,
            "KUBECONFIG": KUBECONFIG,
        },
        run=_WRITE_KUBECONFIG,
    )
    return (step,)


def _no_kubeconfig(place: Place) -> tuple[Step, ...]:
    if place.declared.kubeconfig_secret is None:
        return ()
    step = Step(
        id="other-kubeconfig",
        name="Remove the kubeconfig",
        condition="always()",
        env={"KUBECONFIG": KUBECONFIG},
        run='rm --force "$KUBECONFIG"\n',
    )
    return (step,)


_HEALTH = """\
curl --fail --silent --show-error --location --output /dev/null \\
  --retry 10 --retry-delay 6 --retry-all-errors --max-time 10 "$ADDRESS"
echo "$ADDRESS answers."
"""


def _health(place: Place) -> tuple[Step, ...]:
    """Ask the place itself, for about two minutes."""
    if place.health_check is None:
        return ()
    step = Step(
        id="verify-health",
        name="Check that it is healthy",
        env={"ADDRESS": place.health_check},
        run=_HEALTH,
        timeout_minutes=HEALTH_MINUTES,
    )
    return (step,)


def health_address(project: Project, declared: Declared) -> str | None:
    """What has to answer once it is deployed, where the place's address is known: a path there, or a whole address.

    A whole address on the machine itself is a preview's, and says nothing of the place.
    """
    path = project.deployment.health_check_url
    if path.startswith("/"):
        return declared.url.rstrip("/") + path if declared.url else None
    host = urlsplit(path).hostname or ""
    return None if host in {"localhost", "127.0.0.1", "0.0.0.0", "::1"} else path  # noqa: S104


_SOURCE = """\
case "$GITHUB_REF" in
  "refs/heads/$BRANCH")
    exit 0
    ;;
  refs/tags/*) ;;
  *)
    echo "This is deployed from the branch $BRANCH or from a tag on it, and not from $GITHUB_REF." >&2
    exit 1
    ;;
esac
state="$(gh api --method GET "repos/$GITHUB_REPOSITORY/compare/${BRANCH//#/%23}...$GITHUB_SHA" --jq .status)"
case "$state" in
  behind | identical)
    echo "$GITHUB_REF is on $BRANCH."
    ;;
  *)
    echo "$GITHUB_REF is not on $BRANCH ($state): only what was merged there is deployed." >&2
    exit 1
    ;;
esac
"""


def _source(branch: str) -> Step:
    """Refuse what was not merged: a tag can be set on any commit, and a run can be started by hand on any branch."""
    return Step(
        id="verify-source",
        name="Check where it comes from",
        condition="github.event_name != 'push'",
        env={"BRANCH": branch, "GH_TOKEN": Expression(text="${{ github.token }}")},
        run=_SOURCE,
        token_needs=(Permission(scope="contents", access="read", reason="see what was merged"),),
    )


Family = Callable[[Place], Way]
"""A way to deploy, for one place."""
