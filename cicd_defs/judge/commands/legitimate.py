"""When a check may fail unseen, and why that is meant so.

Elsewhere nearly every `|| true` is right: it stands behind clean-up, `grep`, or what is no check at all. What is left
are checks, and of those some fail without harm. Each reason here is one sentence and one question. They are few and
narrow: a check that is waved through by mistake guards nothing.
"""

import re
from collections.abc import Iterable

from cicd_defs.facts.patterns import regex
from cicd_defs.facts.script import Command, Fate
from cicd_defs.facts.source import Source
from cicd_defs.facts.workflow import WrittenStep
from cicd_defs.facts.yaml_nodes import Mapping, Scalar, scalars
from cicd_defs.judge.commands.purposes import Purpose, purpose_of
from cicd_defs.judge.commands.targets import operands
from cicd_defs.plan.kinds import StepKind

_FIXES = regex(
    r"(?:^|[\s:_-])(?:--?fix(?:-only|-type\b\S*|-dry-run)?|--write|--unsafe-fixes|--autofix|--auto-?correct(?:-all)?|--in-place"
    r"|lint[:_-]fix|fix|autofix|format)(?=\s|$)"
)
_FIXING_HOOKS = regex(
    r"\b(?:end-of-file-fixer|trailing-whitespace|pretty-format-\w+|mixed-line-ending|isort|black)\b"
)
_PREPARES = regex(
    r"--(?:install-types|store-durations|collect-only|update-snapshots?|snapshot-update|updateSnapshot|update-baseline"
    r"|create-baseline|generate-(?:baseline|allowlist|todo)|set-baseline|write-baseline|baseline-create|generate-config|auto-gen-config"
    r"|init|durations-path|benchmark-(?:only|save|json)|export-baseline|print-build-identifiers)\b"
)
_COVERED = regex(r"(?:coverage (?:report|xml|lcov)|diff-cover)\b")
_ANY_SHARE = regex(r"\s--fail-under[= ]0+(?:\.0+)?(?=\s|$)")
_TO_A_REPORT = regex(
    r"^coverage (?:xml|lcov)\b|\s--(?:html|json|markdown)-report[= ]\S|\s--format[= ]\S+:\S"
    r"|(?:^|\s)(?:1|&)?>>?\s*(?!&|/dev/)\S"
)
_AGAIN = regex(r"\s--(?:lf|last-failed|rerun\S*|only-failures|only-rerun)\b")
_COMMITS = regex(
    r"\bgit\s+(?:-\S+\s+(?:\S+\s+)?)*(?:diff|commit|add|push|status|stash|apply)\b|gh\s+pr\s+create|create-pull-request"
    r"|git-auto-commit|add-and-commit|autofix-ci|pre-commit-ci|suggester|ghcommit|commit-action|git-commit"
)
_KEEPS = regex(
    r"\bgit\s+(?:-\S+\s+(?:\S+\s+)?)*(?:commit|add)\b|gh\s+pr\s+create|create-pull-request|git-auto-commit"
    r"|add-and-commit|autofix-ci|suggester|ghcommit|commit-action|git-commit"
)
_KNOWN_TO_FAIL = regex(r"\b(?:known|expected|not failing|flaky|intentional(?:ly)?)\b", re.IGNORECASE)
_REASON = regex(
    r"fail|error|allow|flak|experiment|block|optional|known|unstable|inform|ignor|tolerat|best.effort"
    r"|not required|stop|yet",
    re.IGNORECASE,
)
_LOOKED_AT_LATER = regex(r"\$\?|\$\{\?}|PIPESTATUS")
_TELLING_OF = frozenset({"echo", "printf", "true", ":", "date"})
_TELLING = frozenset({"echo", "printf", "true", ":", "cat", "set", "date"})
_RECORDS = regex(r">>?\s*[\"']?(?!\$\{?GITHUB_STEP_SUMMARY|/dev/(?:null|stderr|stdout))[\w/$~]")
_REPORT_INPUTS = (
    "output",
    "sarif_file",
    "output-file",
    "report",
    "output_file_path",
    "report-file",
    "jsonfile",
)
_INTO_A_VARIABLE = regex(r"(\w+)=[\"']?\$\([^()]*$")
_LEAVES_WITH_SUCCESS = regex(r"^[^|;\n]*&&\s*(?:\{\s*)?(?:exit 0|break|return)\b")
_FAILS_FOR = regex(r"--?fail[\w-]*(?:[= ](?!false|0\b|none|never)\S+|\s|$)")
_OUTPUT = regex(
    r"(?:^|\s)(?:>>?|-o|--output(?:-file)?|--out|--json-report-file|--report-path|--sarif-output|--json-output|--report-file|-r)"
    r"[ =]?\"?([\w$/{}.-]*[\w-]\.[A-Za-z]\w{1,7})\b"
)


