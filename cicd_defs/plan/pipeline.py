"""The pipeline form: what a repository's delivery pipeline is, before anybody writes it as a file.

One `Pipeline` holds everything that follows from a declaration. Workflow files, local commands and hooks are written
from it; the same value can be run in a sandbox and audited. Text comes in two types, so that they cannot be mixed up:
a plain `str` is literal and never evaluated, an `Expression` is evaluated by GitHub.
"""

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from cicd_defs.facts.value import Value
from cicd_defs.plan.containers import Containers
from cicd_defs.plan.hygiene import Hygiene
from cicd_defs.plan.kinds import StepKind as StepKind  # noqa: PLC0414 - a part of the form

Scope = Literal[
    "actions",
    "attestations",
    "checks",
    "contents",
    "deployments",
    "id-token",
    "issues",
    "packages",
    "pull-requests",
    "security-events",
    "statuses",
]
Access = Literal["read", "write"]
FileKind = Literal[
    "workflow",
    "makefile",
    "taskfile",
    "precommit",
    "dockerfile",
    "dockerignore",
    "compose",
    "dependabot",
    "codeowners",
    "ruleset",
    "contributing",
    "coverage",
    "lock",
]


class Expression(Value):
    """Text that GitHub evaluates, written as it stands in the file: `ci-${{ github.ref }}`."""

    text: str

    def __str__(self) -> str:
        return self.text


Text = str | Expression


class Action(Value):
    """Somebody's action at one commit. `version` is the tag that the commit had when it was looked up."""

    name: str
    commit: str = Field(pattern=r"^[0-9a-f]{40}$")
    version: str = ""

    @property
    def reference(self) -> str:
        """What stands behind `uses:`."""
        return f"{self.name}@{self.commit}"


class Permission(Value):
    """What a job's token may do, and for what; the reason is written beside it."""

    scope: Scope
    access: Access
    reason: str


class Step(Value):
    """A command or a pinned action. `kind` travels in the id; see `StepKind`.

    `run` is a shell script for `bash -eo pipefail`, never a place for expressions: values reach it through `env`.
    `condition` is an expression without its `${{ }}`. `timeout_minutes` is in minutes. `token_needs` is what a command
    needs of the job's token; what an action needs is known from the action.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_-]*$")
    name: str
    run: str | None = None
    uses: Action | None = None
    inputs: dict[str, Text] = {}
    env: dict[str, Text] = {}
    condition: str | None = None
    working_directory: Text | None = None
    timeout_minutes: int | None = None
    token_needs: tuple[Permission, ...] = ()

    @property
    def kind(self) -> StepKind:
        """What the step is for."""
        return StepKind.of(self.id)

    @field_validator("run")
    @classmethod
    def _no_expression_in_a_command(cls, run: str | None) -> str | None:
        if run is not None and "${{" in run:
            raise ValueError("a command holds an expression: hand the value over through env")
        return run

    @model_validator(mode="after")
    def _is_one_of_two(self) -> Self:
        if (self.run is None) == (self.uses is None):
            raise ValueError(f"step {self.id}: exactly one of run and uses")
        return self


class Part(Value):
    """One component that a job may run for: its name, which is also its area's, and its folder."""

    name: str
    path: str


class Chosen(Value):
    """The axis `component` of a matrix: those of `parts` whose area changed, as the job `changes` tells in `output`."""

    output: str
    parts: tuple[Part, ...] = ()


class Matrix(Value):
    """The legs that a job runs in: the product of its axes, with single legs added or taken out.

    `chosen` is a further axis, whose values are known only when the workflow runs.
    """

    axes: dict[str, tuple[str, ...]]
    chosen: Chosen | None = None
    include: tuple[dict[str, str], ...] = ()
    exclude: tuple[dict[str, str], ...] = ()
    fail_fast: bool = False


class Service(Value):
    """A container beside the job. `image` names a tag and, where one is known, a digest. Ports are `host:container`."""

    name: str
    image: str
    env: dict[str, str] = {}
    ports: tuple[str, ...] = ()
    options: str = ""


class Concurrency(Value):
    """Runs of one group exclude each other; a newer one may cancel an older one."""

    group: Expression
    cancel_in_progress: bool | Expression = True


class Environment(Value):
    """A GitHub environment: where secrets live and approvals are asked for."""

    name: str
    url: str | None = None


