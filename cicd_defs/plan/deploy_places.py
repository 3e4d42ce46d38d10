"""Where a project is deployed to, and by what: as declared, else by what the repository has for it."""

from collections.abc import Iterator, Sequence

from cicd_defs.facts.stacks import Stacks
from cicd_defs.facts.value import Value
from cicd_defs.facts.written import Written
from cicd_defs.plan.deploy import Family, Place, health_address, minutes_to_deploy
from cicd_defs.plan.deploy_command import command_way
from cicd_defs.plan.deploy_compose import compose_way
from cicd_defs.plan.deploy_detected import detected_deploy, kubectl_files
from cicd_defs.plan.deploy_helm import helm_way
from cicd_defs.plan.deploy_kubectl import kubectl_way
from cicd_defs.plan.deploy_skaffold import skaffold_way
from cicd_defs.plan.pipeline import Note
from cicd_defs.plan.release_images import PushedImage, image_folder, registry_logins, registry_secrets
from cicd_defs.spec.environment import Deploy, Environment
from cicd_defs.spec.model import Project

FAMILIES: dict[str, Family] = {
    "kubectl": kubectl_way,
    "helm": helm_way,
    "skaffold": skaffold_way,
    "compose": compose_way,
    "command": command_way,
}
"""How each way of deploying becomes steps."""

ON_A_CLUSTER = frozenset({"kubectl", "helm", "skaffold"})
"""The ways that need a cluster's credentials."""

WITH_A_LOGIN = frozenset({"skaffold", "compose"})
"""The ways in which the job itself pulls or pushes images; a cluster pulls them by its own secret."""


class Places(Value):
    """Every place that can be deployed to, in the order declared, and what a person should know of them."""

    places: tuple[Place, ...] = ()
    notes: tuple[Note, ...] = ()


def places_of(project: Project, stacks: Stacks, written: Written, images: Sequence[PushedImage]) -> Places:
    """The declared environments with what each is deployed by; one of which that is not known is left out, and told."""
    places, notes = [], []
    for declared in project.environments:
        deploy = declared.deploy or detected_deploy(declared.name, stacks, written)
        if deploy:
            places.append(_place(project, declared, deploy, stacks, images))
        messages = _remarks(project, places[-1]) if deploy else (_NOTHING,)
        notes += [Note(where=f"environments.{declared.name}", message=message) for message in messages]
    return Places(places=tuple(places), notes=tuple(notes))


_NOTHING = (
    "nothing is deployed there: no chart, skaffold file, manifests or compose file was detected that is surely meant; "
    "declare `deploy`"
)


def _place(
    project: Project, declared: Environment, deploy: Deploy, stacks: Stacks, images: Sequence[PushedImage]
) -> Place:
    logs_in = deploy.method in WITH_A_LOGIN
    return Place(
        project=project.name,
        declared=declared,
        deploy=deploy,
        images=() if deploy.method == "skaffold" else tuple(images),
        secrets=tuple(dict.fromkeys((*project.pipeline.secrets, *declared.secrets))),
        files=kubectl_files(deploy.kubectl, stacks) if deploy.kubectl else "",
        set_images=tuple(_set_images(deploy, images)),
        chart_images=tuple(_chart_images(deploy, images)),
        logins=registry_logins(project) if logs_in else (),
        login_secrets=registry_secrets(project) if logs_in else (),
        image_folder=image_folder(project),
        may_be_asked=bool(images),
        health_check=health_address(project, declared),
    )


def _set_images(deploy: Deploy, images: Sequence[PushedImage]) -> Iterator[tuple[str, str, PushedImage]]:
    """The workloads that get an image, each with its container: the image that is called like one of the two."""
    for workload, container in deploy.set_image.items():
        image = image_called(container, images) or image_called(workload.partition("/")[2], images)
        if image:
            yield workload, container, image