def is_legitimate(step: WrittenStep, command: Command, purpose: Purpose) -> bool:
    """Whether a check may fail here without anybody being told, for one of the reasons below."""
    return (
        mends(step, command, purpose)
        or prepares(command)
        or measures(command)
        or runs_again(step, command, purpose)
        or report_is_read(step, command)
        or output_is_read(step, command)
    )


def mends(step: WrittenStep, command: Command, purpose: Purpose) -> bool:
    """It mends files in place, and what it changed is looked at, committed or offered afterwards."""
    if purpose.kind not in {StepKind.LINT, StepKind.FORMAT}:
        return False
    if _FIXING_HOOKS.search(command.text) and "pre-commit" in command.text:
        return True
    by_hook = bool(re.search(r"(?:pre-commit|prek)(?: -\S+)* run", command.text))
    if not (by_hook or _FIXES.search(command.text)):
        named = purpose.tool.startswith(("npm ", "pnpm ", "yarn ", "bun "))
        return named and not _leaves(command) and _in_a_job_that_mends(step)
    keeps = _KEEPS if by_hook else _COMMITS
    return bool(_COMMITS.search(_after(step, command))) or any(
        keeps.search(_text_of(later)) for later in _later(step)
    )


def _leaves(command: Command) -> bool:
    """Whether the script ends where the command fails, so that what was mended by then is all there is."""
    return command.handler is not None and any(one.name == "exit" for one in command.handler.commands)


def is_in_an_autofix(step: WrittenStep) -> bool:
    """A later step offers what the job has mended: a check before it must not keep that back."""
    return any(later.action == "autofix-ci/action" for later in _later(step))


def _in_a_job_that_mends(step: WrittenStep) -> bool:
    return any("autofix" in later.action or "suggester" in later.action for later in _later(step))


def prepares(command: Command) -> bool:
    """It fetches types, stores durations or writes a baseline: the verdict is not what it is run for."""
    return bool(_PREPARES.search(command.text))


def measures(command: Command) -> bool:
    """It is told that any share of covered lines will do, and writes into a file which they are: a measurement."""
    written = " ".join((command.plain, *command.redirects))
    any_share = _COVERED.match(command.plain) and _ANY_SHARE.search(command.plain)
    return bool(any_share and _TO_A_REPORT.search(written))


def runs_again(step: WrittenStep, command: Command, purpose: Purpose) -> bool:
    """The same check runs once more in the script, on the same, and counts there: a warm-up, or a second try."""
    for later in step.commands:
        if later.start < command.end:
            continue
        other = purpose_of(later)
        if other is None or other.tool != purpose.tool or later.fails_script is False:
            continue
        if _AGAIN.search(later.text) or _FIXES.search(command.text):
            return True
        if set(_operands(later)) <= set(_operands(command)):
            return True
    return False


def _operands(command: Command) -> list[str]:
    return [word for word, _ in operands(command, command.plain.partition(" ")[0])]


