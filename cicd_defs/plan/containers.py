"""The form of a repository's container files: Dockerfiles, what their builds leave out, and the compose file."""

from cicd_defs.facts.value import Value


class Stage(Value):
    """One stage of a Dockerfile: what it starts from, and its instructions, each as it stands in the file."""

    name: str
    base: str
    instructions: tuple[str, ...] = ()


class Dockerfile(Value):
    """One Dockerfile. `path` is its place, `context` the folder that its build sees, `component` who it is for."""

    path: str
    context: str
    component: str
    stages: tuple[Stage, ...] = ()


class Dockerignore(Value):
    """What a build does not see: the patterns of one .dockerignore."""

    path: str
    patterns: tuple[str, ...] = ()


class Containers(Value):
    """All container files that a pipeline calls for."""

    dockerfiles: tuple[Dockerfile, ...] = ()
    ignores: tuple[Dockerignore, ...] = ()
