"""Checks as what they look at: two with the same identity look at the same thing in the same way."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from cicd_defs.facts.patterns import regex
from cicd_defs.facts.remembered import remembered
from cicd_defs.facts.script import Command, Fate
from cicd_defs.facts.shell import moved_to
from cicd_defs.facts.source import Source
from cicd_defs.facts.workflow import WrittenJob, WrittenStep
from cicd_defs.facts.yaml_nodes import Mapping, Node, Scalar, Sequence
from cicd_defs.judge.commands.purposes import (
    CHECKS,
    called_as,
    checks_of,
    kind_of_action,
    purpose_of,
    purpose_of_text,
)
from cicd_defs.plan.kinds import StepKind

_ABOUT_THE_RUN = regex(
    r"(?i)(?:CI|FORCE_COLOR|NO_COLOR|CLICOLOR\w*|PY_COLORS|TERM|GITHUB_TOKEN|GH_TOKEN|.*_TOKEN)"
)
_BRANCHES = regex(r"\s*(?:if|case|for|while|until|select|function)\b|\s*\w+\s*\(\)|\s*\{")
_OF_A_TOOLCHAIN = regex(
    r"cargo (?:\S+ )*?(?:clippy|check|doc|udeps|geiger|semver-checks|hack|vet)\b|clippy|golangci-lint|staticcheck"
    r"|revive|go (?:vet|tool|fix|run)|govulncheck|gosec|prospector|dotnet|msbuild|swiftlint|ktlint|detekt"
    r"|(?:mvnw?|gradlew?)\b(?!.*spotless)|(?:sbt|mill|bazel)\b|clang-tidy|cppcheck|ctest|cmake|meson|mix(?! format)"
    r"|steep|perlcritic"
    r"|twine|check-wheel-contents|auditwheel|abi3audit|publint|attw"
    r"|php(?![\w-])|phpstan|phpunit|rails|julia|cabal|hlint|stack"
    r"|trivy (?:image|rootfs)|grype|dockle|docker|syft|snyk container|kube-bench"
)
_ACTIONS_OF_A_TOOLCHAIN = regex(
    r"golangci|clippy|staticcheck|semver-checks|govulncheck|codeql|scorecard|dependency-review|sonar|qodana|pylint"
    r"|audit-check|cargo|trivy|anchore|snyk|scout|dockle|container|lighthouse|chromaui|swiftlint|megalinter|lycheeverse"
)
_ANYWHERE = frozenset({StepKind.LINT, StepKind.FORMAT, StepKind.SCAN})
"""Kinds of checks of which many read the files alone: neither system nor version of a language matter."""

_IS_EMPTY = regex(r"(?:^|[\n;&])\s*(?:test|\[) -z [\"']?\$\($")
_BY_ACTION = {
    "pre-commit/action": "pre-commit run --all-files",
    "astral-sh/ruff-action": "ruff check",
    "chartboost/ruff-action": "ruff check",
    "psf/black": "black --check",
}
"""What an action runs that is given nothing."""
_IN_PASSING = regex(r" --(?:show-diff-on-failure|color(?:[= ]\S+)?|no-progress|verbose)(?=\s|$)")
_SAME = ((regex(r"^(npm|pnpm|yarn) (?:run |run-script )?(?:t|tst|test)\b"), r"\1 test"),)
_HERE_IS_MEANT = regex(r"^(?:ruff (?:check|format)|black|isort|eslint|prettier|flake8)\b")


@dataclass(frozen=True, slots=True)
class Check:
    """A check in a step. `text` is its program with all arguments, `start` and `end` are where it stands in the file.

    `anywhere` says that it reads the repository's files alone, so that its job's system and versions do not matter.
    `through` is the name by which it is called: `make lint`.
    """

    step: WrittenStep
    kind: StepKind
    text: str
    folder: str
    start: int
    end: int
    anywhere: bool
    command: Command | None = None
    through: str = ""

    @property
    def name(self) -> str:
        """The program or the action, for people."""
        return self.text if len(self.text) <= 60 else f"{self.text[:57]}…"


def checks_in(step: WrittenStep) -> Iterator[Check]:
    """The checks of a step that run whenever the step does, each as often as it is written."""
    if step.uses is not None:
        yield from _of_action(step)
        return
    pairs = checks_of(step)
    if not pairs:
        return
    folders = _folders(step)
    handled = {id(command) for one, _ in pairs if one.handler for command in one.handler.commands}
    for command, purpose in pairs:
        if id(command) in handled or _is_conditional(step, command):
            continue
        start, end = step.place(command.start, command.end)
        text = spelled(command.plain)
        folder = folders.get(id(command), step.directory)
        inner = next((one for one in called_as(command)[1:] if purpose_of_text(one)), text)
        anywhere = reads_files_alone(purpose.kind, inner)
        yield Check(step, purpose.kind, text, folder, start, end, anywhere, command)


def reads_files_alone(kind: StepKind, text: str) -> bool:
    """Whether neither the system nor a language's version matters to a check."""
    return kind in _ANYWHERE and not _OF_A_TOOLCHAIN.match(text)


