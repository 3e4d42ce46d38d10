"""Where a project is deployed to, and by what: as declared, else by what the repository has for it."""

from collections.abc import Iterator, Sequence
from posixpath import dirname

from cicd_defs.facts.stacks import Stacks
from cicd_defs.facts.value import Value
from cicd_defs.facts.written import Written
from cicd_defs.plan.deploy import Family, Place, health_address, quoted
from cicd_defs.plan.deploy_kubectl import kubectl_way
from cicd_defs.plan.files import COMPOSE_PATH
from cicd_defs.plan.pipeline import Note
from cicd_defs.plan.release_images import PushedImage
from cicd_defs.spec.environment import Deploy, Environment
from cicd_defs.spec.model import Project

FAMILIES: dict[str, Family] = {
    "kubectl": kubectl_way,
}
"""How each way of deploying becomes steps."""

KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")


class Places(Value):
    """Every place that can be deployed to, in the order declared, and what a person should know of them."""

    places: tuple[Place, ...] = ()
    notes: tuple[Note, ...] = ()


def places_of(project: Project, stacks: Stacks, written: Written, images: Sequence[PushedImage]) -> Places:
    """The declared environments with what each is deployed by. One of which that is not known is left out, and told."""
    found, notes = [], []
    for declared in project.environments:
        where = f"environments.{declared.name}"
        deploy = declared.deploy or _detected(declared, stacks, written)
        if deploy is None:
            notes.append(Note(where=where, message=_NOTHING))
            continue
        if declared.deploy is None:
            path = getattr(deploy, deploy.method)
            message = (
                f"deployed with {deploy.method} from `{path}`, which was detected; `deploy` says another way"
            )
            notes.append(Note(where=where, message=message))
        place = _place(project, declared, deploy, stacks, images)
        found.append(place)
        notes += [Note(where=where, message=message) for message in _remarks(project, place)]
    return Places(places=tuple(found), notes=tuple(notes))


_NOTHING = (
    "nothing is deployed there: no chart, skaffold file, manifests or compose file was detected that is surely meant; "
    "declare `deploy`"
)


def _place(
    project: Project, declared: Environment, deploy: Deploy, stacks: Stacks, images: Sequence[PushedImage]
) -> Place:
    return Place(
        project=project.name,
        declared=declared,
        deploy=deploy,
        images=tuple(images),
        secrets=tuple(dict.fromkeys((*project.pipeline.secrets, *declared.secrets))),
        files=_manifests(deploy.kubectl, stacks) if deploy.kubectl else "",
        set_images=tuple(
            (workload, container, image)
            for workload, container in deploy.set_image.items()
            if (image := image_for(workload, container, images))
        ),
        health_check=health_address(project, declared),
    )


def image_for(workload: str, container: str, images: Sequence[PushedImage]) -> PushedImage | None:
    """The image that a container gets: the only one, or the one that is called like the container or its workload."""
    if len(images) == 1:
        return images[0]
    for name in (container, workload.partition("/")[2]):
        fitting = [
            image for image in images if image.image.name == name or image.image.name.endswith(f"-{name}")
        ]
        if len(fitting) == 1:
            return fitting[0]
    return None


def _manifests(path: str, stacks: Stacks) -> str:
    """kubectl's words for a file or folder: a kustomization where it has one, and what is below where all is there."""
    folder = path.rstrip("/")
    known = {claim.name for claim in stacks.kubernetes}
    if any(f"{folder}/{name}" in known for name in KUSTOMIZATIONS):
        return f"--kustomize {quoted(folder)}"
    inside = [name for name in known if name.startswith(f"{folder}/")]
    below = inside and not any(dirname(name) == folder for name in inside)
    return f"--filename {quoted(path)}" + (" --recursive" if below else "")


def _detected(declared: Environment, stacks: Stacks, written: Written) -> Deploy | None:
    """What the repository is deployed by: its chart, else skaffold, else its manifests, else compose."""
    ours = {COMPOSE_PATH} if written.whose(COMPOSE_PATH) != "theirs" else set()
    ways = {
        "helm": [claim.name for claim in stacks.helm_charts],
        "skaffold": [claim.name for claim in stacks.skaffold],
        "kubectl": _folders([claim.name for claim in stacks.kubernetes]),
        "compose": [claim.name for claim in stacks.compose_files if claim.name not in ours],
    }
    for method, paths in ways.items():
        if paths:
            path = _meant(paths, declared.name)
            return Deploy.model_validate({method: path}) if path else None
    return None


def _folders(manifests: Sequence[str]) -> list[str]:
    """The folders of manifests. One at the top is itself: nobody applies all that lies at the top."""
    return sorted({dirname(path) or path for path in manifests})


def _meant(paths: Sequence[str], name: str) -> str | None:
    """The only one, or the only one with the environment's name in its path."""
    if len(paths) == 1:
        return paths[0]
    named = [path for path in paths if name in path.replace(".", "/").replace("-", "/").split("/")]
    return named[0] if len(named) == 1 else None


def _remarks(project: Project, place: Place) -> Iterator[str]:
    declared = place.declared
    if declared.require_approval:
        yield (
            f"a person approves each deployment: GitHub asks for it once the environment `{declared.name}` has "
            "required reviewers in the repository's settings"
        )
    for workload, container in place.deploy.set_image.items():
        if workload not in {each for each, _, _ in place.set_images}:
            yield _no_image(workload, container, place)
    if place.health_check and "health_check_url" not in project.deployment.model_fields_set:
        yield (
            f"{place.health_check} has to answer after a deployment, or it is taken back; "
            "`deployment.health_check_url` says another path"
        )


def _no_image(workload: str, container: str, place: Place) -> str:
    if not place.images:
        return f"{workload} keeps the image of its manifest: none is pushed; declare `docker.registries`"
    known = ", ".join(image.image.name for image in place.images)
    return f"{workload} keeps the image of its manifest: no image is called `{container}`; known are {known}"
