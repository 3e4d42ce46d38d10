"""Which files a pipeline writes, and why it leaves others alone."""

from collections.abc import Sequence

from cicd_defs.facts.written import Written
from cicd_defs.plan.pipeline import Hook, LocalCommand, PlannedFile, Workflow
from cicd_defs.spec.model import Project

CI_PATH, NIGHTLY_PATH = ".github/workflows/ci.yml", ".github/workflows/nightly.yml"
MAKEFILE_PATH, BESIDE_PATH = "Makefile", "ci.mk"
PRE_COMMIT_PATH = ".pre-commit-config.yaml"

KNOWN_PATHS = (CI_PATH, NIGHTLY_PATH, MAKEFILE_PATH, BESIDE_PATH, PRE_COMMIT_PATH)
"""Every path that any declaration can make us write."""

OTHER_MAKEFILES = ("GNUmakefile", "makefile")
"""What make reads before a Makefile."""

LOOKED_AT = (*KNOWN_PATHS, *OTHER_MAKEFILES)
"""Every path that decides what is written."""


def planned_files(
    project: Project,
    workflows: Sequence[Workflow],
    local: Sequence[LocalCommand],
    hooks: Sequence[Hook],
    written: Written,
) -> tuple[PlannedFile, ...]:
    """Every file that could be written, with its state and the reason, in the order in which people read them."""
    made = {workflow.path for workflow in workflows}
    return (
        _workflow(CI_PATH, made, _no_ci(project), written),
        _workflow(NIGHTLY_PATH, made, _no_nightly(project, made), written),
        _makefile(bool(local), written),
        _pre_commit(bool(hooks), written),
    )


def _workflow(path: str, made: set[str], otherwise: str, written: Written) -> PlannedFile:
    whose = written.whose(path)
    if path in made:
        return _applied(path, "workflow", _replacing(whose))
    return _unwanted(path, "workflow", whose, otherwise)


def _replacing(whose: str) -> str:
    if whose == "theirs":
        return "in place of a file that was written by hand"
    return "brought up to date" if whose == "ours" else "new"


def _no_ci(project: Project) -> str:
    if project.pipeline.trigger_type == ("schedule",):
        return "`trigger_type` is schedule alone, and that is nightly.yml"
    return "no checks were detected or declared"


def _no_nightly(project: Project, made: set[str]) -> str:
    if "schedule" not in project.pipeline.trigger_type:
        return "`trigger_type` has no `schedule`"
    if project.pipeline.layout == "unified" and CI_PATH in made:
        return "`layout: unified` puts its jobs into ci.yml"
    return "no integration tests and no scans to run at night"


def _makefile(wanted: bool, written: Written) -> PlannedFile:
    """A Makefile, or a file beside the one that the repository has."""
    theirs = any(written.whose(path) == "theirs" for path in (MAKEFILE_PATH, *OTHER_MAKEFILES))
    path = BESIDE_PATH if theirs else MAKEFILE_PATH
    whose = written.whose(path)
    if not wanted:
        return _unwanted(path, "makefile", whose, "no commands were detected or declared")
    beside = "the repository has a Makefile of its own; run `make -f ci.mk`"
    return _applied(path, "makefile", beside if theirs and whose != "theirs" else _replacing(whose))


def _pre_commit(wanted: bool, written: Written) -> PlannedFile:
    whose = written.whose(PRE_COMMIT_PATH)
    if whose == "theirs":
        reason = "the repository has one of its own, which stays as it is"
        return PlannedFile(path=PRE_COMMIT_PATH, kind="precommit", state="skipped", reason=reason)
    if not wanted:
        return _unwanted(
            PRE_COMMIT_PATH, "precommit", whose, "no lint or format command to run before a commit"
        )
    return _applied(PRE_COMMIT_PATH, "precommit", _replacing(whose))


def _unwanted(path: str, kind: str, whose: str, reason: str) -> PlannedFile:
    """A file that nothing calls for: removed where it is ours, else not written."""
    state = "removed" if whose == "ours" else "skipped"
    return PlannedFile.model_validate({"path": path, "kind": kind, "state": state, "reason": reason})


def _applied(path: str, kind: str, reason: str) -> PlannedFile:
    return PlannedFile.model_validate({"path": path, "kind": kind, "state": "applied", "reason": reason})
