"""The compose file of a staging place: the images that were built, and the services that they need."""

from collections.abc import Iterator, Sequence

from cicd_defs.facts.stacks import Stacks
from cicd_defs.facts.written import Written
from cicd_defs.plan.compose_services import PASSWORDS, kept_service, passwords_of, reached_by, required
from cicd_defs.plan.containers import ComposeFile, ComposeService, ComposeValue, Dockerfile
from cicd_defs.plan.deploy_detected import detected_deploy
from cicd_defs.plan.files import COMPOSE_PATH
from cicd_defs.plan.images import Image
from cicd_defs.plan.pipeline import Note
from cicd_defs.plan.services import kind_of
from cicd_defs.plan.units import Unit
from cicd_defs.spec.environment import Environment
from cicd_defs.spec.model import Project

STAGING = "staging"


def compose_of(
    project: Project,
    units: Sequence[Unit],
    stacks: Stacks,
    written: Written,
    images: Sequence[Image],
    made: Sequence[Dockerfile],
) -> tuple[ComposeFile | None, tuple[Note, ...]]:
    """The compose file, where an environment is deployed by it, or one called staging by nothing else.

    With it what a person should know: which variables it takes.
    """
    environment = _served(project, stacks, written)
    if environment is None or not images:
        return None, ()
    applications = [_application(image, images, units, made, project, environment) for image in images]
    services, named = _services(units)
    compose = ComposeFile(
        path=COMPOSE_PATH, name=project.name, services=(*_apart(applications, named, units), *services)
    )
    return compose, tuple(_remarks(environment, tuple(named.values())))


def _served(project: Project, stacks: Stacks, written: Written) -> Environment | None:
    """The environment that the file is for."""
    deployed = [one for one in project.environments if one.deploy and one.deploy.compose == COMPOSE_PATH]
    ours = COMPOSE_PATH if written.whose(COMPOSE_PATH) != "theirs" else None
    theirs = [claim.name for claim in stacks.compose_files if claim.name != ours]
    staging = [one for one in project.environments if one.name == STAGING and one.deploy is None]
    unserved = [one for one in staging if not theirs and detected_deploy(one.name, stacks, written) is None]
    return next(iter((*deployed, *unserved)), None)


def image_variable(image: Image, images: Sequence[Image]) -> str:
    """The variable that holds an image: the same as deployments set."""
    return "IMAGE" if len(images) == 1 else f"IMAGE_{image.name.upper().replace('-', '_')}"


def _unit_of(image: Image, units: Sequence[Unit], made: Sequence[Dockerfile]) -> Unit | None:
    """The component that an image is made of: the one that its Dockerfile is for, else the one in its context."""
    component = next((one.component for one in made if one.path == image.dockerfile), None)
    named = [unit for unit in units if unit.name == component]
    return next(iter(named or [unit for unit in units if unit.path == image.context]), None)


def _application(
    image: Image,
    images: Sequence[Image],
    units: Sequence[Unit],
    made: Sequence[Dockerfile],
    project: Project,
    environment: Environment,
) -> tuple[ComposeService, Unit | None]:
    """The service of one image, and its component."""
    deployment = project.deployment
    unit = _unit_of(image, units, made)
    port = next((one.port for one in made if one.path == image.dockerfile), None)
    port = port or (deployment.port if len(images) == 1 else None)
    values: dict[str, ComposeValue] = {**deployment.environment_variables, **environment.env_vars}
    secrets: dict[str, ComposeValue] = {name: required(name) for name in environment.secrets}
    others = {*_ABOUT_THE_DEPLOYMENT, *PASSWORDS}
    own = {name: value for name, value in secrets.items() if name not in others}
    service = ComposeService(
        name="app" if len(images) == 1 else image.name,
        image=required(image_variable(image, images)),
        environment={**values, **own},
        ports=(f"{port}:{port}",) if port else (),
        is_application=True,
    )
    return service, unit


_ABOUT_THE_DEPLOYMENT = frozenset({"DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "SSH_PRIVATE_KEY"})
"""Secrets by which a deployment finds its machine, and which no application is given."""


def _services(units: Sequence[Unit]) -> tuple[tuple[ComposeService, ...], dict[str, str]]:
    """A service for each image that a component needs, and name to image; two components share one."""
    images = dict.fromkeys(image for unit in units for image in unit.services)
    kinds = [_slug(kind_of(image)) for image in images]
    named: dict[str, str] = {}
    for kind, image in zip(kinds, images, strict=True):
        number = len([name for name in named if name.partition("-")[0] == kind]) + 1
        named[kind if number == 1 else f"{kind}-{number}"] = image
    return tuple(kept_service(name, image) for name, image in named.items()), named


def _slug(name: str) -> str:
    return "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name.lower()).strip(
        "-"
    )


def _apart(
    applications: Sequence[tuple[ComposeService, Unit | None]], named: dict[str, str], units: Sequence[Unit]
) -> Iterator[ComposeService]:
    """The applications with the services that their components need, each on a port of its own outside."""
    taken: set[int] = set()
    for service, unit in applications:
        needed = {name: image for name, image in named.items() if _needs(unit, image, units)}
        found = {
            key: value for name, image in needed.items() for key, value in reached_by(name, image).items()
        }
        yield service.model_copy(
            update={
                "environment": {**found, **service.environment},
                "needs": tuple(needed),
                "ports": tuple(_free(port, taken) for port in service.ports),
            }
        )


def _needs(unit: Unit | None, image: str, units: Sequence[Unit]) -> bool:
    return image in unit.services if unit else len(units) == 1


def _free(port: str, taken: set[int]) -> str:
    inside = int(port.partition(":")[2])
    outside = next(number for number in range(inside, 65536) if number not in taken)
    taken.add(outside)
    return f"{outside}:{inside}"


def _remarks(environment: Environment, images: tuple[str, ...]) -> Iterator[Note]:
    known = (*environment.secrets, *environment.env_vars)
    missing = [name for name in passwords_of(images) if name not in known]
    if missing:
        message = f"it needs {', '.join(missing)}: name them under `secrets` of {environment.name}"
        yield Note(where=COMPOSE_PATH, message=message)