def is_judged_beside(step: WrittenStep, command: Command, purpose: Purpose) -> bool:
    """The same check runs before it in the script, on the same, more narrowly, and counts there."""
    for earlier in step.commands:
        if earlier.start >= command.start:
            break
        other = purpose_of(earlier)
        counts = earlier.fails_script and "exit" not in earlier.text
        same = other is not None and other.tool == purpose.tool
        if counts and same and set(_operands(command)) <= set(_operands(earlier)):
            return True
    return False


def report_is_read(step: WrittenStep, command: Command) -> bool:
    """It writes a report into a file, from which somebody else decides: code scanning, or a later command."""
    written = " ".join((command.text, *command.redirects))
    names = {found[1].rpartition("/")[2] for found in _OUTPUT.finditer(written)}
    if not names:
        return False
    if any(_reads(text, names) for text in _later_commands(step, command)):
        return True
    return any(
        _reads(scalar.text, names)
        for later in _later(step)
        if _decides(later)
        for scalar in scalars(later.node)
    )


def output_is_read(step: WrittenStep, command: Command) -> bool:
    """What it prints goes into a variable, from which the script decides: `out=$(check || true)`."""
    script = step.script
    if script is None or command.depth:
        return False
    begin = script.text.rfind("\n", 0, command.start) + 1
    held = _INTO_A_VARIABLE.search(script.text[begin : command.start])
    return held is not None and _is_used(script.text[_end_of_statement(step, command) :], held[1])


def tries_again(step: WrittenStep, command: Command) -> bool:
    """A second try follows: where it succeeds, the script or the loop is left, `check && break || sleep 5`."""
    script, handler = step.script, command.handler
    if script is None or handler is None:
        return False
    return bool(_LEAVES_WITH_SUCCESS.search(script.text[command.end : handler.start]))


def _decides(step: WrittenStep) -> bool:
    return "upload-sarif" in step.action or "reviewdog" in step.action or "report" in step.action


def _reads(text: str, names: Iterable[str]) -> bool:
    return any(name in text for name in names)


def _later_commands(step: WrittenStep, command: Command) -> list[str]:
    here = [one.text for one in step.commands if one.start > command.end and one.name not in _TELLING]
    there = [one.text for later in _later(step) for one in later.commands if one.name not in _TELLING]
    return [text for text in (*here, *there) if not text.startswith(("rm ", "ls ", "mv ", "cp "))]


def is_recorded(handler_text: str) -> bool:
    """What handles the failure writes it where it can be found: an output, the environment, a file."""
    return bool(_RECORDS.search(handler_text))


def is_known_to_fail(handler_text: str) -> bool:
    """What handles the failure says that it is known, and why the run goes on."""
    return bool(_KNOWN_TO_FAIL.search(handler_text))


def outcome_is_read(step: WrittenStep) -> bool:
    """A later step, or the job's outputs, ask what became of this step. Who only tells of it does not count."""
    if not step.id:
        return False
    name = re.escape(step.id)
    asked = re.compile(rf"steps(?:\.{name}\b|\[\s*['\"]{name}['\"]\s*])\.(?:outcome|outputs)\b")
    nodes = [later.node for later in _later(step) if not _only_tells(later)]
    outputs = step.job.node.get("outputs")
    every = (scalar for node in (*nodes, outputs) for scalar in scalars(node))
    return any("steps" in scalar.text and asked.search(scalar.text) for scalar in every)


def _only_tells(step: WrittenStep) -> bool:
    """Whether a step prints something and nothing else, also where a condition of its own decides what."""
    if step.run is None or not step.commands or step.id:
        return False
    return all(one.name in _TELLING_OF or one.fate is Fate.TESTED for one in step.commands) and not any(
        is_recorded(" ".join(one.redirects)) for one in step.commands
    )


