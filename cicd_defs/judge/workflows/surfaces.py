"""What a workflow shows of itself to whoever can start it: its events, its conditions, and every expression in it.

Both a planned workflow and a file's YAML become the same `Surface`, so that a rule is written once, and holds for what
GitHub reads as well as for what we meant.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from cicd_defs.facts.value import Value
from cicd_defs.judge.workflows.grammar import insides
from cicd_defs.plan.pipeline import Expression, Job, Step, Triggers, Workflow


class Spot(Value):
    """One expression, without its `${{ }}`, and where it stands: `env.TOKEN`."""

    where: str
    expression: str


class StepSurface(Value):
    """One step."""

    name: str
    condition: str | None
    spots: tuple[Spot, ...]


class JobSurface(Value):
    """One job. `writes` are the permissions by which its token may change something; `spots` are those of no step.

    `hands_on` says that a workflow is called with all secrets.
    """

    id: str
    needs: tuple[str, ...]
    condition: str | None
    environment: str | None
    writes: tuple[str, ...]
    hands_on: bool
    spots: tuple[Spot, ...]
    steps: tuple[StepSurface, ...]


class Surface(Value):
    """One workflow. `spots` are those of no job."""

    file: str
    events: tuple[str, ...]
    spots: tuple[Spot, ...]
    jobs: tuple[JobSurface, ...]


def surface_of(workflow: Workflow) -> Surface:
    """What a planned workflow shows."""
    return Surface(
        file=workflow.file,
        events=_events(workflow.triggers),
        spots=tuple(_planned_spots(workflow, "", leave_out="jobs")),
        jobs=tuple(_planned_job(job) for job in workflow.jobs),
    )


def _events(triggers: Triggers) -> tuple[str, ...]:
    starts = {
        "push": bool(triggers.push_branches or triggers.push_tags),
        "pull_request": triggers.pull_request,
        "schedule": bool(triggers.schedule),
        "workflow_dispatch": triggers.manual,
        "release": triggers.release,
    }
    return tuple(event for event, given in starts.items() if given)


def _planned_job(job: Job) -> JobSurface:
    named = (Spot(where="secrets", expression=f"secrets.{name}") for name in job.secrets)
    return JobSurface(
        id=job.id,
        needs=job.needs,
        condition=job.condition,
        environment=job.environment.name if job.environment else None,
        writes=tuple(f"{held.scope}: {held.access}" for held in job.permissions if held.access == "write"),
        hands_on=False,
        spots=(*named, *_planned_spots(job, "", leave_out="steps")),
        steps=tuple(_planned_step(step) for step in job.steps),
    )


def _planned_step(step: Step) -> StepSurface:
    return StepSurface(name=step.id, condition=step.condition, spots=tuple(_planned_spots(step, "")))


def _planned_spots(value: object, where: str, leave_out: str = "") -> Iterator[Spot]:
    """Every expression below a value of the form. Plain text is none: it is written so that nothing evaluates it."""
    if isinstance(value, Expression):
        yield from _spots_in(value.text, where)
    elif isinstance(value, Value):
        for name, part in value:
            if name == "condition" and isinstance(part, str):
                yield Spot(where=f"{where}if", expression=part)
            elif name != leave_out:
                yield from _planned_spots(part, f"{where}{name}.")
    else:
        for place, part in _parts(value):
            yield from _planned_spots(part, f"{where}{place}.")


def _parts(value: object) -> Iterable[tuple[object, object]]:
    """What is in a map or a list, by name or position."""
    if isinstance(value, Mapping):
        return value.items()
    return enumerate(value) if isinstance(value, Sequence) and not isinstance(value, str) else ()


def _spots_in(text: str, where: str) -> Iterator[Spot]:
    for expression in insides(text):
        yield Spot(where=where.rstrip("."), expression=expression)


def surface_in(file: str, data: object) -> Surface:
    """What a workflow's YAML shows, anybody's: `data` as PyYAML loads it. What is not there counts as empty."""
    top = _map(data)
    jobs = _map(top.get("jobs"))
    on = top.get("on", top.get(True))  # YAML 1.1 reads the key `on` as true
    return Surface(
        file=file,
        events=(on,) if isinstance(on, str) else tuple(map(str, on if isinstance(on, list) else _map(on))),
        spots=tuple(_written_spots({key: part for key, part in top.items() if key != "jobs"}, "")),
        jobs=tuple(_written_job(str(name), _map(job), top.get("permissions")) for name, job in jobs.items()),
    )


def _map(value: object) -> Mapping[object, object]:
    return value if isinstance(value, Mapping) else {}


def _written_job(name: str, job: Mapping[object, object], above: object) -> JobSurface:
    needs, steps, environment = job.get("needs"), job.get("steps"), job.get("environment")
    held = job.get("permissions")
    place = _map(environment).get("name") if isinstance(environment, Mapping) else environment
    return JobSurface(
        id=name,
        needs=tuple(map(str, needs)) if isinstance(needs, list) else (str(needs),) if needs else (),
        condition=_condition(job),
        environment=None if place is None else str(place),
        writes=_writes(above if held is None else held),
        hands_on=job.get("secrets") == "inherit",
        spots=tuple(_written_spots({key: part for key, part in job.items() if key != "steps"}, "")),
        steps=tuple(
            _written_step(at, _map(step)) for at, step in enumerate(steps if isinstance(steps, list) else ())
        ),
    )


def _written_step(at: int, step: Mapping[object, object]) -> StepSurface:
    name = step.get("id", step.get("name", at))
    return StepSurface(name=str(name), condition=_condition(step), spots=tuple(_written_spots(step, "")))


def _condition(part: Mapping[object, object]) -> str | None:
    """An `if:` without its `${{ }}`, which it may leave out."""
    written = part.get("if")
    if written is None:
        return None
    text = str(written).lower() if isinstance(written, bool) else str(written).strip()
    whole = list(insides(text))
    return whole[0] if len(whole) == 1 and text == f"${{{{{whole[0]}}}}}" else text


def _writes(permissions: object) -> tuple[str, ...]:
    if permissions is None:  # what the repository's settings say, which may be everything
        return ("the default permissions",)
    if isinstance(permissions, str):
        return () if permissions == "read-all" else (permissions,)
    return tuple(f"{scope}: write" for scope, access in _map(permissions).items() if access == "write")


def _written_spots(value: object, where: str) -> Iterator[Spot]:
    if isinstance(value, str):
        yield from _spots_in(value, where)
    for name, part in _parts(value):
        if name == "if" and isinstance(part, str) and "${{" not in part:
            yield Spot(where=f"{where}if", expression=part)
        else:
            yield from _written_spots(part, f"{where}{name}.")
