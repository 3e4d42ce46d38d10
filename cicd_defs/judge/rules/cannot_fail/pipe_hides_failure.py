"""A check's output goes into a pipe, and its exit status is lost there.

**Why it matters** A pipeline ends with the status of its last command: behind `pytest | tee log.txt` the step is green
whatever pytest says. The runner's default shell is `bash -e` without `pipefail`; only `shell: bash` sets it.
**How to fix** Write `shell: bash` for the step, or `set -o pipefail` at the head of the script.
**Example** `run: pytest | tee log.txt` gets `shell: bash`.
"""

import re
from collections.abc import Iterator

from cicd_defs.facts.findings import Confidence, Edit, Family, Fix, Severity
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.script import Command, Fate
from cicd_defs.facts.workflow import WrittenStep, WrittenWorkflow
from cicd_defs.judge.commands.legitimate import is_legitimate, report_is_read
from cicd_defs.judge.commands.purposes import Purpose
from cicd_defs.judge.commands.swallowed import command_name, guards_of
from cicd_defs.judge.edits import edit_script, insert_pair, replace_scalar
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found

ABOUT = About(Family.CANNOT_FAIL, Severity.HIGH)

_SWALLOWS = frozenset(
    {
        *(
            "tee",
            "cat",
            "head",
            "tail",
            "less",
            "more",
            "sort",
            "uniq",
            "wc",
            "tr",
            "cut",
            "sed",
            "awk",
            "gawk",
        ),
        *(
            "jq",
            "yq",
            "column",
            "ts",
            "nl",
            "fold",
            "fmt",
            "pr",
            "tac",
            "rev",
            "paste",
            "xargs",
            "grep",
            "egrep",
        ),
        *(
            "rg",
            "ack",
            "strings",
            "iconv",
            "perl",
            "aha",
            "ansi2html",
            "ansi2txt",
            "ccze",
            "lolcat",
            "pygmentize",
        ),
        *(
            "xcpretty",
            "xcbeautify",
            "go-junit-report",
            "tparse",
            "cargo2junit",
            "gotestfmt",
            "tojunit",
            "junit2html",
            "bat",
        ),
        *(
            "logger",
            "gzip",
            "zstd",
            "mail",
            "true",
            ":",
            "echo",
            "printf",
            "while",
            "pv",
            "stdbuf",
            "unbuffer",
            "sponge",
        ),
        *(
            "clippy-sarif",
            "sarif-fmt",
            "tap-spec",
            "tap-xunit",
            "pino-pretty",
            "bunyan",
            "redact",
            "col",
            "dos2unix",
        ),
    }
)
_ANSWERS_BY_OUTPUT = regex(
    r"gofmt|gofumpt|goimports|shfmt|detect-secrets scan|black\b.{0,1000} --diff|git diff"
)


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Checks whose output goes through a program that does not judge it."""
    for step in workflow.steps:
        if step.run is None or "|" not in step.run.text:
            continue
        for command, purpose in guards_of(step):
            if command.fate is Fate.PIPED and not command.handler:
                yield from _in_pipe(step, command, purpose)


def _in_pipe(step: WrittenStep, command: Command, purpose: Purpose) -> Iterator[Found]:
    consumers = _behind(step, command)
    last = consumers[-1] if consumers else None
    if last is None or last.name not in _SWALLOWS or _judges(last) or _ANSWERS_BY_OUTPUT.match(command.plain):
        return
    assert step.script is not None
    if "PIPESTATUS" in step.script.text or is_legitimate(step, command, purpose):
        return
    if any(report_is_read(step, one) or _is_looked_into(step, one) for one in consumers if one.name == "tee"):
        return
    start, end = step.place(command.start, command.end)
    edit = _with_pipefail(step, command)
    yield Found(
        step.source,
        start,
        max(end, step.place(last.start, last.end)[1]),
        f"`{command_name(command)}` cannot fail here: the pipe ends with the status of `{last.name}`",
        Fix("Let the pipe fail where one of its commands fails", (edit,)) if edit else None,
        confidence=Confidence.HIGH,
    )


def _behind(step: WrittenStep, command: Command) -> list[Command]:
    """The commands behind a check in its pipeline."""
    assert step.script is not None
    text = step.script.text
    found: list[Command] = []
    at = command.end
    for other in step.commands:
        if other.start < at or other.depth != command.depth:
            continue
        between = text[at : other.start]
        if not re.fullmatch(
            r"(?:;\s*\})?(?:[^|;&\n]|\\\n|[<>&]*&\d?|>&)*\|&?(?:\s|\\\n)*(?:\w+=\S*\s+|\()*", between
        ):
            break
        found.append(other)
        at = other.end
    return found


def _judges(last: Command) -> bool:
    """Whether a program at the end of a pipe fails by what it reads, as it is called here."""
    if last.name in {"grep", "egrep", "rg"}:
        return last.has("-q", "--quiet", "--silent") or last.fate is not Fate.REACHES
    if last.name == "jq":
        return last.has("-e", "--exit-status")
    if last.name == "go-junit-report":
        return last.has("-set-exit-code", "--set-exit-code")
    if last.name in {"awk", "gawk", "perl"}:
        return "exit" in last.text
    return last.name == "xargs" and "git" not in last.text


def _is_looked_into(step: WrittenStep, tee: Command) -> bool:
    """Whether a later command of the job searches what `tee` kept."""
    kept = [word.strip("\"'").rpartition("/")[2] for word in tee.words[1:] if not word.startswith("-")]
    later = [one for one in step.commands if one.start > tee.end]
    later += [one for other in step.job.steps[step.index + 1 :] for one in other.commands]
    judges = {"grep", "egrep", "rg", "test", "[", "[[", "awk", "python", "python3", "node", "jq"}
    return any(one.name in judges and any(name and name in one.text for name in kept) for one in later)


def _with_pipefail(step: WrittenStep, command: Command) -> Edit | None:
    """`shell: bash` for the step; for a shell within the script, `set -o pipefail` at its head."""
    if command.depth:
        outer = [one for one in step.commands if one.calls_script and one.start <= command.start <= one.end]
        first = min((one.start for one in step.commands if one.depth == command.depth), default=command.start)
        is_bash = bool(outer) and any(word.rpartition("/")[2] == "bash" for word in outer[-1].words)
        return edit_script(step, first, first, "set -o pipefail; ") if is_bash else None
    written = step.node.scalar("shell")
    if written is not None:
        return replace_scalar(step.source, written, "bash")
    if "shell" in step.node.by_key:
        return None
    assert step.script is not None
    if re.search(r"set \+o pipefail", step.script.text):
        return None
    return insert_pair(step.source, step.node, ["shell: bash"], before="run")
