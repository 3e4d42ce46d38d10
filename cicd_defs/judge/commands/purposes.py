"""What a command or an action is for: the pipeline form's kinds, read off anybody's scripts.

The words are those of the pipeline form, so that a rule about flow or repeated work means the same for a workflow
that we planned and for one that we read.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from cicd_defs.facts.patterns import regex
from cicd_defs.facts.remembered import remembered
from cicd_defs.facts.script import Command
from cicd_defs.facts.shell import unwrapped
from cicd_defs.facts.workflow import WrittenJob, WrittenStep
from cicd_defs.judge.commands.known_actions import ACTIONS
from cicd_defs.judge.commands.known_tools import kind_of
from cicd_defs.plan.kinds import StepKind

CHECKS = frozenset(
    {
        StepKind.LINT,
        StepKind.FORMAT,
        StepKind.TYPECHECK,
        StepKind.TEST,
        StepKind.INTEGRATION,
        StepKind.E2E,
        StepKind.SCAN,
    }
)
"""The kinds of which a failure has to turn a run red."""

_NOT_A_RUN = regex(r"\S+ (?:.* )?(?:--version|-V|--help|-h)$|\S+ (?:version|help)$")
_OWN_SCRIPT = regex(r"(?:\S+/)?(?:scripts?|ci|\.ci|bin|hack|tools?|dev|build|tests?|\.github|\.)/(?:\S+/)?")
_OWN_KINDS = (
    (StepKind.TYPECHECK, regex(r"(?:type-?check|mypy|types)")),
    (StepKind.FORMAT, regex(r"(?:check[-_](?:format|fmt)|(?:format|fmt)[-_]check)")),
    (StepKind.LINT, regex(r"(?:run[-_])?(?:lint|style|check[-_]style)(?:[-_]\w+)?")),
    (StepKind.E2E, regex(r"(?:run[-_])?e2e(?:[-_]tests?)?")),
    (StepKind.TEST, regex(r"(?:run[-_]?)?(?:unit[-_]?|integration[-_]?)?tests?|check")),
)
_IN_CONTAINER = regex(
    r"(?:docker|podman|nerdctl)(?:[- ]compose)?(?: -\S+(?: \S+\.ya?ml)?)* (?:container )?(?:run|exec)\b"
    r"|kubectl\b.* exec\b"
    r"|(?:conda|mamba|micromamba|pixi|nix-shell|nix develop|singularity|apptainer)\b.* (?:run|exec|--run)\b"
)
_CONTAINERS = frozenset({"docker", "podman", "nerdctl", "docker-compose", "kubectl", "sudo"})
_A_PROGRAM = regex(r"[\w./@-]+(?::[\w.-]+)?")
_VALUE_FOLLOWS = frozenset(
    {
        "-v",
        "-e",
        "-w",
        "-u",
        "-p",
        "-n",
        "-f",
        "-c",
        "-l",
        "-h",
        "--name",
        "--network",
        "--entrypoint",
        "--workdir",
    }
    | {
        "--env",
        "--volume",
        "--user",
        "--platform",
        "--mount",
        "--file",
        "--env-file",
        "--hostname",
        "--label",
    }
)
_MOST_WORDS = 60
_OF_NO_CHECK = regex(
    r"command -[vV]\b|(?:type|hash|which) |(?:\w*sh |source |\. )?[\"']?\$(?:\{?RUNNER_TEMP|\{\{ *runner\.temp)"
)
"""`command -v shellcheck` asks whether a program is there; what lies in the runner's own folder is no file of ours."""
_NEVER_CHECKS = frozenset(
    {
        *(
            "echo",
            "printf",
            "cd",
            "export",
            "set",
            "[",
            "[[",
            "((",
            "exit",
            "return",
            "true",
            "false",
            ":",
            "read",
        ),
        *(
            "mkdir",
            "cp",
            "rm",
            "mv",
            "cat",
            "sed",
            "grep",
            "curl",
            "wget",
            "jq",
            "gh",
            "source",
            ".",
            "ls",
            "chmod",
        ),
        *(
            "tar",
            "zip",
            "unzip",
            "sleep",
            "head",
            "tail",
            "awk",
            "cut",
            "tr",
            "sort",
            "find",
            "date",
            "touch",
            "test",
        ),
        *(
            "local",
            "declare",
            "readonly",
            "shift",
            "break",
            "continue",
            "wait",
            "kill",
            "unset",
            "pushd",
            "popd",
            "ln",
        ),
        *(
            "chown",
            "df",
            "du",
            "env",
            "eval",
            "trap",
            "uname",
            "whoami",
            "basename",
            "dirname",
            "tee",
            "xargs",
            "wc",
        ),
    }
)
_MANY_USES = frozenset(
    {
        "npm",
        "pnpm",
        "yarn",
        "bun",
        "make",
        "cargo",
        "go",
        "just",
        "task",
        "docker",
        "helm",
        "ruff",
        "uv",
        "poetry",
    }
)


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a command is for, and with which program: `pytest`, `npm test`, `make lint`."""

    kind: StepKind
    tool: str

    @property
    def is_check(self) -> bool:
        """Whether its failure has to turn a run red."""
        return self.kind in CHECKS


@lru_cache(maxsize=8192)
def _purpose(plain: str) -> Purpose | None:
    if not plain or _NOT_A_RUN.fullmatch(plain):
        return None
    called = plain.removeprefix("bundle exec ")
    kind = kind_of(called)
    return Purpose(kind, _tool(called)) if kind else None


def _tool(plain: str) -> str:
    """The program, with its subcommand where it has many uses."""
    words = plain.split()
    rest = [
        word for word in words[1:] if not word.startswith(("-", "+")) and word not in {"run", "run-script"}
    ]
    first = words[0].rpartition("/")[2]
    return f"{first} {rest[0]}" if first in _MANY_USES and rest else first


@remembered
def purpose_of(command: Command) -> Purpose | None:
    """What a command is for; None where nobody knows, and where it calls a script whose commands are read."""
    if command.calls_script or _OF_NO_CHECK.match(" ".join(command.words[:3])):
        return None
    return _of_words(command.plain[:2000], command.words[:_MOST_WORDS])


@lru_cache(maxsize=16384)
def _of_words(plain: str, words: tuple[str, ...]) -> Purpose | None:
    if not words or (plain.partition(" ")[0] in _NEVER_CHECKS and "/" not in " ".join(words[:2])):
        return None
    return _of_own_script(words) or _purpose(plain) or _of_package_script(words) or _of_container(words)


def _of_package_script(words: tuple[str, ...]) -> Purpose | None:
    """`pnpm lint`: a program or a script of `package.json`. As a program it is looked at first, as `lint`."""
    for at, word in enumerate(words[:6]):
        if word in {"pnpm", "yarn", "bun", "hatch"}:
            return _purpose(" ".join(words[at:])[:2000])
    return None


def _of_container(words: tuple[str, ...]) -> Purpose | None:
    """`docker run --rm app npm test`, `kubectl exec pod -- pytest`, `conda run -n env pytest`: what runs in there."""
    text = " ".join(words)[:2000].removeprefix("sudo ")
    for inner in _in_container(text):
        purpose = _purpose(inner)
        if purpose is not None:
            return purpose
    return None


def _in_container(text: str) -> Iterator[str]:
    """What may run in the container that a command starts: from each word on that may be a program, or the image."""
    begun = _IN_CONTAINER.match(text)
    behind = text[begun.end() :].split() if begun else []
    for at, word in enumerate(behind[:24]):
        before = behind[at - 1] if at else ""
        if word[0] in "-$'\"" or not _A_PROGRAM.fullmatch(word) or before in _VALUE_FOLLOWS:
            continue
        yield unwrapped(" ".join((word.partition(":")[0], *behind[at + 1 :])))


def called_as(command: Command) -> tuple[str, ...]:
    """How a command may be written without what only starts it, the container around it included."""
    if command.name not in _CONTAINERS:
        return (command.plain,)
    text = " ".join(command.words[:_MOST_WORDS])[:2000].removeprefix("sudo ")
    return (command.plain, *_in_container(text))


def _of_own_script(words: tuple[str, ...]) -> Purpose | None:
    """`scripts/test` and `bash ci/lint`: without its folder, the first would be the shell's own `test`."""
    for word in words[:2]:
        folder = _OWN_SCRIPT.match(word) if "/" in word else None
        if folder is None:
            continue
        name = word[folder.end() :]
        kind = next((kind for kind, pattern in _OWN_KINDS if pattern.fullmatch(name)), None)
        return Purpose(kind, name) if kind else None
    return None


