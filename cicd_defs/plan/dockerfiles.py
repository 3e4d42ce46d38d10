"""Which container files a project gets: a Dockerfile for each application, and what its build leaves out."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from cicd_defs.facts.application import process_of
from cicd_defs.facts.commands import is_safe_path
from cicd_defs.facts.dockerfile import usual_context
from cicd_defs.facts.stacks import Component, StackName, Stacks
from cicd_defs.facts.written import Written
from cicd_defs.plan.compose_file import compose_of
from cicd_defs.plan.containers import (
    Cmd,
    Containers,
    Dockerfile,
    Env,
    Expose,
    Instruction,
    Label,
    Stage,
    User,
)
from cicd_defs.plan.dockerfile_compiled import go_recipe, rust_recipe
from cicd_defs.plan.dockerfile_java import java_recipe
from cicd_defs.plan.dockerfile_node import node_recipe
from cicd_defs.plan.dockerfile_parts import UID, Recipe, Target, Unfit, health_path, listening, new_user
from cicd_defs.plan.dockerfile_python import python_recipe
from cicd_defs.plan.files import COMPOSE_PATH, at, container_paths
from cicd_defs.plan.health import health_check
from cicd_defs.plan.ignores import ignores_for
from cicd_defs.plan.images import Image
from cicd_defs.plan.pipeline import Candidate, Note
from cicd_defs.plan.units import Unit
from cicd_defs.spec.model import Project

RECIPES: dict[StackName, Callable[[Target], Recipe]] = {
    "python": python_recipe,
    "node": node_recipe,
    "go": go_recipe,
    "rust": rust_recipe,
    "java": java_recipe,
}
"""Stack to how its applications are packed."""


STARTERS: dict[StackName, frozenset[str]] = {
    "python": frozenset(
        {"python", "python3", "gunicorn", "uvicorn", "flask", "fastapi", "hypercorn", "daphne", "celery"}
    ),
    "node": frozenset({"node", "npm", "npx", "pnpm", "yarn", "bun", "next", "nest"}),
    "go": frozenset({"go"}),
    "rust": frozenset({"cargo"}),
    "java": frozenset({"java", "mvn", "gradle"}),
}
"""The programs by which a start command tells its stack, where two components share a folder."""

NO_START = (
    "no Dockerfile is written: nothing tells how it is started, as with a library; "
    "if it is an application, say how: `deployment.start_command`"
)


def containers_of(
    project: Project, units: Sequence[Unit], stacks: Stacks, written: Written
) -> tuple[Containers, tuple[Note, ...]]:
    """The container files that the project calls for, and what a person should know of them."""
    if "docker" not in project.model_fields_set:
        return Containers(), ()
    dockerfiles: dict[str, Dockerfile] = {}
    notes: list[Note] = [*_unknown_component(project, units)]
    for unit in units:
        path = at(unit.path, "Dockerfile")
        if _has_its_own(unit, stacks, written):
            continue
        try:
            dockerfile, remarks = _packed(project, unit, units, stacks, path in dockerfiles)
        except Unfit as reason:
            notes.append(Note(where=unit.name, message=str(reason)))
        else:
            dockerfiles[path] = dockerfile
            notes += [Note(where=unit.name, message=remark) for remark in remarks]
    made = tuple(dockerfiles.values())
    return Containers(dockerfiles=made, ignores=ignores_for(made, units)), tuple(notes)


def with_compose(
    containers: Containers,
    project: Project,
    units: Sequence[Unit],
    stacks: Stacks,
    written: Written,
    images: Sequence[Image],
) -> tuple[Containers, tuple[Note, ...]]:
    """The same with the compose file, which speaks of every image that is built, theirs among them."""
    compose, notes = compose_of(project, units, stacks, written, images, containers.dockerfiles)
    return containers.model_copy(update={"compose": compose}), notes


def _packed(
    project: Project, unit: Unit, units: Sequence[Unit], stacks: Stacks, taken: bool
) -> tuple[Dockerfile, tuple[str, ...]]:
    """A component's Dockerfile, and remarks on it; raises `Unfit` where it gets none."""
    path = at(unit.path, "Dockerfile")
    if path not in container_paths(project):
        raise Unfit(
            "no Dockerfile is written in its folder: name it under `pipeline.components` to get one there"
        )
    if taken:
        raise Unfit("no Dockerfile is written: another component in its folder has one")
    if unit.stack not in RECIPES or not is_safe_path(path):
        raise Unfit("no Dockerfile is written: its stack is not known")
    target = _target(project, unit, units, stacks)
    recipe = RECIPES[unit.stack](target)
    dockerfile = Dockerfile(
        path=path,
        context="." if target.prefix else unit.path,
        component=unit.name,
        bases=recipe.bases,
        stages=(*recipe.stages, _production(project, target, recipe)),
        port=target.port,
    )
    return dockerfile, tuple(_remarks(target))


def _unknown_component(project: Project, units: Sequence[Unit]) -> Iterator[Note]:
    name, known = project.deployment.component, [unit.name for unit in units]
    if name and name not in known:
        message = f"`deployment.component` names {name}, and there are {', '.join(known) or 'none'}"
        yield Note(where="deployment", message=message)


