"""The jobs that check one component: lint, type-check, test in a matrix, build, and the coverage that follows."""

import re
from collections.abc import Sequence

from cicd_defs.facts.stacks import CommandKind
from cicd_defs.plan import artifacts, pins
from cicd_defs.plan.areas import condition_for
from cicd_defs.plan.permissions import permissions_for
from cicd_defs.plan.pipeline import Expression, Job, Matrix, Service, Step, Text
from cicd_defs.plan.services import service_env, services_of
from cicd_defs.plan.setup import RUNTIMES, checkout, fetched_tool_env, golangci_lint, setup_steps
from cicd_defs.plan.units import Unit, reports_coverage

TITLES: dict[CommandKind, str] = {
    "install": "Install",
    "lint": "Lint",
    "format": "Check the format",
    "typecheck": "Type-check",
    "test": "Test",
    "integration": "Integration tests",
    "e2e": "End-to-end tests",
    "build": "Build",
}
"""What a command of each kind is called in names that people read."""

REPORTS = "reports"
"""The folder, in the component's, that test reports and coverage are collected in."""


def check_jobs(unit: Unit, alone: bool) -> tuple[Job, ...]:
    """Every job of a component that it has a command for. `alone`: no other component, so names need no component."""
    jobs = [_job(unit, kinds, alone) for kinds in (("lint", "format"), ("typecheck",)) if _has(unit, kinds)]
    if "test" in unit.commands:
        jobs.append(_test_job(unit, alone))
    if "build" in unit.commands:
        jobs.append(_build_job(unit, alone))
    if "test" in unit.commands and unit.coverage and reports_coverage(unit):
        jobs.append(_coverage_job(unit, alone))
    return tuple(jobs)


def _has(unit: Unit, kinds: tuple[CommandKind, ...]) -> bool:
    return any(kind in unit.commands for kind in kinds)


def job_id(kind: str, unit: Unit, alone: bool) -> str:
    """A job's id: its kind, and the component where there are several."""
    return kind if alone else f"{kind}-{unit.name}"


def job_name(title: str, unit: Unit, alone: bool) -> str:
    """A job's name, in words."""
    return title if alone else f"{title}: {unit.name}"


def prepared(unit: Unit, version: Text | None, full_history: bool = False) -> list[Step]:
    """A runner that is ready for the component's commands: its files, its runtime, what it depends on."""
    steps = [checkout(full_history), *artifacts.handed(unit), *setup_steps(unit, version)]
    if "install" in unit.commands:
        steps.append(command_step(unit, "install"))
    return steps


def command_step(unit: Unit, kind: CommandKind, env: dict[str, Text] | None = None) -> Step:
    """One of the component's commands, as it is, in the component's folder."""
    toolchain = fetched_tool_env(unit) if kind == "lint" else {}
    return Step(
        id=kind,
        name="Install the dependencies" if kind == "install" else TITLES[kind],
        run=unit.commands[kind],
        env={**toolchain, **(env or {})},
        working_directory=None if unit.path == "." else unit.path,
    )


_GOLANGCI_LINT = re.compile(r"^golangci-lint\b", re.MULTILINE)


def _job(unit: Unit, kinds: tuple[CommandKind, ...], alone: bool) -> Job:
    steps = prepared(unit, unit.newest)
    if "lint" in kinds and _GOLANGCI_LINT.search(unit.commands.get("lint", "")):
        steps.insert(-1 if "install" in unit.commands else len(steps), golangci_lint(unit))
    steps += [command_step(unit, kind) for kind in kinds if kind in unit.commands]
    first = next(kind for kind in kinds if kind in unit.commands)
    slug = "lint" if first == "format" else first
    return Job(
        id=job_id(slug, unit, alone),
        name=job_name(TITLES[first], unit, alone),
        runs_on=unit.runs_on[0],
        needs=("changes",),
        condition=condition_for(unit.name),
        permissions=permissions_for(steps),
        timeout_minutes=unit.timeout_minutes,
        env=dict(unit.env),
        steps=tuple(steps),
        area=unit.name,
    )


def _build_job(unit: Unit, alone: bool) -> Job:
    """The build, which also runs where only the jobs of others need what it makes."""
    job = _job(unit, ("build",), alone)
    steps = (*job.steps, *artifacts.kept(unit))
    return job.model_copy(update={"condition": condition_for(unit.name, *unit.handed_to), "steps": steps})


