"""The form of a repository's container files: Dockerfiles, what their builds leave out, and the compose file.

Every text in it is literal: what Docker would evaluate (`$`, quotes) is escaped where it is written.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cicd_defs.facts.value import Value


class Arg(Value):
    """An argument of the build, and its default."""

    kind: Literal["arg"] = "arg"
    name: str
    default: str


class Env(Value):
    """Variables of every process in the image."""

    kind: Literal["env"] = "env"
    values: dict[str, str]


class SearchPath(Value):
    """A folder whose programs come before all others."""

    kind: Literal["search_path"] = "search_path"
    folder: str


class Label(Value):
    """What can be read of an image without running it."""

    kind: Literal["label"] = "label"
    values: dict[str, str]


class Workdir(Value):
    """Where the following commands run."""

    kind: Literal["workdir"] = "workdir"
    path: str


class Copy(Value):
    """Files from the build context, or from another stage (`origin`)."""

    kind: Literal["copy"] = "copy"
    sources: tuple[str, ...]
    to: str
    origin: str = ""


class Run(Value):
    """Commands of the shell that run while the image is built, each only after the one before went well.

    `caches` are folders that outlive the build.
    """

    kind: Literal["run"] = "run"
    lines: tuple[str, ...]
    caches: tuple[str, ...] = ()


class User(Value):
    """Who runs what follows, as `uid:gid`."""

    kind: Literal["user"] = "user"
    name: str


class Expose(Value):
    """The port that the application listens on."""

    kind: Literal["expose"] = "expose"
    port: int


class HealthCheck(Value):
    """A program that fails while the application does not answer; times are in seconds."""

    kind: Literal["healthcheck"] = "healthcheck"
    argv: tuple[str, ...]
    interval: int = 30
    timeout: int = 5
    start_period: int = 20
    retries: int = 3


class Cmd(Value):
    """What a container of the image runs, word by word: no shell stands between it and its signals."""

    kind: Literal["cmd"] = "cmd"
    argv: tuple[str, ...]


Instruction = Annotated[
    Arg | Env | SearchPath | Label | Workdir | Copy | Run | User | Expose | HealthCheck | Cmd,
    Field(discriminator="kind"),
]


class Base(Value):
    """An image from outside, and the name by which stages call it. Each FROM has the image itself: bots move those."""

    name: str
    image: str


class Stage(Value):
    """One stage of a Dockerfile: what it is for, what it starts from (a stage or a base), what it adds."""

    name: str
    base: str
    about: str
    instructions: tuple[Instruction, ...] = ()


class Dockerfile(Value):
    """One Dockerfile. `path` is its place, `context` the folder that its build sees, `component` who it is for.

    The last stage is the one that is built where none is named. `port` is what the application listens on, where
    that is known.
    """

    path: str
    context: str
    component: str
    bases: tuple[Base, ...] = ()
    stages: tuple[Stage, ...] = ()
    port: int | None = None

    @model_validator(mode="after")
    def _stages_stand_in_order(self) -> Self:
        known = {base.name for base in self.bases}
        for stage in self.stages:
            origins = {one.origin for one in stage.instructions if isinstance(one, Copy) and one.origin}
            if missing := {stage.base, *origins} - known:
                raise ValueError(
                    f"stage {stage.name} of {self.path} uses {', '.join(sorted(missing))}: not there"
                )
            known.add(stage.name)
        return self


class Dockerignore(Value):
    """What a build does not see. `groups` are patterns under a heading each."""

    path: str
    groups: tuple[tuple[str, tuple[str, ...]], ...] = ()


class Interpolated(Value):
    """Text in which compose fills in variables: `${IMAGE:?set IMAGE}`."""

    text: str


ComposeValue = str | Interpolated


class ComposeService(Value):
    """One service of a compose file.

    `health` is a shell command, where the image does not ask by itself. `ports` are published on the loopback
    interface alone, `outside:inside`. `needs` are the services that must be healthy before it (or merely started,
    where their health cannot be asked for); `volumes` are named volumes and the folder that each holds.
    `is_application`: the image is the repository's own.
    """

    name: str
    image: ComposeValue
    environment: dict[str, ComposeValue] = {}
    ports: tuple[str, ...] = ()
    health: str | None = None
    needs: tuple[str, ...] = ()
    volumes: dict[str, str] = {}
    is_application: bool = False


class ComposeFile(Value):
    """A compose file: the project's name in it, and its services."""

    path: str
    name: str
    services: tuple[ComposeService, ...] = ()


class Containers(Value):
    """All container files that a pipeline calls for."""

    dockerfiles: tuple[Dockerfile, ...] = ()
    ignores: tuple[Dockerignore, ...] = ()
    compose: ComposeFile | None = None

    def dockerfile(self, path: str) -> Dockerfile:
        """The Dockerfile of that path; raises `StopIteration` for a path that the plan does not apply."""
        return next(one for one in self.dockerfiles if one.path == path)

    def ignore(self, path: str) -> Dockerignore:
        """The .dockerignore of that path; raises `StopIteration` for a path that the plan does not apply."""
        return next(one for one in self.ignores if one.path == path)
