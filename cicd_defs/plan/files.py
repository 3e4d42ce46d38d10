"""Which files a pipeline writes, and why it leaves others alone."""

from collections.abc import Sequence

from cicd_defs.facts.written import LOCK_PATH, Written
from cicd_defs.plan.pipeline import Candidate, PlannedFile, Workflow
from cicd_defs.spec.model import Project

CI_PATH, NIGHTLY_PATH, RELEASE_PATH = (
    f".github/workflows/{name}.yml" for name in ("ci", "nightly", "release")
)
MAKEFILE_PATH, BESIDE_PATH, TASKFILE_PATH = "Makefile", "ci.mk", "Taskfile.yml"
PRE_COMMIT_PATH = ".pre-commit-config.yaml"
DEPENDABOT_PATH, CODEOWNERS_PATH = ".github/dependabot.yml", ".github/CODEOWNERS"
RULESET_PATH = ".github/rulesets/cicd-defs.json"
CONTRIBUTING_PATH, COVERAGE_PATH = "CONTRIBUTING.md", ".coveragerc"
COMPOSE_PATH = "docker-compose.staging.yml"

OTHER_MAKEFILES = ("GNUmakefile", "makefile")
"""What make reads before a Makefile."""

OTHER_NAMES = {
    DEPENDABOT_PATH: (
        ".github/dependabot.yaml",
        "renovate.json",
        "renovate.json5",
        ".github/renovate.json",
        ".github/renovate.json5",
        ".renovaterc",
        ".renovaterc.json",
        ".renovaterc.json5",
    ),
    CODEOWNERS_PATH: ("CODEOWNERS", "docs/CODEOWNERS"),
    CONTRIBUTING_PATH: (".github/CONTRIBUTING.md", "docs/CONTRIBUTING.md", "CONTRIBUTING.rst"),
    TASKFILE_PATH: ("Taskfile.yaml", "taskfile.yml", "taskfile.yaml"),
    PRE_COMMIT_PATH: (),
}
"""Files that do the work of ours under another name: where one is there, ours is not written."""


def known_paths(project: Project) -> tuple[str, ...]:
    """Every path that this declaration can make us write, in the order in which people read them."""
    return (
        CI_PATH,
        NIGHTLY_PATH,
        *((RELEASE_PATH,) if _may_release(project) else ()),
        *((TASKFILE_PATH,) if project.files.task_runner == "task" else (MAKEFILE_PATH, BESIDE_PATH)),
        PRE_COMMIT_PATH,
        *container_paths(project),
        *((COMPOSE_PATH,) if project.environments else ()),
        *((DEPENDABOT_PATH,) if project.files.dependabot else ()),
        *((CODEOWNERS_PATH,) if project.files.code_owners else ()),
        *((RULESET_PATH,) if project.files.ruleset else ()),
        *((CONTRIBUTING_PATH,) if project.files.contributing is not False else ()),
        *(coverage_paths(project) if project.files.coverage else ()),
        LOCK_PATH,
    )


def _may_release(project: Project) -> bool:
    return bool(project.environments or project.docker.registries)


def container_paths(project: Project) -> tuple[str, ...]:
    """A Dockerfile for the repository, and one for each component that is declared in a folder of its own."""
    if "docker" not in project.model_fields_set:
        return ()
    folders = dict.fromkeys([".", *(part.path for part in project.pipeline.components)])
    return tuple(at(folder, name) for folder in folders for name in ("Dockerfile", ".dockerignore"))


def coverage_paths(project: Project) -> tuple[str, ...]:
    """A `.coveragerc` for the repository, and one for each component that is declared in a folder of its own."""
    folders = dict.fromkeys([".", *(part.path for part in project.pipeline.components)])
    return tuple(at(folder, COVERAGE_PATH) for folder in folders)


def at(folder: str, name: str) -> str:
    """A file's path in a folder of the repository."""
    return name if folder == "." else f"{folder}/{name}"


def looked_at(project: Project) -> tuple[str, ...]:
    """Every path that decides what is written."""
    others = [name for names in OTHER_NAMES.values() for name in names]
    return tuple(dict.fromkeys((*EVER_WRITTEN, *known_paths(project), *OTHER_MAKEFILES, *others)))