def _of_action(step: WrittenStep) -> Iterator[Check]:
    kind = kind_of_action(step)
    if kind not in CHECKS or step.uses is None or step.action.startswith("./"):
        return
    given = sorted(
        (name, _flat(node.text)) for name, node in step.inputs.items() if not _ABOUT_THE_RUN.fullmatch(name)
    )
    text = " ".join((step.action, *(f"{name}={value}" for name, value in given)))
    if not given or given == [("extra_args", "--all-files")]:
        text = _BY_ACTION.get(step.action, text)
    anywhere = kind in _ANYWHERE and not _ACTIONS_OF_A_TOOLCHAIN.search(step.action)
    yield Check(step, kind, text, step.directory, step.uses.start, step.uses.end, anywhere)


@lru_cache(maxsize=4096)
def spelled(plain: str) -> str:
    """A command in one of the ways in which it can be written: `npm run test` and `npm t` are `npm test`."""
    text = _IN_PASSING.sub("", _flat(plain)).replace("pre-commit run -a", "pre-commit run --all-files")
    for pattern, instead in _SAME:
        text = pattern.sub(instead, text)
    return text.removesuffix(" .") if _HERE_IS_MEANT.match(text) else text


def _flat(text: str) -> str:
    return " ".join(text.split())


def _is_conditional(step: WrittenStep, command: Command) -> bool:
    """Whether a script runs a command only sometimes, or wants its output and not its status.

    `test -z "$(gofmt -l .)"` makes a status of the output.
    """
    script = step.script
    if command.fate is Fate.CAPTURED and script and _IS_EMPTY.search(script.text[: command.start]):
        return False
    if command.fate in {Fate.CAPTURED, Fate.TESTED} or command.function:
        return True
    if script is None or command.statement >= len(script.statements):
        return False
    start, end = script.statements[command.statement]
    before = script.text[start : command.start]
    return bool(_BRANCHES.match(script.text[start : min(end, start + 80)])) or "$(" in before or "`" in before


def _folders(step: WrittenStep) -> dict[int, str]:
    """The folder in which each command runs, where the script goes elsewhere; a subshell comes back from there."""
    script = step.script
    if script is None:
        return {}
    folder = outside = moved_to(".", step.directory)
    folders: dict[int, str] = {}
    statement = -1
    for command in script.commands:
        if command.statement != statement:
            folder, statement = outside, command.statement
            span = script.statements[statement] if statement < len(script.statements) else (0, 0)
            inside = script.text[span[0] : span[0] + 1] == "("
        if command.name in {"cd", "pushd"} and len(command.words) > 1:
            folder = moved_to(folder, command.words[1].strip("\"'"))
        elif command.name == "popd":
            folder = step.directory
        folders[id(command)] = folder
        outside = outside if inside else folder
    return folders


def environment_of(step: WrittenStep) -> tuple[tuple[str, str], ...]:
    """The variables that a step sets for itself, but for those that change nothing in what a check says."""
    return _variables(step.node.mapping("env"))


def _variables(node: Mapping | None) -> tuple[tuple[str, str], ...]:
    pairs = node.pairs if node else []
    return tuple(
        sorted(
            (key.text, below.text)
            for key, below in pairs
            if isinstance(below, Scalar) and not _ABOUT_THE_RUN.fullmatch(key.text)
        )
    )


@remembered
def surroundings_of(job: WrittenJob) -> tuple[object, ...]:
    """What a check can depend on in its job: the system, containers, legs, variables, toolchains, what is installed."""
    source = job.file.source
    kept = tuple(
        _slice(source, job.node.get(key)) for key in ("runs-on", "container", "services", "strategy")
    )
    setups: list[str] = []
    for step in job.steps:
        if step.uses is not None and kind_of_action(step) is StepKind.SETUP:
            setups.append(f"{step.action} {sorted((name, node.text) for name, node in step.inputs.items())}")
        for command in step.commands:
            purpose = purpose_of(command)
            if purpose and purpose.kind is StepKind.INSTALL:
                setups.append(_flat(command.plain))
    return (*kept, _variables(job.node.mapping("env")), tuple(setups))


def _slice(source: Source, node: Node | None) -> str:
    return _flat(source.text[node.start : node.end]) if isinstance(node, Scalar | Mapping | Sequence) else ""
