"""What one component's build makes, handed to the jobs of the components that build on it.

Files travel as one archive, because the service that keeps them loses permissions and leaves hidden files out:
https://github.com/actions/upload-artifact#permission-loss
"""

from collections.abc import Mapping, Sequence

from cicd_defs.plan import pins
from cicd_defs.plan.areas import quoted
from cicd_defs.plan.pipeline import Expression, Job, Step, Text
from cicd_defs.plan.units import Unit

KEPT_DAYS = 7
"""How long what a build made is kept."""

TEMPORARY = Expression(text="${{ runner.temp }}")
"""The runner's own folder for what is gone with the job: nothing there is mistaken for a file of the repository."""

_DOWNLOAD = "download-"


def kept(unit: Unit) -> tuple[Step, ...]:
    """The steps behind a build that keep what it made. A file that was declared and not made turns the job red."""
    if not unit.artifacts:
        return ()
    paths = " ".join(quoted(path) for path in unit.artifacts)
    pack = Step(
        id="upload-pack",
        name="Pack what was built",
        run=f'tar -cf - -- {paths} > "$RUNNER_TEMP/{unit.name}.tar"',
    )
    inputs: dict[str, Text] = {
        "name": _name(unit.name),
        "path": Expression(text=f"{TEMPORARY}/{unit.name}.tar"),
        "if-no-files-found": "error",
        "retention-days": str(KEPT_DAYS),
    }
    upload = Step(
        id="upload-build",
        name="Keep what was built",
        uses=pins.action("actions/upload-artifact"),
        inputs=inputs,
    )
    return (pack, upload)


def handed(unit: Unit) -> tuple[Step, ...]:
    """The steps that put what other builds made where those builds would have left it."""
    if not unit.handed:
        return ()
    lines = [f'tar -xf - < "$RUNNER_TEMP/{name}.tar"' for name in unit.handed]
    unpack = Step(
        id="download-unpack",
        name="Unpack what was built",
        run="\n".join(lines) + ("\n" if len(lines) > 1 else ""),
    )
    return (*(_download(name) for name in unit.handed), unpack)


def _download(name: str) -> Step:
    return Step(
        id=f"{_DOWNLOAD}{build_id(name)}",
        name=f"Get what was built of {name}",
        uses=pins.action("actions/download-artifact"),
        inputs={"name": _name(name), "path": TEMPORARY},
    )


def _name(component: str) -> str:
    """The artefact's name. Components have no `.` in their names, and reports have another first word."""
    return f"build.{component}"


def build_id(component: str) -> str:
    """The job that builds a component which hands something to others; there are at least two, so it is named."""
    return f"build-{component}"


def with_builds(jobs: Sequence[Job], builds: Sequence[Job] = ()) -> tuple[Job, ...]:
    """The jobs, each behind the builds that it is handed something from, and waiting for them.

    Where a build is not among the jobs itself, the one from `builds` comes along. What one build makes another may
    need; no two of them need each other.
    """
    known = {job.id: _waiting(job) for job in (*builds, *jobs)}
    placed: dict[str, Job] = {}
    for job in jobs:
        _place(job.id, known, placed)
    return tuple(placed.values())


def _place(job_id: str, known: Mapping[str, Job], placed: dict[str, Job]) -> None:
    if job_id in known and job_id not in placed:
        for need in known[job_id].needs:
            _place(need, known, placed)
        placed[job_id] = known[job_id]


def _waiting(job: Job) -> Job:
    sources = (
        step.id.removeprefix(_DOWNLOAD)
        for step in job.steps
        if step.id.startswith(_DOWNLOAD + build_id("")) and step.uses
    )
    return job.model_copy(update={"needs": tuple(dict.fromkeys((*job.needs, *sources)))})