EVER_WRITTEN = (
    CI_PATH,
    NIGHTLY_PATH,
    RELEASE_PATH,
    MAKEFILE_PATH,
    BESIDE_PATH,
    TASKFILE_PATH,
    PRE_COMMIT_PATH,
    "Dockerfile",
    ".dockerignore",
    COMPOSE_PATH,
    DEPENDABOT_PATH,
    CODEOWNERS_PATH,
    RULESET_PATH,
    CONTRIBUTING_PATH,
    COVERAGE_PATH,
    LOCK_PATH,
)
"""What some declaration can make us write: what is no longer called for is looked for there."""


def planned_files(candidates: Sequence[Candidate], written: Written) -> tuple[PlannedFile, ...]:
    """Every file that could be written, with its state and the reason, in the order given."""
    return tuple(_planned(candidate, written) for candidate in candidates)


def workflow_candidates(
    project: Project, workflows: Sequence[Workflow], goes_out: bool
) -> tuple[Candidate, ...]:
    """The three workflow files. `goes_out`: there is an image to push or a place to deploy to."""
    made = {workflow.path for workflow in workflows}
    reasons = {
        CI_PATH: _no_ci(project),
        NIGHTLY_PATH: _no_nightly(project, any(workflow.triggers.schedule for workflow in workflows)),
        RELEASE_PATH: _no_release(project, goes_out),
    }
    return tuple(
        Candidate(path=path, kind="workflow", wanted=path in made, otherwise=reason, over_theirs=True)
        for path, reason in reasons.items()
    )


def _no_ci(project: Project) -> str:
    if project.pipeline.trigger_type == ("schedule",):
        return "`trigger_type` is schedule alone, and that is nightly.yml"
    return "no checks were detected or declared"


def _no_nightly(project: Project, at_night: bool) -> str:
    if "schedule" not in project.pipeline.trigger_type:
        return "`trigger_type` has no `schedule`"
    if at_night:
        return "`layout: unified` puts its jobs into ci.yml"
    return "no integration tests and no scans to run at night"


def _no_release(project: Project, goes_out: bool) -> str:
    if not _may_release(project):
        return "no `environments` and no `docker.registries` are declared"
    if goes_out:
        return "`layout: unified` puts its jobs into ci.yml"
    return "there is no image to push and nothing to deploy"


def local_candidates(
    project: Project, has_commands: bool, has_hooks: bool, written: Written
) -> tuple[Candidate, ...]:
    """What people run on their own machines: a Makefile or Taskfile, and hooks."""
    task = project.files.task_runner == "task"
    none = "no commands were detected or declared"
    hooks = Candidate(
        path=PRE_COMMIT_PATH,
        kind="precommit",
        wanted=has_hooks,
        otherwise="no lint or format command to run before a commit",
    )
    taskfile = Candidate(
        path=TASKFILE_PATH,
        kind="taskfile",
        wanted=has_commands and task,
        otherwise=none if task else "`files.task_runner` is make",
    )
    theirs = any(written.whose(path) == "theirs" for path in (MAKEFILE_PATH, *OTHER_MAKEFILES))
    makefile = Candidate(
        path=BESIDE_PATH if theirs else MAKEFILE_PATH,
        kind="makefile",
        wanted=has_commands and not task,
        otherwise="`files.task_runner` is task" if task else none,
        over_theirs=theirs,
    )
    return (makefile, taskfile, hooks)


def _planned(candidate: Candidate, written: Written) -> PlannedFile:
    whose = written.whose(candidate.path)
    if not candidate.wanted:
        return _planned_as(candidate, "removed" if whose == "ours" else "skipped", candidate.otherwise)
    if whose == "theirs" and not candidate.over_theirs:
        return _planned_as(candidate, "skipped", "the repository has one of its own, which stays as it is")
    other = next((name for name in OTHER_NAMES.get(candidate.path, ()) if name in written.files), None)
    if other and whose != "ours":
        return _planned_as(candidate, "skipped", f"the repository has `{other}`, which stays as it is")
    return _planned_as(candidate, "applied", _replacing(candidate, whose))


def _replacing(candidate: Candidate, whose: str) -> str:
    if whose == "theirs" and candidate.kind == "contributing":
        return "a section of the repository's own file; the rest of it stays as it is"
    if whose == "theirs":
        return "in place of a file that was written by hand"
    if candidate.path == BESIDE_PATH:
        return "the repository has a Makefile of its own; run `make -f ci.mk`"
    return "brought up to date" if whose == "ours" else "new"


def _planned_as(candidate: Candidate, state: str, reason: str) -> PlannedFile:
    told = {"path": candidate.path, "kind": candidate.kind, "state": state, "reason": reason}
    return PlannedFile.model_validate(told)
