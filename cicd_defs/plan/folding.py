"""Jobs that do the same for several components, written once: one job with a leg for each component that changed.

What is folded unfolds into exactly the jobs that there were; jobs of which that does not hold stay as they are.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from math import prod
from posixpath import join

from cicd_defs.plan.areas import condition_for
from cicd_defs.plan.pipeline import Chosen, Expression, Job, Matrix, Part, Text
from cicd_defs.plan.units import Unit

LEAST = 3
"""So many components of one shape have to be there before their jobs are written once."""

MOST_LEGS = 256
"""GitHub's limit: https://docs.github.com/actions/reference/limits"""

_NAME, _PATH = "component-of-the-group", "folder/of/the/group"
"""What a component is called while the jobs of its group are made."""

Make = Callable[[Unit], Sequence[Job]]


def folded(units: Sequence[Unit], make: Make) -> tuple[Job, ...]:
    """The jobs of all components, in the order of the components. `make` gives the jobs of one by itself."""
    shared: dict[str, tuple[Job, ...]] = {}
    for group, members in _groups(units).items():
        jobs = _written_once(group, members, make)
        # They stand where the first of the group would have its own.
        shared |= {unit.name: () for unit in members if jobs} | ({members[0].name: jobs} if jobs else {})
    return tuple(job for unit in units for job in (shared[unit.name] if unit.name in shared else make(unit)))


def unfolded(jobs: Sequence[Job]) -> tuple[Job, ...]:
    """The jobs as if each component had its own."""
    return tuple(one for job in jobs for one in _legs(job))


def any_of(chosen: Chosen) -> str:
    """The condition of a job that has a leg for each part that changed: that there is any."""
    return f"needs.changes.outputs.{chosen.output} != '[]'"


def chosen_parts(job: Job) -> tuple[Part, ...]:
    """The components of which a job runs for those that changed; empty for a job of a component's own."""
    return job.matrix.chosen.parts if job.matrix and job.matrix.chosen else ()


def groups_of(jobs: Sequence[Job]) -> tuple[Chosen, ...]:
    """The groups that jobs have legs for, each once."""
    found = (job.matrix.chosen for job in jobs if job.matrix and job.matrix.chosen)
    return tuple({group.output: group for group in found}.values())


def _groups(units: Sequence[Unit]) -> Mapping[str, list[Unit]]:
    """The components of one shape, under a name that no component has: their stack's."""
    by_shape: dict[str, list[Unit]] = {}
    for unit in units:
        if _is_plain(unit):
            by_shape.setdefault(_shape(unit), []).append(unit)
    groups: dict[str, list[Unit]] = {}
    for members in by_shape.values():
        if len(members) >= LEAST:
            groups[_free_name(members[0].stack or "custom", {*groups, *(unit.name for unit in units)})] = (
                members
            )
    return groups


def _free_name(name: str, taken: set[str]) -> str:
    names = (name, *(f"{name}-{number}" for number in range(2, len(taken) + 3)))
    return next(free for free in names if free not in taken)


def _is_plain(unit: Unit) -> bool:
    """Whether its jobs stand by themselves: nothing is handed to or by them, and no coverage is uploaded apart."""
    return unit.path != "." and not (unit.artifacts or unit.handed or unit.handed_to or unit.coverage)


def _shape(unit: Unit) -> str:
    """All that decides what its jobs look like, but its name and its folder."""
    return _as(unit, _NAME, _PATH).model_dump_json()


def _as(unit: Unit, name: str, path: str) -> Unit:
    """The component under another name in another folder, without what only areas and other files look at."""
    moved = {
        key: None if file is None else join(path, file.removeprefix(f"{unit.path}/"))
        for key, file in (("manifest", unit.manifest), ("lock_file", unit.lock_file))
    }
    unseen = {"detected": None, "paths": (), "depends_on": (), "shared_files": (), "source_paths": ()}
    return unit.model_copy(update={"name": name, "path": path, **moved, **unseen})


