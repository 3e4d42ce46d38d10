"""From a declaration and what was detected to the pipeline: the one place where everything comes together."""

from collections.abc import Sequence
from functools import partial

from cicd_defs.facts.stacks import Stacks
from cicd_defs.facts.written import Written
from cicd_defs.plan.areas import areas_of, changes_step, output_of, without_areas
from cicd_defs.plan.artifacts import with_builds
from cicd_defs.plan.caching import is_published_from, publishes, without_caches
from cicd_defs.plan.checks import check_jobs, handing_builds, night_jobs
from cicd_defs.plan.dockerfiles import container_candidates, containers_of, with_compose
from cicd_defs.plan.files import local_candidates, planned_files, workflow_candidates
from cicd_defs.plan.folding import folded, groups_of
from cicd_defs.plan.gate import gate_job
from cicd_defs.plan.housekeeping import hygiene_candidates, hygiene_notes, hygiene_of
from cicd_defs.plan.images import Image, image_area, image_job, images_of, scan_image_jobs, unbuilt
from cicd_defs.plan.links import linked, not_handed
from cicd_defs.plan.local import hooks_of, local_commands
from cicd_defs.plan.notify import with_notifications
from cicd_defs.plan.permissions import permissions_for
from cicd_defs.plan.pipeline import (
    Area,
    Chosen,
    Concurrency,
    Expression,
    Job,
    Note,
    Pipeline,
    Step,
    StepKind,
    Text,
    Triggers,
    Workflow,
)
from cicd_defs.plan.release import Release, deployed_branches, release_of, release_workflow
from cicd_defs.plan.release_unified import at_night, unless, with_release
from cicd_defs.plan.scans import code_jobs, dependency_jobs, secrets_job, unscanned
from cicd_defs.plan.setup import checkout
from cicd_defs.plan.units import Unit, units_of
from cicd_defs.spec.model import Project

CI_FILE, NIGHTLY_FILE = "ci.yml", "nightly.yml"


def compile_pipeline(project: Project, stacks: Stacks, written: Written) -> Pipeline:
    """Everything that follows from a declaration.

    Takes the declaration, what was detected in the repository, and which of the files to come it has already. Pure:
    the same three give the same pipeline.
    """
    units, notes = units_of(project, stacks)
    units = linked(units, stacks)
    containers, container_notes = containers_of(project, units, stacks, written)
    images = images_of(stacks, containers.dockerfiles, project.docker, _names(project))
    containers, compose_notes = with_compose(containers, project, units, stacks, written, images)
    areas = (*areas_of(units), *(image_area(image) for image in images))
    release = release_of(project, stacks, images, written)
    workflows = _workflows(project, units, images, areas, release)
    local = local_commands(units)
    hooks = hooks_of(units)
    hygiene = hygiene_of(project, units, stacks, workflows, local, containers)
    candidates = (
        *workflow_candidates(project, workflows, not release.is_empty),
        *local_candidates(project, bool(local), bool(hooks), written),
        *container_candidates(project, containers),
        *hygiene_candidates(project, hygiene, written),
    )
    return Pipeline(
        project=project.name,
        repository=project.repository,
        workflows=workflows,
        areas=areas,
        local=local,
        hooks=hooks,
        containers=containers,
        hygiene=hygiene,
        yaml_excludes=stacks.template_folders,
        files=planned_files(candidates, written),
        notes=(
            *notes,
            *not_handed(units),
            *unscanned(units),
            *unbuilt(stacks, project.docker),
            *container_notes,
            *compose_notes,
            *hygiene_notes(project, units, workflows),
            *_remarks(project, units, workflows, release),
            *release.notes,
        ),
    )


def _names(project: Project) -> dict[str, str]:
    """The name that was declared for a component, by its folder; none where several lie in one."""
    parts = project.pipeline.components
    folders = [part.path for part in parts]
    return {part.path: part.name for part in parts if part.name and folders.count(part.path) == 1}


