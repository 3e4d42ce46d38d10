"""A checkout leaves the job's token on the disk.

**Why it matters** Every later step, and every program that it runs, can read the token from `.git/config`; an upload of
the whole folder publishes it.
**How to fix** `persist-credentials: false`. A job that pushes with git afterwards needs the token there: the finding is
then in the strict profile only. It can push with a token of that step's own.
**Example** `with: {persist-credentials: false}` under `actions/checkout`.
"""

from functools import lru_cache

from cicd_defs.facts.findings import Fix
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.remembered import remembered
from cicd_defs.facts.workflow import WrittenJob, WrittenStep
from cicd_defs.judge.adopted.place import Place
from cicd_defs.judge.commands.called_scripts import Read, texts_called
from cicd_defs.judge.edits import set_input

_PUSHES = regex(
    r"\bgit\b[^\n|;&]*\b(?:push|send-pack|config\b[^\n|;&]* user\.(?:name|email))\b"
    r"|gh-deploy\b|\bgh-pages\b|semantic-release\b"
    r"|\bghp-import\b|\blerna (?:publish|version)\b"
    r"|\bchangeset\b|\brelease-it\b|standard-version\b"
    r"|\bmike deploy\b|\bnpm version\b|cargo release\b|\bbump-?my-version\b"
    r"|\bhelm gh-pages\b|\bcr (?:upload|index)\b|\bversion-bump\b|\bauto shipit\b"
)
_PUSHING = regex(
    r"/(?:.*(?:commit|push|changelog|gh-pages|github-pages|release-please|semantic-release|bump|tag|chart-releaser|version"
    r"|sync|mirror|merge|cherry|backport|latest-changes).*)$|changesets/action|autofix-ci/"
)
_OF_THE_JOB = regex(r"(?i)\$\{\{\s*(?:github\.token|secrets\.github_token)\s*}}")
_PUSHED = "the last step that may push"
_OF_OTHER_THINGS = {"crate-ci/committed", "docker/build-push-action"}
_FETCHES = regex(r"\bgit\b[^\n|;&]*\b(?:fetch|pull|submodule|clone|ls-remote|lfs|remote)\b")
_UNKNOWN = regex(
    r"(?:^|[\s;&|(])(?:\.{1,2}/|make\b|just\b|task\b|npm run|yarn |pnpm run|nox\b|tox\b|invoke\b|hatch run|\w+\.sh\b)"
)


def fix(place: Place) -> Fix | None:
    """No token on the disk, unless it is needed there."""
    step = place.step
    if step is None or is_needed(place):
        return None
    edit = set_input(step, "persist-credentials", "false")
    safe = (
        place.workflow.kind == "workflow"
        and not step.given("submodules")
        and step.index >= _last_odd(step.job)
    )
    return Fix("Leave no token on the disk", (edit,), safe=safe) if edit else None


def is_needed(place: Place) -> bool:
    """Whether the token is meant to stay: it is asked for by name, or the job pushes with git afterwards.

    Who tells git a name commits, and a script that is called then pushes what was committed. A token or key that is
    given to the checkout is there for what comes later, unless nothing later could use it.
    """
    step = place.step
    if step is None:
        return False
    if "persist-credentials" in step.inputs or step.index < _last_push(step.job, place.text):
        return True
    given = bool(step.given("ssh-key")) or (
        step.given("token") and not _OF_THE_JOB.fullmatch(step.given("token"))
    )
    return bool(given) and step.index < _last_odd(step.job)


def _last_push(job: WrittenJob, read: Read) -> int:
    """The number of the last step that may push; -1 where none does."""
    if _PUSHED not in job.notes:
        last = (at for at in reversed(range(len(job.steps))) if _may_push(job.steps[at], read))
        job.notes[_PUSHED] = next(last, -1)
    return int(job.notes[_PUSHED])


@remembered
def _last_odd(job: WrittenJob) -> int:
    """The number of the last step that may do something with git's remotes; -1 where none does."""
    return next((at for at in reversed(range(len(job.steps))) if not _is_plain(job.steps[at])), -1)


def _may_push(step: WrittenStep, read: Read) -> bool:
    if step.run is not None:
        return any(map(_says_push, texts_called(step, read)))
    return step.action not in _OF_OTHER_THINGS and bool(_PUSHING.search(step.action))


@lru_cache(maxsize=256)
def _says_push(text: str) -> bool:
    return _PUSHES.search(text) is not None


def _is_plain(step: WrittenStep) -> bool:
    """Whether a step surely does nothing with git's remotes."""
    if step.run is not None:
        return not _FETCHES.search(step.run.text) and not _UNKNOWN.search(step.run.text)
    return (
        step.action.startswith(("actions/", "docker/", "codecov/")) and step.action != "actions/github-script"
    )