def report_is_uploaded(step: WrittenStep) -> bool:
    """An action's report goes to code scanning, or to what else decides from it: a later step names the file."""
    written = {step.given(name).rpartition("/")[2] for name in _REPORT_INPUTS} - {""}
    sarif = "sarif" in (step.given("format"), step.given("output-format"), step.given("report-format"))
    for later in _later(step):
        if not _decides(later) and not later.commands:
            continue
        if sarif and "sarif" in later.action:
            return True
        if written and any(_reads(scalar.text, written) for scalar in scalars(later.node)):
            return True
    return False


def report_is_judged(step: WrittenStep) -> bool:
    """An action writes its result into a file, which a later action is given, and told to fail for what is in it."""
    given = [text.text for text in step.inputs.values()]
    names = {found[1].rpartition("/")[2] for text in given for found in _OUTPUT.finditer(text)}
    return bool(names) and any(_fails_for(later, names) for later in _later(step))


def _fails_for(step: WrittenStep, names: Iterable[str]) -> bool:
    if not step.action or step.node.get("continue-on-error") is not None:
        return False
    given = "\n".join(f"--{name}={value.text}" for name, value in step.inputs.items())
    return _reads(given, names) and bool(_FAILS_FOR.search(given))


def reason_beside(source: Source, key: Scalar, mapping: Mapping, value: Scalar) -> bool:
    """A comment behind the key, or on the line above it within the same map, gives the reason."""
    line = source.text[value.end : source.line_end(value.end)]
    if re.match(r"\s+#\s*\w", line):
        return True
    begin = source.line_start(key.start)
    if begin <= source.line_start(mapping.start):
        return False
    above = source.text[source.line_start(begin - 1) : begin].strip()
    return above.startswith("#") and bool(_REASON.search(above))


def status_is_read(step: WrittenStep, command: Command) -> bool:
    """The next thing that the script does is to look at the exit status, and to do more with it than to tell it."""
    script = step.script
    assert script is not None
    rest = script.text[command.end :]
    end = _end_of_statement(step, command)
    following = script.text[end:]
    if not _LOOKED_AT_LATER.search(rest):
        return False
    line = next((line for line in _logical_lines(following) if line.strip(" ;\t")), "")
    if not _LOOKED_AT_LATER.search(line):
        return "PIPESTATUS" in rest
    held = re.match(
        r"[\s;]*(?:local |declare |export |readonly )?(\w+)=\"?\$(?:\?|\{\?}|\{PIPESTATUS[^}]*})", line
    )
    if held:
        return _is_used(following[following.index(held[0]) + len(held[0]) :], held[1])
    first = line.strip(" ;\t").split(" ")[0]
    return first not in _TELLING or is_recorded(line)


def _is_used(text: str, name: str) -> bool:
    """Whether a variable matters: not only told."""
    used = re.compile(rf"\b{re.escape(name)}\b")
    for line in _logical_lines(text):
        stripped = line.strip(" ;\t")
        told = stripped.split(" ")[0] in _TELLING and "|" not in stripped
        if used.search(stripped) and (not told or is_recorded(stripped)):
            return True
    return False


def _logical_lines(text: str) -> list[str]:
    return [part for line in text.replace("\\\n", "  ").split("\n") for part in re.split(r";(?!;)", line)]


def _end_of_statement(step: WrittenStep, command: Command) -> int:
    """Where the simple statement of a command ends: behind its redirects and the rest of its pipeline."""
    text = step.script.text if step.script else ""
    at = command.end
    while at < len(text) and text[at] not in ";\n":
        at += 2 if text[at] == "\\" else 1
    return at


def _after(step: WrittenStep, command: Command) -> str:
    return step.script.text[command.end :] if step.script else ""


def _later(step: WrittenStep) -> tuple[WrittenStep, ...]:
    return step.job.steps[step.index + 1 :] if step.job.key is not None else ()


def _text_of(step: WrittenStep) -> str:
    return "\n".join(part.text for part in (step.run, step.uses) if isinstance(part, Scalar))