class Job(Value):
    """One machine's work. `condition` is an expression without its `${{ }}`; `timeout_minutes` is in minutes.

    `area` names the changed area that the job belongs to; `secrets` the names that its steps use.
    """

    id: str = Field(pattern=r"^[a-z_][a-z0-9_-]*$")
    name: Text
    runs_on: Text
    timeout_minutes: int
    steps: tuple[Step, ...]
    needs: tuple[str, ...] = ()
    condition: str | None = None
    permissions: tuple[Permission, ...] = ()
    environment: Environment | None = None
    concurrency: Concurrency | None = None
    outputs: dict[str, Expression] = {}
    env: dict[str, Text] = {}
    matrix: Matrix | None = None
    services: tuple[Service, ...] = ()
    area: str | None = None
    secrets: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        ids = [step.id for step in self.steps]
        if len(set(ids)) != len(ids):
            raise ValueError(f"job {self.id}: two steps share an id")
        if self.secrets and self.environment is None:
            raise ValueError(f"job {self.id}: secrets need an environment")
        return self


class Input(Value):
    """A question that a person answers when starting a workflow by hand."""

    name: str
    description: str
    type: Literal["string", "boolean", "choice", "environment"] = "string"
    options: tuple[str, ...] = ()
    default: str | None = None
    required: bool = False


class Triggers(Value):
    """When a workflow runs. Crons are five fields in UTC; `push_branches` and `push_tags` are GitHub's globs."""

    push_branches: tuple[str, ...] = ()
    push_tags: tuple[str, ...] = ()
    pull_request: bool = False
    pull_request_branches: tuple[str, ...] = ()
    schedule: tuple[str, ...] = ()
    manual: bool = False
    inputs: tuple[Input, ...] = ()
    release: bool = False


class Workflow(Value):
    """One workflow: its triggers, who excludes whom, its jobs. `file` is the name under `.github/workflows`."""

    file: str
    name: str
    triggers: Triggers
    jobs: tuple[Job, ...]
    concurrency: Concurrency | None = None
    env: dict[str, Text] = {}

    @property
    def path(self) -> str:
        """Where the file stands in the repository."""
        return f".github/workflows/{self.file}"

    def job(self, job_id: str) -> Job | None:
        """The job of that id."""
        return next((job for job in self.jobs if job.id == job_id), None)

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        seen: set[str] = set()
        for job in self.jobs:
            if job.id in seen:
                raise ValueError(f"two jobs share the id {job.id}")
            if missing := [need for need in job.needs if need not in seen]:
                raise ValueError(f"job {job.id} needs {', '.join(missing)}, which does not stand before it")
            seen.add(job.id)
        return self


class Area(Value):
    """A part of the repository whose change makes jobs run: folders or files, less those inside that are others'.

    `globs` are left out by pattern (documentation). All are relative POSIX paths.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_-]*$")
    include: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    exclude_globs: tuple[str, ...] = ()


class LocalCommand(Value):
    """What a person runs on their own machine, the same script that CI runs, in the same folder."""

    kind: StepKind
    component: str
    path: str
    run: str
    env: dict[str, str] = {}


class Hook(Value):
    """One pre-commit hook that runs a command of the repository's own tools."""

    id: str
    name: str
    entry: str
    files: str = ""


class Candidate(Value):
    """A file that a plan may call for. `otherwise` says why it does not, where it does not.

    `over_theirs`: it takes the place of a file that people wrote by hand, once they say so; any other kind of file
    stays as it is where the repository has one of its own.
    """

    path: str
    kind: FileKind
    wanted: bool
    otherwise: str
    over_theirs: bool = False


class PlannedFile(Value):
    """One file that the pipeline may write, whether it does, and why."""

    path: str
    kind: FileKind
    state: Literal["applied", "skipped", "removed"]
    reason: str


class Note(Value):
    """Something that a person should know of this plan: where it applies, and what was decided."""

    where: str
    message: str


class Pipeline(Value):
    """Everything that follows from one declaration. `yaml_excludes` are folders whose YAML is a template's."""

    project: str
    repository: str
    workflows: tuple[Workflow, ...]
    areas: tuple[Area, ...] = ()
    local: tuple[LocalCommand, ...] = ()
    hooks: tuple[Hook, ...] = ()
    containers: Containers = Containers()
    hygiene: Hygiene = Hygiene()
    yaml_excludes: tuple[str, ...] = ()
    files: tuple[PlannedFile, ...] = ()
    notes: tuple[Note, ...] = ()

    def workflow(self, path: str) -> Workflow | None:
        """The workflow that is written to that path."""
        return next((workflow for workflow in self.workflows if workflow.path == path), None)

    @property
    def applied(self) -> tuple[PlannedFile, ...]:
        """The files that are written."""
        return tuple(file for file in self.files if file.state == "applied")
