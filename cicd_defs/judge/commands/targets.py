"""What a command looks at: the files and folders that it is pointed at, and whether the repository has them."""

from bisect import bisect_right
from itertools import accumulate
from math import inf
from typing import NamedTuple

from cicd_defs.facts.patterns import regex
from cicd_defs.facts.remembered import remembered
from cicd_defs.facts.script import Command
from cicd_defs.facts.shell import moved_to
from cicd_defs.facts.workflow import WrittenJob, WrittenStep
from cicd_defs.facts.yaml_nodes import scalars
from cicd_defs.judge.commands.purposes import kinds_of, purpose_of
from cicd_defs.judge.repository import Repository
from cicd_defs.plan.kinds import StepKind

_PATH = regex(r"\.?[\w.@-]*[\w/.@-]*\w/?")
_WITHOUT_VALUE = regex(
    r"--(?:strict|check|fail|diff|recursive|quiet|verbose|error|fix|no-\S+|all\S*|show-\S+|ignore-missing-imports|ci"
    r"|exit-zero|frozen|isolated|color|pretty|soft-fail|summary|cov|durations|lf|ff|sw|exitfirst|strict-\S+|runslow)"
    r"|-[qvrxslLw]+|-ll+|-ii+|-n|-i"
)
_POINTS = regex(
    r"(?:-r|-d|--directory|--source|--file|--path|--requirement|--scan-path|--dir|--recursive|--lockfile"
    r"|--source-path|--config-dir|--iac-dir)"
)
_MOVES = regex(r"\b(?:cd|pushd)\s|\bgit\s+(?:clone|checkout|switch|worktree|submodule)\b")
_CONFIGURATION = regex(
    r"(?:.*/)?(?:\.[^/]*|[^/]*\.(?:ya?ml|json|toml|cfg|ini|md|rst|txt|lock|mk)|Makefile|LICENSE|CODEOWNERS)|\.github/.*"
)
_MAKES = {StepKind.DOWNLOAD, StepKind.BUILD, StepKind.CACHE}


class _Firsts(NamedTuple):
    """Which step of a job is the first to leave the repository's folder, to check it out, and to make files.

    `words` are all texts of all steps, `begins` is where each step's begin.
    """

    away: float
    checkout: float
    maker: float
    words: str
    begins: list[int]


@remembered
def _firsts(job: WrittenJob) -> _Firsts:
    """What a job's steps do first, looked for once: there may be thousands."""
    steps = job.steps
    words = ["".join(f"{scalar.text}\0" for scalar in scalars(step.node)) for step in steps]
    return _Firsts(
        next((at for at, step in enumerate(steps) if _leaves(step)), inf),
        next((at for at, step in enumerate(steps) if step.action == "actions/checkout"), inf),
        next((at for at, step in enumerate(steps) if _makes(step)), inf),
        "".join(words),
        [0, *accumulate(map(len, words))],
    )


def _makes(step: WrittenStep) -> bool:
    return bool(kinds_of(step) & _MAKES) or step.action.startswith("./")


def operands(command: Command, name: str) -> list[tuple[str, tuple[int, int]]]:
    """The words behind a program's name that are no option and no option's value, and where they stand."""
    called = (word.rpartition("/")[2].partition("@")[0] for word in command.words)
    begin = next((at + 1 for at, word in enumerate(called) if word == name), len(command.words))
    found: list[tuple[str, tuple[int, int]]] = []
    before = ""
    for at in range(begin, len(command.words)):
        word = command.words[at]
        option, equals, value = word.partition("=")
        if equals and _POINTS.fullmatch(option) and value:
            start, end = command.spans[at]
            found.append((value, (end - len(value), end) if end - start == len(word) else (start, end)))
        is_option = word.startswith("-")
        takes_value = before.startswith("-") and "=" not in before and not _WITHOUT_VALUE.fullmatch(before)
        if not is_option and (not takes_value or _POINTS.fullmatch(before)):
            found.append((word, command.spans[at]))
        before = word
    return found


def is_missing(repository: Repository, step: WrittenStep, command: Command | None, target: str) -> bool:
    """Whether the repository certainly has no such file or folder when the step runs."""
    if not repository.whole or not _PATH.fullmatch(target) or target.startswith(("/", "..", "~", "@")):
        return False
    if "${{" in step.directory or "$" in step.directory or _is_elsewhere(step):
        return False
    path = moved_to(step.directory, target)
    if path == "." or path in repository.paths or path in _folders(repository):
        return False
    if _is_configuration(repository):
        return False  # the code is elsewhere
    name = target.strip("./").partition("/")[0]
    return not _is_made(step, command, name)


@remembered
def _folders(repository: Repository) -> frozenset[str]:
    """Every folder that holds a file."""
    parts = (path.split("/") for path in repository.paths)
    return frozenset("/".join(one[:depth]) for one in parts for depth in range(1, len(one)))


@remembered
def _is_configuration(repository: Repository) -> bool:
    """Whether there is nothing but configuration."""
    return all(map(_CONFIGURATION.fullmatch, repository.paths))


def _is_elsewhere(step: WrittenStep) -> bool:
    """Whether the script leaves the repository's own folder, or the job has another repository in it."""
    firsts = _firsts(step.job)
    return firsts.away < step.index or _leaves(step) or firsts.checkout >= step.index


def _leaves(step: WrittenStep) -> bool:
    if step.run is not None and _MOVES.search(step.run.text):
        return True
    return step.action == "actions/checkout" and bool({"path", "repository", "ref"} & step.inputs.keys())


def _is_made(step: WrittenStep, command: Command | None, name: str) -> bool:
    """Whether something before it may have made what has this name."""
    firsts = _firsts(step.job)
    if firsts.maker < step.index:
        return True
    at = firsts.words.find(name)
    if at >= 0 and bisect_right(firsts.begins, at) - 1 < step.index:
        return True
    earlier = [one for one in step.commands if command is None or one.start < command.start]
    if any((purpose := purpose_of(one)) is not None and purpose.kind in _MAKES for one in earlier):
        return True
    return any(
        name in " ".join((one.text, *one.redirects)) or one.name in {"make", "unzip", "tar", "curl", "wget"}
        for one in earlier
    )