def _has_its_own(unit: Unit, stacks: Stacks, written: Written) -> bool:
    """Whether a Dockerfile of theirs builds the component already, wherever it stands."""
    theirs = [source for source in stacks.images if written.whose(source.dockerfile) != "ours"]
    path = at(unit.path, "Dockerfile")
    return written.whose(path) == "theirs" or any(
        (source.context or usual_context(source.dockerfile)) == unit.path for source in theirs
    )


def _component(unit: Unit, stacks: Stacks) -> Component | None:
    return next((one for one in stacks.components if (one.path, one.stack) == (unit.path, unit.stack)), None)


def _target(project: Project, unit: Unit, units: Sequence[Unit], stacks: Stacks) -> Target:
    """What the Dockerfile is made for: what was declared, over what was detected."""
    component = _component(unit, stacks)
    if component is None:
        raise Unfit("no Dockerfile is written: nothing was detected in its folder")
    application, deployment = component.application, project.deployment
    told = _speaks_of(project, unit, units)
    declared = deployment.start_command if told else None
    start = process_of(declared) if declared else application.start
    if not start:
        raise Unfit(NO_START)
    return Target(
        unit=unit,
        application=application,
        start=start,
        prefix=unit.path if _builds_on_siblings(unit) else "",
        build=deployment.build_command if told else None,
        arguments=project.docker.docker_build_args,
        env=deployment.environment_variables if told else {},
        port=(deployment.port if told else None) or application.port,
        health=health_path(deployment.health_check_url),
    )


def _speaks_of(project: Project, unit: Unit, units: Sequence[Unit]) -> bool:
    """Whether `deployment` speaks of this component: the named one, else the only one, else the one at the root."""
    if project.deployment.component:
        return unit.name == project.deployment.component
    if len(units) == 1:
        return True
    here = [one for one in units if one.path == "."]
    command = project.deployment.start_command
    word = process_of(command)[0] if command else ""
    fitting = [one for one in here if one.stack and word in STARTERS[one.stack]] or here
    return unit in fitting[:1]


def _builds_on_siblings(unit: Unit) -> bool:
    """Whether its build needs more than its own folder: a lock file above, other components, further paths."""
    if unit.path == ".":
        return False
    above = unit.lock_file is not None and not unit.lock_file.startswith(f"{unit.path}/")
    return above or bool(unit.depends_on) or bool(unit.paths)


def _production(project: Project, target: Target, recipe: Recipe) -> Stage:
    """The last stage: what the stack puts there, and what every image has."""
    port, env = target.port, target.env
    health = (health_check(recipe.client, port, target.health),) if port else ()
    instructions: tuple[Instruction, ...] = (
        *_labels(project),
        new_user(),
        *_less((*recipe.production, *listening(port)), env),
        *((Env(values=env),) if env else ()),
        User(name=f"{UID}:{UID}"),
        *((Expose(port=port),) if port else ()),
        *health,
        Cmd(argv=recipe.start),
    )
    return Stage(
        name="production",
        base=recipe.base,
        about="What runs: nothing that only builds or tests.",
        instructions=instructions,
    )


def _less(instructions: Sequence[Instruction], declared: Mapping[str, str]) -> Iterator[Instruction]:
    """Instructions without the variables that are declared: each is set once, to what was declared."""
    for one in instructions:
        if not isinstance(one, Env):
            yield one
        elif values := {name: value for name, value in one.values.items() if name not in declared}:
            yield Env(values=values)


def _labels(project: Project) -> tuple[Label, ...]:
    """Where the sources are, for those who come across the image; a path of some machine tells nobody."""
    name = project.repository
    source = name if name.startswith("https://") else f"https://github.com/{name}"
    is_told = name.startswith("https://") or (name.count("/") == 1 and not name.startswith((".", "/", "~")))
    return (Label(values={"org.opencontainers.image.source": source}),) if is_told else ()


def _remarks(target: Target) -> Iterator[str]:
    if target.port is None:
        yield "its image has no health check, for no port is known: add `deployment.port`"
    if target.application.has("development-server") and target.start == target.application.start:
        server = " ".join(target.start[:2])
        yield f"its image starts `{server}`, a server for development: depend on gunicorn or uvicorn"


def container_candidates(project: Project, containers: Containers) -> tuple[Candidate, ...]:
    """Every container file that this declaration could call for."""
    dockerfiles = {dockerfile.path for dockerfile in containers.dockerfiles}
    ignores = {ignore.path for ignore in containers.ignores}
    candidates = [
        _candidate(project, path, path in dockerfiles | ignores)
        for path in container_paths(project) or EVER_WRITTEN
    ]
    return (*candidates, _compose_candidate(project, containers))


def _compose_candidate(project: Project, containers: Containers) -> Candidate:
    otherwise = (
        "no environment is deployed by it, none called staging lacks another way, or there is no image"
        if project.environments
        else "no `environments` are declared"
    )
    wanted = containers.compose is not None
    return Candidate(path=COMPOSE_PATH, kind="compose", wanted=wanted, otherwise=otherwise)


EVER_WRITTEN = ("Dockerfile", ".dockerignore")


def _candidate(project: Project, path: str, wanted: bool) -> Candidate:
    declared = "docker" in project.model_fields_set
    otherwise = "no application is packed there" if declared else "`docker` is not declared"
    kind = "dockerfile" if path.endswith("Dockerfile") else "dockerignore"
    return Candidate.model_validate({"path": path, "kind": kind, "wanted": wanted, "otherwise": otherwise})
