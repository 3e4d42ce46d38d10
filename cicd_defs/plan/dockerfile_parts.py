"""What Dockerfiles of every stack have in common: what they are made for, who runs in them, how health is asked for."""

from collections.abc import Sequence
from posixpath import dirname
from urllib.parse import urlsplit

from cicd_defs.facts.application import Application
from cicd_defs.facts.value import Value
from cicd_defs.plan.containers import Arg, Base, Copy, Env, Instruction, Run, Stage
from cicd_defs.plan.units import Unit

UID = 10001
"""Above the users of any host, so that a container that breaks out is nobody there."""

ROOT = "/app"


class Target(Value):
    """What one Dockerfile is made for: the component, what it starts, and where it stands in the build context.

    `prefix` is the component's folder inside the context, empty where it is the context. `build` is the declared
    command that builds it. `arguments` are the build's, `env` the application's variables.
    """

    unit: Unit
    application: Application
    start: tuple[str, ...]
    prefix: str = ""
    build: str | None = None
    arguments: dict[str, str] = {}
    env: dict[str, str] = {}
    port: int | None = None
    health: str = "/health"

    @property
    def folder(self) -> str:
        """Where the component lies in the image."""
        return f"{ROOT}/{self.prefix}" if self.prefix else ROOT


class Recipe(Value):
    """What a stack says of its Dockerfile: its bases, the stages before the last, and how the last one begins.

    `start` is the process as the image has it, `client` what the last stage has at hand to ask for health.
    """

    bases: tuple[Base, ...]
    stages: tuple[Stage, ...]
    base: str
    production: tuple[Instruction, ...]
    start: tuple[str, ...]
    client: str


class Unfit(Exception):
    """Why no Dockerfile is written for a component, in words for people."""


def copied(target: Target, files: Sequence[str]) -> tuple[Copy, ...]:
    """Files of the component, from the context to the same places of its folder: one instruction a folder."""
    folders: dict[str, list[str]] = {}
    for file in files:
        folders.setdefault(dirname(file), []).append(f"{target.prefix}/{file}" if target.prefix else file)
    return tuple(
        Copy(sources=tuple(sources), to=f"./{folder}/" if folder else "./")
        for folder, sources in folders.items()
    )


def everything() -> Copy:
    """The whole context, less what .dockerignore leaves out."""
    return Copy(sources=(".",), to=f"{ROOT}/")


def arguments(target: Target) -> tuple[Arg, ...]:
    """The declared arguments of the build, for every command of the stage that they stand in."""
    return tuple(Arg(name=name, default=value) for name, value in target.arguments.items())


def ran(*lines: str | None, caches: Sequence[str] = ()) -> tuple[Run, ...]:
    """One instruction that runs these lines; none where there are none."""
    wanted = tuple(line for line in lines if line)
    return (Run(lines=wanted, caches=tuple(caches)),) if wanted else ()


def new_user() -> Run:
    """An account of its own with a fixed number, without a password or a shell.

    Every base image has the two files; the programs that write to them differ, and some images have none.
    """
    return Run(
        lines=(
            f'echo "app:x:{UID}:" >> /etc/group',
            f'echo "app:x:{UID}:{UID}:app:{ROOT}:/usr/sbin/nologin" >> /etc/passwd',
        )
    )


def health_path(declared: str) -> str:
    """The path to ask for inside the container: of a whole address, what stands behind its host."""
    if declared.startswith("/"):
        return declared
    parts = urlsplit(declared)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def listening(port: int | None) -> tuple[Env, ...]:
    """Where applications that ask are told to listen: on the port, on every address of the container."""
    return (Env(values={"HOST": "0.0.0.0", "PORT": str(port)}),) if port else ()  # noqa: S104