def _written_once(group: str, members: Sequence[Unit], make: Make) -> tuple[Job, ...]:
    """The jobs of a group, or nothing where they would not be the same."""
    parts = tuple(Part(name=unit.name, path=unit.path) for unit in members)
    pattern = make(_as(members[0], _NAME, _PATH))
    jobs = tuple(_fold(job, Chosen(output=group, parts=parts)) for job in pattern)
    wanted = [job for unit in members for job in make(unit)]
    same = sorted(unfolded(jobs), key=_id) == sorted(wanted, key=_id)
    return jobs if same and all(_most_legs(job) <= MOST_LEGS for job in jobs) else ()


def _most_legs(job: Job) -> int:
    axes = job.matrix.axes.values() if job.matrix else ()
    return len(chosen_parts(job)) * prod(len(values) for values in axes)


def _id(job: Job) -> str:
    return job.id


def _fold(job: Job, chosen: Chosen) -> Job:
    matrix = (job.matrix or Matrix(axes={})).model_copy(update={"chosen": chosen})
    told = {
        "id": job.id.replace(_NAME, chosen.output),
        "condition": any_of(chosen),
        "matrix": matrix,
        "area": None,
    }
    return _with_texts(job, _evaluated).model_copy(update=told)


def _legs(job: Job) -> Iterator[Job]:
    if job.matrix is None or job.matrix.chosen is None:
        yield job
        return
    matrix = job.matrix.model_copy(update={"chosen": None})
    for part in job.matrix.chosen.parts:
        told = {
            "id": job.id.removesuffix(job.matrix.chosen.output) + part.name,
            "condition": condition_for(part.name),
            "matrix": matrix if matrix.axes else None,
            "area": part.name,
        }
        yield _with_texts(job, partial(_told, part)).model_copy(update=told)


def _with_texts(job: Job, change: Callable[[Text], Text]) -> Job:
    """The job with every text changed in which GitHub evaluates expressions."""
    steps = tuple(
        step.model_copy(
            update={
                "inputs": {name: change(value) for name, value in step.inputs.items()},
                "env": {name: change(value) for name, value in step.env.items()},
                "working_directory": change(step.working_directory) if step.working_directory else None,
            }
        )
        for step in job.steps
    )
    env = {name: change(value) for name, value in job.env.items()}
    return job.model_copy(update={"name": change(job.name), "env": env, "steps": steps})


_EXPRESSION = re.compile(r"(\$\{\{.*?\}\})")
_QUOTED_PATH = re.compile(rf"'([^'{{}}]*){_PATH}([^'{{}}]*)'")
_FORMATTED_PATH = re.compile(r"format\('([^'{}]*)\{0\}([^'{}]*)', matrix\.component\.path\)")


def _evaluated(text: Text) -> Text:
    """The text with what GitHub knows of a leg in place of our name and folder."""
    if _NAME not in str(text) and _PATH not in str(text):
        return text
    if isinstance(text, str) and "${{" in text:
        return text  # no text is both literal and evaluated
    return Expression(text="".join(map(_evaluated_piece, _EXPRESSION.split(str(text)))))


def _evaluated_piece(piece: str) -> str:
    if _EXPRESSION.fullmatch(piece):
        return _QUOTED_PATH.sub(r"format('\1{0}\2', matrix.component.path)", piece)
    return piece.replace(_NAME, "${{ matrix.component.name }}").replace(_PATH, "${{ matrix.component.path }}")


def _told(part: Part, text: Text) -> Text:
    """The text as it is for one leg."""
    if "matrix.component" not in str(text):
        return text
    name_told = str(text).replace("${{ matrix.component.name }}", part.name)
    told = name_told.replace("${{ matrix.component.path }}", part.path)
    quoted = part.path.replace("'", "''")
    told = _FORMATTED_PATH.sub(lambda found: f"'{found[1]}{quoted}{found[2]}'", told)
    return Expression(text=told) if "${{" in told else told