def _workflows(
    project: Project, units: Sequence[Unit], images: Sequence[Image], areas: Sequence[Area], release: Release
) -> tuple[Workflow, ...]:
    wanted = set(project.pipeline.trigger_type)
    deployed = deployed_branches(release)
    ci = (
        _ci(project, units, images, areas, deployed)
        if wanted & {"push", "pr", "manual"} or deployed
        else None
    )
    nightly = _nightly(project, units, images) if "schedule" in wanted else None
    if project.pipeline.layout == "unified" and ci:
        if not project.pipeline.only_changed:  # before other conditions stand beside those of areas
            ci = without_areas(ci)
        made = [with_release(_with_nightly(ci, nightly, at_night(release)) if nightly else ci, release)]
    else:
        made = [workflow for workflow in (ci, nightly, release_workflow(release, ci)) if workflow]
    return tuple(_finished(project, workflow) for workflow in made)


def _finished(project: Project, workflow: Workflow) -> Workflow:
    """What holds for a whole workflow, whatever is in it."""
    if not project.pipeline.only_changed:
        workflow = without_areas(workflow)
    if publishes(workflow):
        workflow = without_caches(workflow)
    if project.pipeline.step_timeout_minutes:
        workflow = _with_step_timeouts(workflow, project.pipeline.step_timeout_minutes)
    return with_notifications(project, _within_jobs(workflow))


def _with_step_timeouts(workflow: Workflow, minutes: int) -> Workflow:
    jobs = tuple(
        job.model_copy(
            update={
                "steps": tuple(
                    step.model_copy(update={"timeout_minutes": step.timeout_minutes or minutes})
                    for step in job.steps
                )
            }
        )
        for job in workflow.jobs
    )
    return workflow.model_copy(update={"jobs": jobs})


def _within_jobs(workflow: Workflow) -> Workflow:
    """No step may take longer than its job."""
    jobs = tuple(
        job.model_copy(update={"steps": tuple(_no_longer(step, job.timeout_minutes) for step in job.steps)})
        for job in workflow.jobs
    )
    return workflow.model_copy(update={"jobs": jobs})


def _no_longer(step: Step, minutes: int) -> Step:
    if step.timeout_minutes is None or step.timeout_minutes <= minutes:
        return step
    return step.model_copy(update={"timeout_minutes": minutes})


def _ci(
    project: Project,
    units: Sequence[Unit],
    images: Sequence[Image],
    areas: Sequence[Area],
    deployed: Sequence[str],
) -> Workflow | None:
    """What every change goes through: the changed areas, their checks, and the gate over all of them.

    A push to one of the `deployed` branches is checked whatever else starts it: nothing goes out unchecked.
    """
    pipeline = project.pipeline
    alone = len(units) == 1
    make = partial(check_jobs, alone=alone)
    made = folded(units, make) if pipeline.only_changed else [job for unit in units for job in make(unit)]
    checks = with_builds(made)
    builds = [image_job(image, pipeline.runs_on, pipeline.timeout_minutes) for image in images]
    if not checks and not builds:
        return None
    informing = {job.id for job in checks if job.id.startswith("coverage")}
    jobs = [_changes(areas, groups_of(checks), pipeline.runs_on), *checks, *builds]
    gate = gate_job([job.id for job in jobs if job.id not in informing], pipeline.runs_on)
    return Workflow(
        file=CI_FILE,
        name="CI",
        triggers=_ci_triggers(project, deployed),
        concurrency=_concurrency(project),
        env=dict(pipeline.env_vars),
        jobs=(*jobs, gate),
    )


def _changes(areas: Sequence[Area], groups: Sequence[Chosen], runs_on: str) -> Job:
    workflow_path = f".github/workflows/{CI_FILE}"
    steps = (checkout(full_history=True), changes_step(areas, workflow_path, groups))
    told_together = {part.name for group in groups for part in group.parts}
    told = [*(area.id for area in areas if area.id not in told_together), *(group.output for group in groups)]
    return Job(
        id="changes",
        name="Find what changed",
        runs_on=runs_on,
        permissions=permissions_for(steps),
        timeout_minutes=10,
        outputs={name: output_of(name) for name in told},
        steps=steps,
    )


