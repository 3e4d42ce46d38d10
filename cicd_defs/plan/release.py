"""The release workflow: images that are pushed, and deployments from environment to environment.

Each environment is deployed to by one event: a push to its branch, a release, or a person. A person can deploy to any.
"""

from collections.abc import Sequence

from cicd_defs.facts.stacks import Stacks
from cicd_defs.facts.value import Value
from cicd_defs.facts.written import Written
from cicd_defs.plan import release_checked
from cicd_defs.plan.deploy import Place, deploy_job
from cicd_defs.plan.deploy_places import FAMILIES, places_of
from cicd_defs.plan.images import Image
from cicd_defs.plan.pipeline import Concurrency, Expression, Input, Job, Note, Triggers, Workflow
from cicd_defs.plan.release_images import PushedImage, image_notes, push_job, pushed_images
from cicd_defs.spec.environment import Environment
from cicd_defs.spec.model import Project

RELEASE_FILE = "release.yml"
NOWHERE = "none"
"""What a person chooses who starts a run by hand and wants nothing deployed, where CI is in the same file."""


ON_RELEASE = "(github.event_name == 'release' && !github.event.release.prerelease)"
"""When releases are deployed. A pre-release is pushed as an image, and deployed by hand where somebody wants it."""


class Release(Value):
    """All that goes out: images, places, and what a person should know of both."""

    project: Project
    images: tuple[PushedImage, ...] = ()
    places: tuple[Place, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is pushed and nothing deployed."""
        return not (self.images or self.places)


def release_of(project: Project, stacks: Stacks, images: Sequence[Image], written: Written) -> Release:
    """What a project pushes and deploys. The same before and after our own files are in the repository."""
    pushed = pushed_images(project, images)
    found = places_of(project, stacks, written, pushed)
    notes = (*image_notes(project, images), *found.notes, *_unchained(project))
    return Release(project=project, images=pushed, places=found.places, notes=notes)


def deployed_branches(release: Release) -> tuple[str, ...]:
    """The branches that something goes out from, and whose commits must so have been checked."""
    project = release.project
    branches = [branch_of(project, place.declared) for place in release.places]
    return tuple(dict.fromkeys([*([project.branch] if release.images else []), *branches]))


def branch_of(project: Project, declared: Environment) -> str:
    """The branch that an environment is deployed from."""
    return declared.branch or project.branch


def release_workflow(release: Release, ci: Workflow | None) -> Workflow | None:
    """Everything that is pushed or deployed, in a file of its own; None where nothing is.

    It waits for the gate of `ci` on the same commit. Without CI there is nothing to wait for.
    """
    if release.is_empty:
        return None
    checked = [release_checked.checked_job(release.project, ci)] if ci else []
    return Workflow(
        file=RELEASE_FILE,
        name="Release",
        triggers=release_triggers(release),
        # A run that waits for somebody's approval keeps no other from being looked at. What must not happen at the
        # same time, pushing one image or deploying to one place, is excluded job by job.
        concurrency=Concurrency(
            group=Expression(text="release-${{ github.run_id }}"), cancel_in_progress=False
        ),
        jobs=(*checked, *release_jobs(release, checked[0].id if checked else None)),
    )


def release_triggers(release: Release, among_checks: bool = False) -> Triggers:
    """What makes something go out. `among_checks`: in one file with CI, where a person may want no deployment."""
    pushed = [_branch(release, place) for place in release.places if place.declared.deploy_on == "push"]
    on_release = release.images or any(place.declared.deploy_on == "release" for place in release.places)
    return Triggers(
        push_branches=tuple(dict.fromkeys(pushed)),
        release=bool(on_release),
        manual=bool(release.places),
        inputs=_inputs(release, among_checks) if release.places else (),
    )


def _inputs(release: Release, among_checks: bool) -> tuple[Input, ...]:
    names = tuple(place.name for place in release.places)
    where = Input(
        name="environment",
        description="Where to deploy to",
        type="choice",
        options=(NOWHERE, *names) if among_checks else names,
        default=NOWHERE if among_checks else None,
        required=True,
    )
    image = Input(
        name="image",
        description="Tag or digest of an image that was pushed before, to go back to it; empty builds this commit",
    )
    return (where, image) if release.images else (where,)


def release_jobs(release: Release, gate: str | None) -> tuple[Job, ...]:
    """The jobs that push and deploy, each only once the job `gate` is green."""
    before = (gate,) if gate else ()
    pushes = [_push(release, image, before) for image in release.images]
    return (*pushes, *(_deploy(release, place, before) for place in _in_order(release.places)))


def _push(release: Release, image: PushedImage, before: Sequence[str]) -> Job:
    condition = _all(_green(before), push_condition(release))
    return push_job(release.project, image, before, condition, bool(release.places))


def push_condition(release: Release) -> str:
    """When images are pushed: one comparison, or all of it in parentheses."""
    return _any([_pushes(release), "github.event_name == 'release'", _by_hand(release)])


def _pushes(release: Release) -> str:
    branches = dict.fromkeys(
        _branch(release, place)
        for place in release.places
        if place.images and place.declared.deploy_on == "push"
    )
    return _any([_on_push(branch) for branch in branches])


def _by_hand(release: Release) -> str:
    names = [f"inputs.environment == '{place.name}'" for place in release.places if place.images]
    return _any(names)


def _deploy(release: Release, place: Place, before: Sequence[str]) -> Job:
    images = [image.job_id for image in place.images]
    earlier = [each.job_id for each in _earlier(release, place)]
    chosen = f"inputs.environment == '{place.name}'"
    by_itself = _all(_starts(release, place), _succeeded(earlier))
    condition = _all(_green((*before, *images)), _any([by_itself, chosen]))
    return deploy_job(
        release.project,
        place,
        FAMILIES[place.deploy.method](place),
        (*before, *images, *earlier),
        condition,
    )


def _starts(release: Release, place: Place) -> str:
    """The event that deploys there, as a condition; nothing where only a person does."""
    on = place.declared.deploy_on
    if on == "push":
        return _on_push(_branch(release, place))
    return ON_RELEASE if on == "release" else ""


def _earlier(release: Release, place: Place) -> tuple[Place, ...]:
    """The places that must be deployed before in the same run: all on the way of `after` that the same event deploys.

    A place that only a person deploys to waits for nothing.
    """
    if place.declared.deploy_on == "manual":
        return ()
    known = {each.name: each for each in release.places}
    declared = {each.name: each for each in release.project.environments}
    found, name = [], place.declared.after
    while name:
        if name in known and _starts(release, known[name]) == _starts(release, place):
            found.append(known[name])
        name = declared[name].after
    return tuple(found)


def _in_order(places: Sequence[Place]) -> tuple[Place, ...]:
    """Each place behind the one that it comes after."""
    ordered: dict[str, Place] = {}
    waiting = list(places)
    names = {place.name for place in places}
    while waiting:
        for place in waiting:
            if place.declared.after not in names or place.declared.after in ordered:
                ordered[place.name] = place
        waiting = [place for place in waiting if place.name not in ordered]
    return tuple(ordered.values())


def _branch(release: Release, place: Place) -> str:
    return branch_of(release.project, place.declared)


def _on_push(branch: str) -> str:
    return f"(github.event_name == 'push' && github.ref == 'refs/heads/{branch}')"


def _green(jobs: Sequence[str]) -> str:
    """All of these succeeded. A job that was skipped somewhere before them does not matter, so nothing is implied."""
    return _all("!cancelled()", _succeeded(jobs))


def _succeeded(jobs: Sequence[str]) -> str:
    return _all(*(f"needs.{job}.result == 'success'" for job in jobs))


def _all(*conditions: str) -> str:
    return " && ".join(condition for condition in conditions if condition)


def _any(conditions: Sequence[str]) -> str:
    given = [condition for condition in conditions if condition]
    joined = " || ".join(f"({each})" if " && " in each and each[0] != "(" else each for each in given)
    return f"({joined})" if len(given) > 1 else joined


def _unchained(project: Project) -> tuple[Note, ...]:
    """The environments that come after another, and that another event deploys."""
    known = {declared.name: declared for declared in project.environments}
    message = "it comes after `{}`, which another event deploys: nothing waits for that, or proves that it was deployed"
    return tuple(
        Note(where=f"environments.{declared.name}", message=message.format(declared.after))
        for declared in project.environments
        if declared.after and _event(project, known[declared.after]) != _event(project, declared)
    )


def _event(project: Project, declared: Environment) -> tuple[str, str]:
    on_push = declared.deploy_on == "push"
    return declared.deploy_on, branch_of(project, declared) if on_push else ""
