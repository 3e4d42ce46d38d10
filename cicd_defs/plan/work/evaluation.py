"""The steps that an evaluation runs in the sandbox: those of the pipeline that the workflows are written from."""

import re
from collections.abc import Iterable

from cicd_defs.facts.reports.steps import SandboxStep
from cicd_defs.facts.value import Value
from cicd_defs.plan.checks import REPORTS, TITLES
from cicd_defs.plan.kinds import StepKind
from cicd_defs.plan.pipeline import LocalCommand, Pipeline

BUILD_KINDS = (StepKind.INSTALL, StepKind.BUILD)
CHECK_KINDS = (StepKind.LINT, StepKind.FORMAT, StepKind.TYPECHECK, StepKind.TEST)
NETWORKED = frozenset({StepKind.INSTALL, StepKind.BUILD})
"""Kinds that fetch packages: installs, and builds, which set up a build environment of their own."""

JUNIT = f"{REPORTS}/junit.xml"


FROM_PYPI = ("pipx", "uv", "poetry", "pdm", "hatch", "pipenv", "tox", "nox", "pre-commit")
"""Programs that GitHub's runners have, or that a set-up action brings there, and that PyPI has too."""


class EvaluationSteps(Value):
    """The steps of one evaluation: what makes ready, what builds, what checks. `reports` are globs of JUnit files."""

    install: tuple[SandboxStep, ...] = ()
    build: tuple[SandboxStep, ...] = ()
    checks: tuple[SandboxStep, ...] = ()
    reports: tuple[str, ...] = ()


def evaluation_steps(pipeline: Pipeline, seconds: float, token: str) -> EvaluationSteps:
    """The steps of a pipeline that a pull request is evaluated by; each may take `seconds` at most.

    `token` is a word that nobody could know when the change was written: it names the tests' report, so that a file
    of the change cannot be taken for it.
    """
    checks = [
        _reported(_step(pipeline, command, seconds), token) for command in _of_kinds(pipeline, CHECK_KINDS)
    ]
    installs = [_step(pipeline, one, seconds) for one in _of_kinds(pipeline, (StepKind.INSTALL,))]
    return EvaluationSteps(
        install=(*_set_up(pipeline, seconds), *installs),
        build=tuple(_step(pipeline, one, seconds) for one in _of_kinds(pipeline, (StepKind.BUILD,))),
        checks=tuple(checks),
        reports=tuple(dict.fromkeys(report for step in checks for report in step.reports)),
    )


def _set_up(pipeline: Pipeline, seconds: float) -> tuple[SandboxStep, ...]:
    """The step that brings the programs which commands name and the sandbox may not have."""
    commands = "\n".join(command.run for command in pipeline.local)
    named = [name for name in FROM_PYPI if re.search(rf"(?<![\w./-]){re.escape(name)}(?![\w.-])", commands)]
    if not named:
        return ()
    missing = 'command -v "$name" >/dev/null || python -m pip install -q "$name"'
    script = f"for name in {' '.join(named)}; do {missing}; done"
    return (
        SandboxStep(
            name="Set up the tools", kind=StepKind.SETUP.value, run=script, seconds=seconds, network="mirror"
        ),
    )


def _of_kinds(pipeline: Pipeline, kinds: Iterable[StepKind]) -> Iterable[LocalCommand]:
    return (command for kind in kinds for command in pipeline.local if command.kind == kind)


def _step(pipeline: Pipeline, command: LocalCommand, seconds: float) -> SandboxStep:
    folder = "" if command.path == "." else f"{command.path}/"
    is_test = command.kind is StepKind.TEST
    return SandboxStep(
        name=f"{TITLES[command.kind.value]}: {command.component}",  # type: ignore[index]
        kind=command.kind.value,
        run=command.run,
        component=command.component,
        folder=command.path,
        env={**command.env, **(_reporting(pipeline, command) if is_test else {})},
        seconds=seconds,
        network="mirror" if command.kind in NETWORKED else "none",
        reports=(f"{folder}{JUNIT}", f"{folder}{REPORTS}/*.xml") if is_test else (),
    )


PYTEST = re.compile(r"^(?:python3? -m )?pytest\b")


def _reported(step: SandboxStep, token: str) -> SandboxStep:
    """The same step with a report of another name; where pytest is called directly, it must be there afterwards."""
    name = f"junit-{token}.xml"
    env = {key: value.replace(JUNIT, f"{REPORTS}/{name}") for key, value in step.env.items()}
    if env == step.env:
        return step
    report = f"{REPORTS}/{name}" if step.folder == "." else f"{step.folder}/{REPORTS}/{name}"
    must = PYTEST.search(step.run.strip().splitlines()[-1]) is not None
    return step.model_copy(update={"env": env, "reports": (report,), "report": report if must else ""})


def _reporting(pipeline: Pipeline, command: LocalCommand) -> dict[str, str]:
    """The variables by which the workflow has the same tests write a report."""
    steps = (step for workflow in pipeline.workflows for job in workflow.jobs for step in job.steps)
    same = (step for step in steps if step.kind is StepKind.TEST and step.run == command.run)
    return {name: value for step in same for name, value in step.env.items() if isinstance(value, str)}
