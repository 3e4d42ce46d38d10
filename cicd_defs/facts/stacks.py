"""What a repository says of itself: its components, their tools and commands, each claim with its evidence."""

from typing import Literal

from cicd_defs.facts.application import Application
from cicd_defs.facts.value import Value

StackName = Literal["python", "node", "go", "rust", "java"]
CommandKind = Literal["install", "lint", "format", "typecheck", "test", "integration", "e2e", "build"]


class Claim(Value):
    """One thing that the repository says, in the field's word for it, and where: `file:line`."""

    name: str
    evidence: tuple[str, ...]


class Command(Value):
    """A shell script that works as it is in the component's folder, with the tools on the path.

    Where a repository tells integration or end-to-end tests apart (a pytest marker or folder, a script of that name),
    `test` leaves them out and `integration` or `e2e` runs them; they are the ones that need the component's services.
    """

    kind: CommandKind
    run: str
    evidence: tuple[str, ...]


class Component(Value):
    """One buildable part of a repository. A workspace (npm, Cargo, uv, Maven, Gradle) is one component.

    `name` is unique in the repository, `[a-z][a-z0-9-]*`. `path` is `.` or a relative POSIX path; commands run there.
    `versions` are the runtime's supported versions, ascending (Python `3.11`, Node `22`, Go `1.24`, Java `17`, Rust
    toolchains such as `stable`): the matrix of its tests. `classic_yarn`: it is installed with yarn 1. `source_paths`
    are the folders and files in `path` that hold its own code, without tests, documentation and tools; empty where
    they cannot be told apart. `application` is how it becomes a service. `depends_on` names the components of the
    repository that it builds on, `shared_files` the paths outside `path` that concern it. `coverage_config` is where
    it says, apart from a `.coveragerc`, how its coverage is measured.
    """

    name: str
    path: str
    stack: StackName
    manifest: str
    lock_file: str | None = None
    members: tuple[str, ...] = ()
    languages: tuple[Claim, ...] = ()
    package_managers: tuple[Claim, ...] = ()
    test_runners: tuple[Claim, ...] = ()
    linters: tuple[Claim, ...] = ()
    formatters: tuple[Claim, ...] = ()
    type_checkers: tuple[Claim, ...] = ()
    coverage_tools: tuple[Claim, ...] = ()
    versions: tuple[str, ...] = ()
    services: tuple[Claim, ...] = ()
    classic_yarn: bool = False
    source_paths: tuple[str, ...] = ()
    commands: tuple[Command, ...] = ()
    application: Application = Application()
    depends_on: tuple[Claim, ...] = ()
    shared_files: tuple[Claim, ...] = ()
    coverage_config: str | None = None

    def command(self, kind: CommandKind) -> str | None:
        """The component's command of one kind, or None where it has none."""
        return next((command.run for command in self.commands if command.kind == kind), None)


class ImageSource(Value):
    """A Dockerfile and its build context: the nearest folder that has everything that it copies.

    `context` is None where no folder of the tree has it all (something is made before); `missing` says what.
    """

    dockerfile: str
    context: str | None = None
    missing: tuple[str, ...] = ()


class Stacks(Value):
    """Everything detected in one repository.

    What belongs to the repository and to no single component stands beside the components: hooks that check commits
    (`hooks`: `pre-commit`), container files (`images` has their build contexts), Kubernetes manifests, Helm charts,
    skaffold, folders of which the YAML is a template's (`template_folders`, those of examples too), and what it has of
    languages for which there is no component (`other_languages`, `other_package_managers`, `other_test_runners`).
    """

    components: tuple[Component, ...] = ()
    hooks: tuple[Claim, ...] = ()
    dockerfiles: tuple[Claim, ...] = ()
    images: tuple[ImageSource, ...] = ()
    compose_files: tuple[Claim, ...] = ()
    kubernetes: tuple[Claim, ...] = ()
    helm_charts: tuple[Claim, ...] = ()
    template_folders: tuple[str, ...] = ()
    skaffold: tuple[Claim, ...] = ()
    other_languages: tuple[Claim, ...] = ()
    other_package_managers: tuple[Claim, ...] = ()
    other_test_runners: tuple[Claim, ...] = ()