def handing_builds(units: Sequence[Unit]) -> tuple[Job, ...]:
    """The builds whose results others are handed, for a workflow that runs whatever has changed."""
    builds = (_build_job(unit, alone=False) for unit in units if unit.handed_to)
    return tuple(job.model_copy(update={"needs": (), "condition": None, "area": None}) for job in builds)


def _test_job(unit: Unit, alone: bool) -> Job:
    """The tests in every supported version; services only where the integration tests are not told apart."""
    matrix, version, runner = matrix_of(unit)
    services = () if "integration" in unit.commands else services_of(unit.services)
    steps = [
        *prepared(unit, version),
        command_step(unit, "test", reporting_env(unit)),
        keep_reports(unit, "test", matrix),
    ]
    legs = "".join(f" ${{{{ matrix.{axis} }}}}" for axis in (matrix.axes if matrix else ()))
    title = job_name("Test", unit, alone)
    runtime = f" ({RUNTIMES[unit.stack]}{legs})" if unit.stack and legs else ""
    return Job(
        id=job_id("test", unit, alone),
        name=Expression(text=title + runtime) if runtime else title,
        runs_on=runner,
        needs=("changes",),
        condition=condition_for(unit.name),
        permissions=permissions_for(steps),
        timeout_minutes=unit.timeout_minutes,
        env=_reach(unit, services),
        matrix=matrix,
        services=services,
        steps=tuple(steps),
        area=unit.name,
    )


def night_jobs(unit: Unit, alone: bool) -> tuple[Job, ...]:
    """The component's integration and end-to-end tests, with its services beside them.

    Where integration tests are not told apart and there are services, all tests are taken for them.
    """
    whole: CommandKind = "test" if unit.services else "integration"
    runs: tuple[tuple[CommandKind, CommandKind], ...] = (
        ("integration", "integration" if "integration" in unit.commands else whole),
        ("e2e", "e2e"),
    )
    return tuple(_night_job(unit, kind, run, alone) for kind, run in runs if run in unit.commands)


def _night_job(unit: Unit, kind: CommandKind, run: CommandKind, alone: bool) -> Job:
    services = services_of(unit.services)
    steps = [
        *prepared(unit, unit.newest),
        *(browsers(unit) if kind == "e2e" else ()),
        command_step(unit, run, reporting_env(unit)),
        keep_reports(unit, kind),
    ]
    return Job(
        id=job_id(kind, unit, alone),
        name=job_name(TITLES[kind], unit, alone),
        runs_on=unit.runs_on[0],
        permissions=permissions_for(steps),
        timeout_minutes=unit.timeout_minutes,
        env=_reach(unit, services),
        services=services,
        steps=tuple(steps),
    )


_STARTERS = {"npm": "npx", "pnpm": "pnpm exec", "yarn": "yarn run", "bun": "bunx"}


def browsers(unit: Unit) -> tuple[Step, ...]:
    """The browsers that Playwright drives, and the libraries that those need. Cypress brings its own along."""
    if "playwright" not in unit.tools or unit.manager not in _STARTERS:
        return ()
    run = f"{_STARTERS[unit.manager]} playwright install --with-deps"
    folder = None if unit.path == "." else unit.path
    return (Step(id="setup-browsers", name="Install the browsers", run=run, working_directory=folder),)


def matrix_of(unit: Unit) -> tuple[Matrix | None, Text | None, Text]:
    """The legs of the tests, and how a step names its version and its runner. One leg needs no matrix."""
    axes: dict[str, tuple[str, ...]] = {}
    if unit.stack and len(unit.versions) > 1:
        axes[unit.stack] = unit.versions
    if len(unit.runs_on) > 1:
        axes["os"] = unit.runs_on
    version: Text | None = unit.newest
    if unit.stack in axes:
        version = Expression(text=f"${{{{ matrix.{unit.stack} }}}}")
    runner: Text = Expression(text="${{ matrix.os }}") if "os" in axes else unit.runs_on[0]
    return (Matrix(axes=axes) if axes else None), version, runner


def reporting_env(unit: Unit) -> dict[str, Text]:
    """What makes the test command, unchanged, write a JUnit report and, where it can, its coverage."""
    if "pytest" in unit.tools:
        options = [f"--junitxml={REPORTS}/junit.xml"]
        if "pytest-cov" in unit.coverage_tools and not unit.own_install:
            options += ["--cov", f"--cov-report=xml:{REPORTS}/coverage.xml"]
        return {"PYTEST_ADDOPTS": _beside(unit, "PYTEST_ADDOPTS", " ".join(options))}
    if unit.stack == "go":
        return {"GOFLAGS": _beside(unit, "GOFLAGS", "-coverprofile=coverage.out")}
    return {}