def _chart_images(deploy: Deploy, images: Sequence[PushedImage]) -> Iterator[tuple[str, PushedImage]]:
    if deploy.helm is None:
        return
    if not deploy.image_values and len(images) == 1:
        yield "image", images[0]
    for value, name in deploy.image_values.items():
        if image := image_called(name, images):
            yield value, image


def image_called(name: str, images: Sequence[PushedImage]) -> PushedImage | None:
    """The only image, whatever it is called; else the one of that name, or the only one that ends with it."""
    if len(images) == 1:
        return images[0]
    exact = [image for image in images if image.image.name == name]
    fitting = exact or [image for image in images if image.image.name.endswith(f"-{name}")]
    return fitting[0] if len(fitting) == 1 else None


def _remarks(project: Project, place: Place) -> Iterator[str]:
    """What a person should know of one place."""
    declared, deploy = place.declared, place.deploy
    if declared.deploy is None:
        path = getattr(deploy, deploy.method)
        yield f"deployed with {deploy.method} from `{path}`, which was detected; `deploy` says another way"
    if declared.require_approval:
        yield (
            f"a person approves each deployment: GitHub asks for it once the environment `{declared.name}` has "
            "required reviewers in the repository's settings"
        )
    yield from _without_image(place)
    yield from _without_time(place)
    yield from _out_of_reach(place)
    if place.login_secrets:
        names = ", ".join(place.login_secrets)
        yield f"its job logs in to the registries by itself: keep {names} in the environment `{declared.name}` too"
    if place.health_check and "health_check_url" not in project.deployment.model_fields_set:
        yield (
            f"{place.health_check} has to answer after a deployment, or it is taken back; "
            "`deployment.health_check_url` says another path"
        )
    if deploy.command and not deploy.rollback:
        yield "nothing is taken back where the command fails: declare `rollback`"


def _without_image(place: Place) -> Iterator[str]:
    """What asks for an image and gets none, and why."""
    known = ", ".join(f"`{image.image.name}`" for image in place.images)
    why = f"of {known} none is called so" if known else "none is pushed; declare `docker.registries`"
    given = {workload for workload, _, _ in place.set_images}
    for workload, container in place.deploy.set_image.items():
        if workload not in given:
            yield f"{workload} keeps the image of its manifest for `{container}`: {why}"
    values = {value for value, _ in place.chart_images}
    for value, name in place.deploy.image_values.items():
        if value not in values:
            yield f"`{value}` of the chart keeps its image and does not get `{name}`: {why}"
    if place.deploy.compose and not place.images:
        yield "the variable IMAGE is not set there: no image is pushed; declare `docker.registries`"
    if place.deploy.helm and len(place.images) > 1 and not place.deploy.image_values:
        yield f"the chart gets none of {known}: say by `image_values` where it keeps them"


def _without_time(place: Place) -> Iterator[str]:
    """Where a rollout would be stopped before the time that it may take."""
    method, rollout = place.deploy.method, place.deploy.rollout_timeout_minutes
    left = minutes_to_deploy(place, FAMILIES[method](place))
    if method != "command" and left <= rollout:
        yield (
            f"of {place.declared.timeout_minutes} minutes {left} are left to deploy and wait, as the others are kept "
            f"for going back, and a rollout may take {rollout}: raise `timeout_minutes`"
        )


def _out_of_reach(place: Place) -> Iterator[str]:
    """What a runner of GitHub's own could not reach."""
    declared, method = place.declared, place.deploy.method
    if declared.runs_on:
        return
    if method in ON_A_CLUSTER and not declared.kubeconfig_secret:
        yield "the runner has to know the way to the cluster by itself: no `kubeconfig_secret` is declared"
    if method == "compose" and "DOCKER_HOST" not in (*place.secrets, *declared.env_vars):
        yield (
            "compose brings it up on the runner, and GitHub's are gone afterwards: name a runner of your own by "
            "`runs_on`, or another machine by DOCKER_HOST"
        )
