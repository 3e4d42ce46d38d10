"""What a command looks at: the files and folders that it is pointed at, and whether the repository has them."""

import re

from cicd_defs.facts.script import Command
from cicd_defs.facts.shell import moved_to
from cicd_defs.facts.workflow import WrittenStep
from cicd_defs.facts.yaml_nodes import scalars
from cicd_defs.judge.purposes import kinds_of
from cicd_defs.judge.repository import Repository
from cicd_defs.plan.kinds import StepKind

_PATH = re.compile(r"\.?[\w.@-]*[\w/.@-]*\w/?")
_WITHOUT_VALUE = re.compile(
    r"--(?:strict|check|diff|recursive|quiet|verbose|error|fix|no-\S+|all\S*|show-\S+|ignore-missing-imports|ci"
    r"|exit-zero|frozen|isolated|color|pretty|soft-fail|summary|cov|durations|lf|ff|sw|exitfirst|strict-\S+|runslow)"
    r"|-[qvrxslLw]+|-ll+|-ii+|-n|-i"
)
_POINTS = re.compile(
    r"(?:-r|-d|--directory|--source|--file|--path|--requirement|--scan-path|--dir|--recursive)"
)
_MOVES = re.compile(r"\b(?:cd|pushd)\s|\bgit\s+(?:clone|checkout|switch|worktree|submodule)\b")
_CONFIGURATION = re.compile(
    r"(?:.*/)?(?:\.[^/]*|[^/]*\.(?:ya?ml|json|toml|cfg|ini|md|rst|txt|lock|mk)|Makefile|LICENSE|CODEOWNERS)|\.github/.*"
)
_MAKES = {StepKind.DOWNLOAD, StepKind.BUILD, StepKind.CACHE}


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
    if path == "." or path in repository.paths or any(one.startswith(f"{path}/") for one in repository.paths):
        return False
    if all(map(_CONFIGURATION.fullmatch, repository.paths)):
        return False  # a tree of configuration only: the code is elsewhere
    name = target.strip("./").partition("/")[0]
    return not _is_made(step, command, name)


def _is_elsewhere(step: WrittenStep) -> bool:
    """Whether the script leaves the repository's own folder, or the job has another repository in it."""
    for other in (*step.job.steps[: step.index], step):
        if other.run is not None and _MOVES.search(other.run.text):
            return True
        if other.action == "actions/checkout" and ({"path", "repository", "ref"} & other.inputs.keys()):
            return True
    return not any(other.action == "actions/checkout" for other in step.job.steps[: step.index])


def _is_made(step: WrittenStep, command: Command | None, name: str) -> bool:
    """Whether something before it may have made what has this name."""
    for other in step.job.steps[: step.index]:
        if kinds_of(other) & _MAKES or any(name in scalar.text for scalar in scalars(other.node)):
            return True
        if other.action and other.action.startswith("./"):
            return True
    earlier = [one for one in step.commands if command is None or one.start < command.start]
    return any(name in one.text or one.name in {"make", "unzip", "tar", "curl", "wget"} for one in earlier)
