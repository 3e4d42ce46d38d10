"""The CI part of a declaration: when it runs, and how each component is checked."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from cicd_defs.spec.names import (
    ComponentName,
    ComponentPath,
    Cron,
    EnvName,
    ImageReference,
    PathPattern,
    RepositoryPath,
    RunnerLabel,
    SecretName,
    Version,
)
from cicd_defs.spec.strict import (
    DETECTED,
    Choices,
    Distinct,
    Mistake,
    Strict,
    circle,
    collisions,
    given_twice,
    refuse_mistakes,
    unknown,
    way,
)
from cicd_defs.spec.text import EnvValue, Expression, Script

Trigger = Literal["push", "pr", "manual", "schedule"]
StackName = Literal["python", "node", "go", "rust", "java", "custom"]
PackageManager = Literal[
    "pip",
    "uv",
    "poetry",
    "hatch",
    "pdm",
    "pipenv",
    "pixi",
    "npm",
    "pnpm",
    "yarn",
    "bun",
    "go",
    "cargo",
    "maven",
    "gradle",
]
Minutes = Annotated[int, Field(ge=1, le=360)]
EnvVars = dict[EnvName, EnvValue]

TriggerWord = Literal["push-pr", "push", "pr", "manual", "schedule"]

TRIGGER_WORDS: dict[str, tuple[Trigger, ...]] = {
    "push-pr": ("push", "pr"),
    "push": ("push",),
    "pr": ("pr",),
    "manual": ("manual",),
    "schedule": ("schedule",),
}


def _triggers_of_word(value: Any) -> Any:
    return _one_or_several(TRIGGER_WORDS.get(value, value) if isinstance(value, str) else value)


def _one_or_several(value: Any) -> Any:
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value  # JSON has no tuples


class Scans(Strict):
    """Which security scans run each night."""

    dependencies: bool = Field(
        True, description="Look for known vulnerabilities in what the components depend on."
    )
    secrets: bool = Field(True, description="Look for secrets in the files.")
    image: bool = Field(
        True, description="Look for known vulnerabilities in each image that a Dockerfile builds."
    )
    code: bool = Field(True, description="Look for dangerous patterns in the code.")


class Component(Strict):
    """One buildable part of the repository. What is left out is detected."""

    path: ComponentPath = Field(
        ".", description="The component's folder; its commands run there.", examples=["services/api"]
    )
    name: ComponentName | None = Field(
        None,
        description="What its jobs and targets are called.",
        examples=["api"],
        json_schema_extra={"when_left_out": "the path with `-`; for the top of the repository the stack"},
    )
    stack: StackName | None = Field(
        None,
        description="The language it is built with; `custom` sets nothing up and runs the commands given.",
        examples=["python"],
        json_schema_extra=DETECTED,
    )
    versions: Choices[Version] | None = Field(
        None,
        description="Versions of the language to test with, each in quotes: one job each.",
        examples=[["3.11", "3.12"]],
        json_schema_extra=DETECTED,
    )
    runs_on: (
        Annotated[
            Choices[RunnerLabel],
            BeforeValidator(_one_or_several, json_schema_input_type=RunnerLabel | Choices[RunnerLabel]),
        ]
        | None
    ) = Field(
        None,
        description="Runners to test on, one label or a list: one job each.",
        examples=[["ubuntu-24.04", "macos-15"]],
        json_schema_extra={"when_left_out": "`pipeline.runs_on`"},
    )
    package_manager: PackageManager | None = Field(
        None,
        description="The program that installs what it depends on.",
        examples=["uv"],
        json_schema_extra=DETECTED,
    )
    install_cmd: Script | None = Field(
        None, description="Installs what it depends on.", examples=["npm ci"], json_schema_extra=DETECTED
    )
    lint_cmd: Script | None = Field(
        None, description="Lints it.", examples=["ruff check ."], json_schema_extra=DETECTED
    )
    format_cmd: Script | None = Field(
        None,
        description="Checks its format, and changes nothing.",
        examples=["ruff format --check ."],
        json_schema_extra=DETECTED,
    )
    typecheck_cmd: Script | None = Field(
        None, description="Checks its types.", examples=["mypy --strict src"], json_schema_extra=DETECTED
    )
    test_cmd: Script | None = Field(
        None,
        description="Runs its tests.",
        examples=["pytest -m 'not integration'"],
        json_schema_extra=DETECTED,
    )
    integration_cmd: Script | None = Field(
        None,
        description="Runs its integration tests, each night and with its services.",
        examples=["pytest -m integration"],
        json_schema_extra=DETECTED,
    )
    e2e_cmd: Script | None = Field(
        None,
        description="Runs its end-to-end tests, each night and with its services.",
        examples=["npx playwright test"],
        json_schema_extra=DETECTED,
    )
    build_cmd: Script | None = Field(
        None, description="Builds it.", examples=["npm run build"], json_schema_extra=DETECTED
    )
    skip: Distinct[Literal["lint", "format", "typecheck", "test", "integration", "e2e", "build"]] = Field(
        (),
        description="Checks that are detected and still not wanted for it.",
        examples=[["typecheck"]],
    )
    env_vars: EnvVars = Field(
        {},
        description="Variables of its jobs, beside those of the whole pipeline.",
        examples=[{"APP_ENV": "test"}],
    )
    services: Distinct[ImageReference] | None = Field(
        None,
        description="Databases and caches that run beside its tests; an empty list for none.",
        examples=[["postgres:16-alpine", "redis:7-alpine"]],
        json_schema_extra=DETECTED,
    )
    coverage_tool: Literal["codecov", "coveralls", "none"] = Field(
        "none", description="The service that its coverage is uploaded to.", examples=["codecov"]
    )
    timeout_minutes: Minutes | None = Field(
        None,
        description="Minutes after which one of its jobs is stopped.",
        examples=[15],
        json_schema_extra={"when_left_out": "`pipeline.timeout_minutes`"},
    )
    paths: Distinct[PathPattern] = Field(
        (),
        description="Files outside its folder that concern it: a change there checks it too.",
        examples=[["proto/**"]],
    )
    depends_on: Distinct[ComponentName] = Field(
        (),
        description="Components that it builds on, beside those that are detected: a change there checks it too.",
        examples=[["core"]],
    )
    artifacts: Distinct[RepositoryPath] = Field(
        (),
        description=(
            "Files and folders that its build makes, from its folder: kept for a week, and put there again in the jobs "
            "of the components that build on it."
        ),
        examples=[["dist"]],
    )

    @property
    def known_as(self) -> str:
        """Its name, declared or from its path; at the top of the repository from its stack, or `root`."""
        if self.name:
            return self.name
        if self.path == ".":
            return self.stack or "root"
        slug = re.sub("[^a-z0-9]+", "-", self.path.lower()).strip("-")
        return (slug if slug[:1].isalpha() else f"c-{slug}".rstrip("-"))[:39].rstrip("-")


def _mistakes(components: tuple[Component, ...]) -> Iterator[Mistake]:
    """What is wrong between components: names that collide, unknown `depends_on`, a circle."""
    names = [component.known_as for component in components]
    places = (((i, "name") if part.name else (i,)) for i, part in enumerate(components))
    yield from collisions(zip(places, names, strict=True), "component")
    known = dict.fromkeys(names)
    for i, component in enumerate(components):
        for j, name in enumerate(component.depends_on):
            yield from unknown((i, "depends_on", j), name, known, "component")
    found = circle({name: part.depends_on for name, part in zip(names, components, strict=True)})
    if found:
        message = f"components depend on each other in a circle: {way(found)}"
        yield Mistake((names.index(found[0]), "depends_on"), message, "Take one out.")


def _fitting(components: tuple[Component, ...]) -> tuple[Component, ...]:
    refuse_mistakes(_mistakes(components))
    return components


class Pipeline(Strict):
    """What is checked, and when."""

    trigger_type: Annotated[
        Choices[Trigger],
        BeforeValidator(_triggers_of_word, json_schema_input_type=TriggerWord | Choices[Trigger]),
    ] = Field(
        ("push", "pr", "manual", "schedule"),
        description=(
            "What starts it: a list, or one of the words push-pr, push, pr, manual, schedule. A push to a branch that "
            "is deployed from is always checked."
        ),
        examples=[["push", "pr"]],
    )
    schedule: Cron = Field("0 2 * * *", description="When the nightly part runs, as cron in UTC.")
    layout: Literal["split", "unified"] = Field(
        "split", description="Workflow files for each purpose (`split`), or all in one (`unified`)."
    )
    env_vars: EnvVars = Field(
        {},
        description=(
            "Variables of all jobs that check. What pushes images and deploys does not get them: each environment has "
            "`env_vars` of its own."
        ),
        examples=[{"APP_ENV": "test"}],
    )
    secrets: Distinct[SecretName] = Field(
        (),
        description="Names of secrets that the deployment to every environment gets as variables.",
        examples=[["API_KEY"]],
    )
    concurrency_group: Expression = Field(
        "${{ github.workflow }}-${{ github.ref }}",
        description="Runs of one group do not run at the same time.",
        examples=["ci-${{ github.ref }}"],
    )
    cancel_in_progress: bool = Field(True, description="A new run stops the older run of its group.")
    timeout_minutes: Minutes = Field(20, description="Minutes after which a job is stopped.")
    step_timeout_minutes: Minutes | None = Field(
        None,
        description="Minutes after which a step is stopped.",
        examples=[10],
        json_schema_extra={"when_left_out": "no limit beside the job's"},
    )
    runs_on: RunnerLabel = Field(
        "ubuntu-24.04", description="The runner of every job that says nothing else."
    )
    only_changed: bool = Field(
        True,
        description="On a pull request, check only the components that it changes.",
    )
    overwrite: bool = Field(False, description="Let `cicd render` replace files that were written by hand.")
    components: Annotated[tuple[Component, ...], AfterValidator(_fitting)] = Field(
        (),
        description="The buildable parts of the repository, one entry each.",
        examples=[[{"path": "web", "stack": "node"}]],
        json_schema_extra=DETECTED,
    )
    scans: Scans = Field(default_factory=Scans, description="Security scans of each night.")

    @model_validator(mode="after")
    def _secrets_are_no_variables(self) -> Self:
        refuse_mistakes(given_twice(self.secrets, self.env_vars))
        return self