def purpose_of_text(text: str) -> Purpose | None:
    """What a command is for that is given as one line without its wrappers."""
    return _purpose(text[:2000])


@remembered
def kind_of_action(step: WrittenStep) -> StepKind | None:
    """What a step's action is for."""
    action = step.action
    if not action:
        return None
    if action in ACTIONS:
        return ACTIONS[action]
    owner_and_name = "/".join(action.split("/")[:2])
    if owner_and_name in ACTIONS:
        return ACTIONS[owner_and_name]
    return StepKind.SETUP if re.search(r"/(?:setup|install)-", action) or "toolchain" in action else None


@remembered
def kinds_of(step: WrittenStep) -> frozenset[StepKind]:
    """Everything that a step does, as far as it is known."""
    found = {purpose.kind for command in step.commands if (purpose := purpose_of(command))}
    action = kind_of_action(step)
    return frozenset(found | {action}) if action else frozenset(found)


@remembered
def checks_of(step: WrittenStep) -> tuple[tuple[Command, Purpose], ...]:
    """The commands of a step that check something."""
    pairs = ((command, purpose_of(command)) for command in step.commands)
    return tuple((command, purpose) for command, purpose in pairs if purpose and purpose.is_check)


@remembered
def job_kinds(job: WrittenJob) -> frozenset[StepKind]:
    """Everything that a job does, as far as it is known."""
    return frozenset(kind for step in job.steps for kind in kinds_of(step))


def deploys(job: WrittenJob) -> bool:
    """Whether a job brings something to where it runs."""
    return StepKind.DEPLOY in job_kinds(job)
