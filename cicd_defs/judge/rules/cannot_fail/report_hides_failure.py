"""A job that stands for others runs always, and is green although one of them is red.

**Why it matters** Branch rules ask for this job alone. With `if: always()` it runs behind a failure, too; where it does
not look at the results, or not at all of them, a red run may be merged.
**How to fix** Fail where one of the needed jobs failed or was cancelled: `contains(needs.*.result, 'failure')`.
**Example** A job with `needs: [lint, test]`, `if: always()` and `run: echo done` gets a step that runs `exit 1` under
`if: contains(needs.*.result, 'failure') || contains(needs.*.result, 'cancelled')`.
"""

import re
from collections.abc import Iterator

from cicd_defs.facts.findings import Edit, Family, Fix, Severity
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.script import Command, Fate
from cicd_defs.facts.workflow import WrittenJob, WrittenStep, WrittenWorkflow, bare_condition
from cicd_defs.facts.yaml_nodes import scalars
from cicd_defs.judge.commands.purposes import CHECKS, job_kinds
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found
from cicd_defs.judge.workflows.expressions import is_always_true
from cicd_defs.plan.kinds import StepKind

ABOUT = About(Family.CANNOT_FAIL, Severity.HIGH)

_RUNS_ANYWAY = regex(
    r"(?!.*(?:!\s*failure|\bsuccess)\(\))(?!.*&&\s*\(?failure\(\))(?!.*\bfailure\(\)\)?\s*&&)(?s:.*)"
    r"(?:\balways\(\)|!\s*cancelled\(\))"
    r"|(?:\$\{\{)?\s*(?:success\(\)\s*\|\|\s*failure\(\)|failure\(\)\s*\|\|\s*success\(\))\s*(?:}})?\s*$"
)
_ALL = regex(r"needs\.\*|to[jJ][sS][oO][nN]\(\s*needs|join\(needs|needs\[")
_ASKING = frozenset({"[", "[[", "test", "grep", "jq"})
_ACTS = regex(
    r"setFailed|throw|github\.|exit|process|require|fetch|setOutput|summary|exportVariable|context\."
)
_BOTH = regex(
    r"'(?:failure|cancelled)'\s*\)\s*&&\s*contains\(\s*needs\.\*\.result,\s*'(?:failure|cancelled)'"
)
_TELLING = frozenset({"echo", "printf", "true", ":", "exit", "set", "date", "cat", "return"})


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Jobs behind others that cannot be red, or look at some of the others only."""
    for job in workflow.jobs:
        condition = job.condition
        if condition is None or not job.needs or not job.steps or not _RUNS_ANYWAY.match(condition.text):
            continue
        why = _blind(job) or _half_blind(job)
        if why and _stand_for_checks(workflow, job):
            edit = _look(job)
            yield Found(
                workflow.source,
                condition.start,
                condition.end,
                f"job `{job.id}` is green although a job that it needs is red: {why}",
                Fix("Fail where a needed job failed", (edit,)) if edit else None,
            )


def _stand_for_checks(workflow: WrittenWorkflow, job: WrittenJob) -> bool:
    """Whether one of the needed jobs checks something, or is called and may."""
    needed = [workflow.by_id[need.text] for need in job.needs if need.text in workflow.by_id]
    worth = CHECKS | {StepKind.BUILD}
    return any(one.uses is not None or worth & job_kinds(one) for one in needed)


def _blind(job: WrittenJob) -> str | None:
    """It only tells of something."""
    if any((step.run is None or step.script is None) and not _prints(step) for step in job.steps):
        return None
    commands = [command for step in job.steps for command in step.commands if not _goes_on(step)]
    commands = [command for command in commands if not _is_question(command)]
    if any(command.name not in _TELLING for command in commands):
        return None
    if any(">" in mark for command in commands for mark in command.redirects if "&" not in mark):
        return None
    if any(command.name in {"exit", "return"} and command.words[1:] != ("0",) for command in commands):
        return None
    if any(".outputs." in scalar.text for step in job.steps for scalar in scalars(step.node)):
        return None  # it is there for what it tells
    return "its steps only tell, and never fail"


def _prints(step: WrittenStep) -> bool:
    """Whether a script of JavaScript writes to the log only."""
    script = step.given("script")
    return step.action == "actions/github-script" and bool(script) and not _ACTS.search(script)


def _goes_on(step: WrittenStep) -> bool:
    """Whether a step cannot turn its job red."""
    value = step.node.scalar("continue-on-error")
    return value is not None and is_always_true(bare_condition(value) or "")


def _is_question(command: Command) -> bool:
    """`[ "$x" = failure ]` in an `if`, or `grep` whose answer is thrown away: it decides what is told."""
    if command.name not in _ASKING:
        return False
    handler = command.handler
    return command.fate in {Fate.TESTED, Fate.PIPED, Fate.CAPTURED} or (
        handler is not None and all(one.name in _TELLING and one.name != "exit" for one in handler.commands)
    )


def _half_blind(job: WrittenJob) -> str | None:
    """It fails for some results only."""
    if not all(step.run is not None for step in job.steps):
        return None
    texts = [scalar.text for step in job.steps for scalar in scalars(step.node)]
    every = "\n".join(texts)
    fails = re.search(r"\bexit\s+(?:[1-9]|\$)|\bfalse\b", every) or any(
        one.name in {"test", "[", "[["} and one.fails_script for step in job.steps for one in step.commands
    )
    if "result" not in every or not fails:
        return None
    if "cancelled" in every and not re.search(r"failure|success|failed", every):
        return "it asks for `cancelled` only"
    if _BOTH.search(every) and "|| contains(" not in every:
        return "it fails only where one job failed and another was cancelled"
    if _ALL.search(every):
        return None
    named = set(re.findall(r"needs\.([\w-]+)\.", every))
    missing = [need.text for need in job.needs if need.text not in named]
    if not named or not missing:
        return None
    if len(missing) == len(job.needs):
        return None
    return f"it does not look at `{missing[0]}`"


def _look(job: WrittenJob) -> Edit | None:
    """A step in front that fails where a needed job failed or was cancelled."""
    listed = job.node.sequence("steps")
    if listed is None or listed.flow or listed.aliased:
        return None
    source = job.file.source
    begin = source.line_start(job.steps[0].node.start)
    head = source.text[begin : job.steps[0].node.start]
    if head.strip() != "-" or "\t" in head:
        return None
    blanks, gap = head[: head.index("-")], " " * (len(head) - head.index("-") - 1)
    inner = blanks + " " + gap
    lines = (
        f"{blanks}-{gap}name: Fail where a needed job failed",
        f"{inner}if: contains(needs.*.result, 'failure') || contains(needs.*.result, 'cancelled')",
        f"{inner}run: exit 1",
    )
    return Edit(source.path, begin, begin, "".join(line + source.newline for line in lines))
