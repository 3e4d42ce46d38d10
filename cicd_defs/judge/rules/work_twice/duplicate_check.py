"""The same check runs twice for the same change.

**Why it matters** The second run cannot say anything new, and everybody waits for it and pays for it.
**How to fix** Keep one of the two: most often the one in the job that is named after it. Where both are meant, let
them differ in what they check, or in when.
**Example** `ruff check .` in the jobs `lint` and `test`: take it out of `test`.
"""

import re
from collections.abc import Iterator
from itertools import islice, takewhile

from cicd_defs.facts.findings import Family, Fix, Severity
from cicd_defs.facts.remembered import remembered
from cicd_defs.facts.workflow import WrittenJob, WrittenStep, WrittenWorkflow
from cicd_defs.judge.command_edits import remove_command
from cicd_defs.judge.minutes import of
from cicd_defs.judge.purposes import deploys, kind_of_action, purpose_of
from cicd_defs.judge.repeated import Check, checks_in, environment_of, surroundings_of
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found
from cicd_defs.judge.together import conditions_of, run_together, shared_events
from cicd_defs.plan.kinds import StepKind

ABOUT = About(Family.WORK_TWICE, Severity.MEDIUM)

MOST_OTHERS = 12
"""So many other files that say the same are compared with: a thousand of them must not cost a million comparisons."""

FAR, NEAREST = 60, 20
"""Steps between two checks of a job, and equal checks before one, that are looked at: a file of thousands must not
cost their square."""

_ON_WHAT_WAS = re.compile(r"\bsteps\.|(?<![!\w])(?:failure|cancelled)\(|run_attempt")
_GOES_OUT = re.compile(r"(?i)publish|release|deploy|upload|tag|ship")
_CHANGES_FILES = re.compile(
    r"git (?:\S+ )*?(?:checkout|switch|apply|am|reset|stash|merge|rebase|cherry-pick|pull|restore|clean|revert|clone)\b"
    r"|sed .*-i|patch\b|.*--(?:fix|write|apply)\b|(?:cp|mv|rm|tar|unzip|curl|wget)\b|ruff format(?!.*--check)"
    r"|black(?!.*--check)"
)
_CHANGES_THE_REST = re.compile(
    r"export\b|unset\b|source\b|\.\b|systemctl|service|docker|sudo|rustup|corepack|nvm|pyenv|conda"
)


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Checks that ran before: above in this file, or in a file of which the path comes before this one's."""
    if workflow.kind == "action":
        return
    elsewhere = _by_what_they_say(repository)
    here: dict[tuple[object, ...], list[Check]] = {}
    for check in _checks(workflow):
        key = _key(check)
        others = takewhile(lambda one: one.step.job.file.path < workflow.path, elsewhere[key])
        mine = here.setdefault(key, [])
        first = next((one for one in (*islice(others, MOST_OTHERS), *mine) if _is_repeated(one, check)), None)
        if first is not None:
            yield _found(first, check)
        else:
            mine.append(check)


@remembered
def _by_what_they_say(repository: Repository) -> dict[tuple[object, ...], list[Check]]:
    """The checks of all files, in order, by what they say."""
    found: dict[tuple[object, ...], list[Check]] = {}
    for workflow in sorted(repository.workflows, key=lambda one: one.path):
        for check in _checks(workflow) if workflow.kind == "workflow" else ():
            found.setdefault(_key(check), []).append(check)
    return found


@remembered
def _checks(workflow: WrittenWorkflow) -> tuple[Check, ...]:
    return tuple(check for step in workflow.steps for check in checks_in(step))


def _key(check: Check) -> tuple[object, ...]:
    before = tuple(check.command.before) if check.command else ()
    return check.text, check.folder, before, environment_of(check.step), check.step.shell == "cmd"


def _is_repeated(first: Check, check: Check) -> bool:
    """Whether a check says what another has said before, each time that it runs."""
    one, other = first.step, check.step
    if any(_ON_WHAT_WAS.search(text) for text in conditions_of(other)) or "${{ matrix." in check.text:
        return False
    if not run_together(one, other, shared_events(one.job.file, other.job.file)):
        return False
    if one.job is other.job:
        return not _changed_between(first, check)
    if one.job.file is not other.job.file and (_guards(one.job) or _guards(other.job)):
        return False
    if first.anywhere:
        return _same_files(one) == _same_files(other)
    return surroundings_of(one.job) == surroundings_of(other.job) and _same_files(one) == _same_files(other)


def _guards(job: WrittenJob) -> bool:
    """Whether something goes out of a job's own file only where this job is green: no other file's run can say that."""
    waiting = (other for other in job.file.jobs if job.id in job.file.waits_for(other))
    return any(deploys(other) or other.has_deployment or _GOES_OUT.search(other.id) for other in waiting)


def _same_files(step: WrittenStep) -> tuple[object, ...]:
    """What a job checks out, and what it downloads before a check."""
    return tuple(
        (
            before.action,
            before.given("ref"),
            before.given("repository"),
            before.given("path"),
            before.given("name"),
        )
        for before in step.job.steps[: step.index]
        if kind_of_action(before) in {StepKind.CHECKOUT, StepKind.DOWNLOAD}
    )


def _changed_between(first: Check, check: Check) -> bool:
    """Whether something between two checks of a job can make the second say something else."""
    steps = first.step.job.steps[first.step.index : check.step.index + 1]
    if len(steps) > FAR:
        return True
    for step in steps:
        if (
            step.uses is not None
            and step not in {first.step, check.step}
            and _action_changes(step, first.anywhere)
        ):
            return True
        for command in step.commands:
            after = step is not first.step or first.command is None or command.start > first.command.start
            before = step is not check.step or check.command is None or command.start < check.command.start
            if after and before and _CHANGES_FILES.match(" ".join(command.words)):
                return True
            if after and before and not first.anywhere and _changes_the_rest(step, command.plain, command):
                return True
    return False


def _action_changes(step: WrittenStep, anywhere: bool) -> bool:
    kind = kind_of_action(step)
    if anywhere:
        return kind in {StepKind.CHECKOUT, StepKind.DOWNLOAD} or step.action.startswith("./")
    return kind not in {StepKind.UPLOAD, StepKind.CACHE, StepKind.COVERAGE, StepKind.NOTIFY}


def _changes_the_rest(step: WrittenStep, plain: str, command: object) -> bool:
    if _CHANGES_THE_REST.match(plain):
        return True
    purpose = next((purpose_of(one) for one in step.commands if one is command), None)
    return purpose is not None and purpose.kind in {StepKind.INSTALL, StepKind.SETUP, StepKind.DEPLOY}


def _found(first: Check, check: Check) -> Found:
    source = check.step.source
    edits = remove_command(check.step, check.command)
    line = first.step.source.position(first.start).line
    if first.step.source.path != source.path:
        where = f"in `{first.step.source.path}`, line {line}, which starts on the same events"
    elif first.step.job is check.step.job:
        where = f"in this job, on line {line}"
    else:
        where = f"in the job `{first.step.job.id}`, on line {line}"
    return Found(
        source,
        check.start,
        check.end,
        f"`{check.name}` runs twice for the same change: already {where}",
        Fix(f"Run `{check.name}` once", edits) if edits else None,
        minutes=of(check.kind),
    )
