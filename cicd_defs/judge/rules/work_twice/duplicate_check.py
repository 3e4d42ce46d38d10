"""The same check runs twice for the same change.

**Why it matters** The second run cannot say anything new, and everybody waits for it and pays for it.
**How to fix** Keep one of the two: most often the one in the job that is named after it. Where both are meant, let
them differ in what they check, or in when.
**Example** `ruff check .` in the jobs `lint` and `test`: take it out of `test`.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, islice, takewhile
from operator import itemgetter

from cicd_defs.facts.findings import Family, Fix, Severity
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.remembered import remembered
from cicd_defs.facts.script import Command
from cicd_defs.facts.workflow import WrittenJob, WrittenStep, WrittenWorkflow
from cicd_defs.judge.commands.behind_names import checks_behind
from cicd_defs.judge.commands.command_edits import remove_command
from cicd_defs.judge.commands.outgoing import goes_out
from cicd_defs.judge.commands.purposes import deploys, kind_of_action, purpose_of
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found
from cicd_defs.judge.workflows.minutes import of
from cicd_defs.judge.workflows.repeated import Check, checks_in, environment_of, surroundings_of
from cicd_defs.judge.workflows.together import conditions_of, run_together, shared_events
from cicd_defs.plan.kinds import StepKind

ABOUT = About(Family.WORK_TWICE, Severity.MEDIUM)

MOST_OTHERS = 12
"""So many other files that say the same are compared with: a thousand of them must not cost a million comparisons."""

FAR = 60
"""Steps between two checks of a job that are looked at: a file of thousands must not cost their square."""

_ON_WHAT_WAS = regex(r"\bsteps\.|(?<![!\w])(?:failure|cancelled)\(|run_attempt")
_GOES_OUT = regex(r"(?i)publish|release|deploy|upload|tag|ship")
_CHANGES_FILES = regex(
    r"git (?:\S+ )*?(?:checkout|switch|apply|am|reset|stash|merge|rebase|cherry-pick|pull|restore|clean|revert|clone)\b"
    r"|sed .*-i|patch\b|.*--(?:fix|write|apply)\b|(?:cp|mv|rm|tar|unzip|curl|wget)\b|ruff format(?!.*--check)"
    r"|black(?!.*--check)"
)
_CHANGES_THE_REST = regex(
    r"export\b|unset\b|source\b|\.\b|systemctl|service|docker|sudo|rustup|corepack|nvm|pyenv|conda"
)


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Checks that ran before: above in this file, or in a file of which the path comes before this one's."""
    if workflow.kind == "action":
        return
    elsewhere = _by_what_they_say(repository)
    here: dict[tuple[object, ...], _Checks] = {}
    told: set[int] = set()
    for check in _checks(workflow, repository):
        if check.start in told:
            continue
        key = _key(check)
        others = takewhile(lambda one: one.step.job.file.path < workflow.path, elsewhere[key])
        mine = here.setdefault(key, _Checks())
        before = chain(islice(others, MOST_OTHERS), mine.before(check))
        others_only = (one for one in before if one.step is not check.step or one.start != check.start)
        first = next((one for one in others_only if _is_repeated(one, check)), None)
        if first is not None:
            told.add(check.start)
            yield _found(first, check)
        else:
            mine.by_job.setdefault(id(check.step.job), []).append(check)


@dataclass(frozen=True)
class _Checks:
    """Equal checks of one file, of which none repeats another, by their jobs."""

    by_job: dict[int, list[Check]] = field(default_factory=dict)

    def before(self, check: Check) -> Iterator[Check]:
        """Those of other jobs, and those of its own that are not too far away, in order."""
        own = id(check.step.job)
        yield from chain.from_iterable(held for job, held in self.by_job.items() if job != own)
        held = self.by_job.get(own, [])
        yield from held[bisect_right(held, check.step.index - FAR, key=lambda one: one.step.index) :]


@remembered
def _by_what_they_say(repository: Repository) -> dict[tuple[object, ...], list[Check]]:
    """The checks of all files, in order, by what they say."""
    found: dict[tuple[object, ...], list[Check]] = {}
    for workflow in sorted(repository.workflows, key=lambda one: one.path):
        for check in _checks(workflow, repository) if workflow.kind == "workflow" else ():
            found.setdefault(_key(check), []).append(check)
    return found


def _checks(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Check]:
    """The checks of a file, and those that they run by another name."""
    for check in _written(workflow):
        yield check
        yield from checks_behind(check, repository)


@remembered
def _written(workflow: WrittenWorkflow) -> tuple[Check, ...]:
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


@remembered
def _guards(job: WrittenJob) -> bool:
    """Whether something goes out of this job, or behind it where it is green: no other file's run can say that."""
    if goes_out(job):
        return True
    waiting = (other for other in job.file.jobs if job.id in job.file.waits_for(other))
    return any(deploys(other) or other.has_deployment or _GOES_OUT.search(other.id) for other in waiting)


def _same_files(step: WrittenStep) -> tuple[object, ...]:
    """What a job checks out, and what it downloads before a check."""
    fetched = _fetched(step.job)
    return tuple(what for _, what in fetched[: bisect_left(fetched, step.index, key=itemgetter(0))])


@remembered
def _fetched(job: WrittenJob) -> tuple[tuple[int, tuple[str, ...]], ...]:
    """The checkouts and downloads of a job: which step, and what."""
    return tuple(
        (at, (step.action, *map(step.given, ("ref", "repository", "path", "name"))))
        for at, step in enumerate(job.steps)
        if kind_of_action(step) in {StepKind.CHECKOUT, StepKind.DOWNLOAD}
    )


def _changed_between(first: Check, check: Check) -> bool:
    """Whether something between two checks of a job can make the second say something else."""
    for step in first.step.job.steps[first.step.index : check.step.index + 1]:
        if (
            step.uses is not None
            and step not in {first.step, check.step}
            and _action_changes(step, first.anywhere)
        ):
            return True
        for command in step.commands:
            after = step is not first.step or first.command is None or command.start > first.command.start
            before = step is not check.step or check.command is None or command.start < check.command.start
            if (
                after
                and before
                and (_changes_files(command) or (not first.anywhere and _changes_the_rest(command)))
            ):
                return True
    return False


def _action_changes(step: WrittenStep, anywhere: bool) -> bool:
    kind = kind_of_action(step)
    if anywhere:
        return kind in {StepKind.CHECKOUT, StepKind.DOWNLOAD} or step.action.startswith("./")
    return kind not in {StepKind.UPLOAD, StepKind.CACHE, StepKind.COVERAGE, StepKind.NOTIFY}


@remembered
def _changes_files(command: Command) -> bool:
    return bool(_CHANGES_FILES.match(" ".join(command.words)))


@remembered
def _changes_the_rest(command: Command) -> bool:
    if _CHANGES_THE_REST.match(command.plain):
        return True
    purpose = purpose_of(command)
    return purpose is not None and purpose.kind in {StepKind.INSTALL, StepKind.SETUP, StepKind.DEPLOY}


def _found(first: Check, check: Check) -> Found:
    source = check.step.source
    edits = None if check.through else remove_command(check.step, check.command)
    name = f"{check.name}` of `{check.through}" if check.through else check.name
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
        f"`{name}` runs twice for the same change: already {where}",
        Fix(f"Run `{check.name}` once", edits) if edits else None,
        minutes=of(check.kind),
    )