def _beside(unit: Unit, variable: str, options: str) -> str:
    """Our options behind those that were declared: a step's variable replaces the job's."""
    return f"{unit.declared_env.get(variable, '')} {options}".strip()


def _reach(unit: Unit, services: Sequence[Service]) -> dict[str, Text]:
    """The job's variables: how its services are reached, unless that was declared, and its own."""
    reached = {name: value for name, value in service_env(services).items() if name not in unit.shared_env}
    return {**reached, **unit.env}


_REPORT_PATHS = {
    "python": ("reports/",),
    "node": ("reports/", "coverage/", "junit.xml", "test-results/", "playwright-report/"),
    "go": ("coverage.out", "reports/"),
    "rust": ("target/nextest/", "reports/"),
    "java": ("**/target/surefire-reports/", "**/build/test-results/", "**/build/reports/jacoco/"),
}
"""Where each stack's test runners leave their reports, in the component's folder."""


def keep_reports(unit: Unit, kind: CommandKind, matrix: Matrix | None = None) -> Step:
    """Keep what the tests reported, also when they failed."""
    paths = _REPORT_PATHS[unit.stack] if unit.stack else (f"{REPORTS}/",)
    prefix = "" if unit.path == "." else f"{unit.path}/"
    return Step(
        id="upload-reports",
        name="Keep the test reports",
        condition="!cancelled()",
        uses=pins.action("actions/upload-artifact"),
        inputs={
            "name": _artifact(unit, kind, matrix),
            "path": "\n".join(f"{prefix}{path}" for path in paths) + ("\n" if len(paths) > 1 else ""),
            "if-no-files-found": "ignore",
            "retention-days": "14",
        },
    )


def _artifact(unit: Unit, kind: CommandKind, matrix: Matrix | None) -> Text:
    """A name for each leg: two legs must not write to one artefact.

    Components have no `.` in their names, so that no name begins like another's. A leg is named by its values where
    an artefact may be called so (https://github.com/actions/upload-artifact), else by its number.
    """
    name = f"{kind}-reports.{unit.name}"
    if matrix is None:
        return f"{name}.all"
    plain = all(_PLAIN_LEG.fullmatch(value) for values in matrix.axes.values() for value in values)
    legs = [f"matrix.{axis}" for axis in matrix.axes] if plain else ["strategy.job-index"]
    return Expression(text=name + "".join(f".${{{{ {leg} }}}}" for leg in legs))


_PLAIN_LEG = re.compile(r"[A-Za-z0-9._-]+")


def _coverage_job(unit: Unit, alone: bool) -> Job:
    """Hand the coverage to its service, apart from the tests: what runs the repository's code holds no such right."""
    test = job_id("test", unit, alone)
    steps = [checkout(), _download(unit), _UPLOADS[unit.coverage](unit) if unit.coverage else checkout()]
    return Job(
        id=job_id("coverage", unit, alone),
        name=job_name("Upload the coverage", unit, alone),
        runs_on=unit.runs_on[0],
        needs=(test,),
        # A fork's pull request gets no identity token.
        condition="github.event.pull_request.head.repo.fork != true",
        permissions=permissions_for(steps),
        timeout_minutes=10,
        steps=tuple(steps),
        area=unit.name,
    )


def _download(unit: Unit) -> Step:
    return Step(
        id="download-reports",
        name="Get the test reports",
        uses=pins.action("actions/download-artifact"),
        inputs={"pattern": f"test-reports.{unit.name}.*", "path": "coverage-reports"},
    )


def _codecov(unit: Unit) -> Step:
    return Step(
        id="coverage-codecov",
        name="Upload to Codecov",
        uses=pins.action("codecov/codecov-action"),
        inputs={
            "directory": "coverage-reports",
            "flags": unit.name,
            "use_oidc": "true",
            "fail_ci_if_error": "true",
        },
    )


def _coveralls(unit: Unit) -> Step:
    return Step(
        id="coverage-coveralls",
        name="Upload to Coveralls",
        uses=pins.action("coverallsapp/github-action"),
        inputs={
            "base-path": "" if unit.path == "." else unit.path,
            "flag-name": unit.name,
            "fail-on-error": "true",
        },
    )


_UPLOADS = {"codecov": _codecov, "coveralls": _coveralls}