def _ci_triggers(project: Project, deployed: Sequence[str]) -> Triggers:
    wanted = project.pipeline.trigger_type
    return Triggers(
        push_branches=tuple(dict.fromkeys([*([project.branch] if "push" in wanted else []), *deployed])),
        pull_request="pr" in wanted,
        manual="manual" in wanted,
    )


def _concurrency(project: Project) -> Concurrency:
    pipeline = project.pipeline
    return Concurrency(
        group=Expression(text=pipeline.concurrency_group), cancel_in_progress=pipeline.cancel_in_progress
    )


def _nightly(project: Project, units: Sequence[Unit], images: Sequence[Image]) -> Workflow | None:
    """What takes long or changes by itself: integration tests with their services, and the scans."""
    pipeline = project.pipeline
    runs_on, minutes, scans = pipeline.runs_on, pipeline.timeout_minutes, pipeline.scans
    jobs: list[Job] = [job for unit in units for job in night_jobs(unit, len(units) == 1)]
    jobs += dependency_jobs(units, runs_on) if scans.dependencies else ()
    jobs += [secrets_job(runs_on, minutes)] if scans.secrets else []
    jobs += code_jobs(units, runs_on) if scans.code else ()
    jobs += scan_image_jobs(images, runs_on, minutes) if scans.image else ()
    if not jobs:
        return None
    return Workflow(
        file=NIGHTLY_FILE,
        name="Nightly",
        triggers=Triggers(schedule=(pipeline.schedule,), manual="manual" in pipeline.trigger_type),
        concurrency=Concurrency(group=Expression(text="nightly-${{ github.ref }}"), cancel_in_progress=True),
        env=dict(pipeline.env_vars),
        jobs=with_builds(jobs, handing_builds(units)),
    )


def _command_of(step: Step) -> tuple[str | None, Text | None]:
    return step.run, step.working_directory


def _with_nightly(ci: Workflow, nightly: Workflow, condition: str) -> Workflow:
    """Both in one file: the nightly jobs wait for the night, and the gate does not wait for them.

    The checks run at night, too: what is only a check of theirs again is left out, and an image that is built to be
    scanned is not built beside that.
    """
    checked = {_command_of(step) for job in ci.jobs for step in job.steps if step.kind == StepKind.TEST}
    at_night = tuple(
        job.model_copy(update={"condition": condition})
        for job in nightly.jobs
        if ci.job(job.id) is None and not checked & set(map(_command_of, job.steps))
    )
    scanned = {job.id for job in at_night}
    checks = tuple(unless(job, condition) if f"scan-{job.id}" in scanned else job for job in ci.jobs[:-1])
    triggers = ci.triggers.model_copy(update={"schedule": nightly.triggers.schedule})
    concurrency = None
    if ci.concurrency:  # a push does not cancel the night
        group = Expression(text=f"{ci.concurrency.group}-${{{{ github.event_name }}}}")
        concurrency = ci.concurrency.model_copy(update={"group": group})
    return ci.model_copy(
        update={
            "triggers": triggers,
            "concurrency": concurrency,
            "jobs": (*checks, *at_night, ci.jobs[-1]),
        }
    )


def _remarks(
    project: Project, units: Sequence[Unit], workflows: Sequence[Workflow], release: Release
) -> tuple[Note, ...]:
    messages = []
    if not units:
        messages.append("nothing was detected that could be checked: declare it under `pipeline.components`")
    checks = next((workflow for workflow in workflows if workflow.file == CI_FILE), None)
    if checks is None:
        if not release.is_empty:
            messages.append("there are no checks, so what is released and deployed is not checked before")
        return tuple(Note(where="pipeline", message=message) for message in messages)
    messages += [
        f"`{branch}` is a branch to release from, so its checks use no shared cache"
        for branch in filter(is_published_from, checks.triggers.push_branches)
    ]
    if checks.triggers.release:
        messages.append("releases share a file with the checks, so that these use no shared cache")
    if "push" not in project.pipeline.trigger_type and checks.triggers.push_branches:
        branches = ", ".join(f"`{branch}`" for branch in checks.triggers.push_branches)
        messages.append(
            f"a push to {branches} is checked though `trigger_type` has no push: something goes out from there"
        )
    return tuple(Note(where="pipeline", message=message) for message in messages)
