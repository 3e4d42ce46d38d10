"""A check that reads only the files runs in every leg of a matrix.

**Why it matters** Every leg says the same of the same files: a matrix of nine legs pays for it nine times.
**How to fix** Give it a job of its own without a matrix, or a condition, so that one leg runs it. Checks that depend
on the system or the version (type checkers, `cargo clippy`) may stay.
**Example** `- run: ruff check .` in a matrix of Python versions: add `if: strategy.job-index == 0`.
"""

import re
from collections.abc import Iterator

from cicd_defs.facts.findings import Confidence, Edit, Family, Fix, Severity
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.workflow import WrittenJob, WrittenStep, WrittenWorkflow, speaks_of
from cicd_defs.facts.yaml_nodes import Sequence, nothing_in
from cicd_defs.judge.commands.command_edits import only_in_first_leg, own_step_in_first_leg
from cicd_defs.judge.commands.purposes import CHECKS, kind_of_action, kinds_of, purpose_of
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found
from cicd_defs.judge.workflows.minutes import of
from cicd_defs.judge.workflows.repeated import Check, checks_in
from cicd_defs.judge.workflows.together import conditions_of
from cicd_defs.plan.kinds import StepKind

ABOUT = About(Family.WORK_TWICE, Severity.MEDIUM)

_OF_A_LEG = regex(r"\bmatrix\b|\bstrategy\.|\brunner\.|RUNNER_OS|RUNNER_ARCH|OSTYPE|\buname\b")
_ANY_LEGS = 2
_OF_FILES = frozenset({StepKind.LINT, StepKind.FORMAT, StepKind.SCAN})
_NAMES = {StepKind.LINT: "Lint", StepKind.FORMAT: "Check the format", StepKind.SCAN: "Scan"}
_MANY_TOOLS = regex(r"pre-commit|prek|j178/prek|(?:npm|pnpm|yarn|bun|make|just|task|tox|nox|hatch)\b")
_ASIDE = frozenset(
    {"echo", "cd", "set", "export", "git", "cat", "ls", "mkdir", "source", "printf", "test", "[", "which"}
)
_SCRIPTS = regex(r"(?:npm|pnpm|yarn|bun|make|just|task|tox|nox|hatch)\b")


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Checks of the files alone, in jobs with legs, that nothing limits to one of them."""
    for job in workflow.jobs:
        legs = legs_of(job)
        if legs < _ANY_LEGS or _files_differ(job):
            continue
        for step in job.steps:
            if any(_OF_A_LEG.search(text) for text in conditions_of(step)):
                continue
            for check in checks_in(step):
                if check.anywhere and not _depends_on_the_leg(job, step, check):
                    yield _found(check, legs)


def legs_of(job: WrittenJob) -> int:
    """How many legs a job's matrix has; two where that is worked out when it runs, one where it has none."""
    strategy = job.node.mapping("strategy")
    matrix = strategy.get("matrix") if strategy else None
    if nothing_in(matrix):
        return 1
    if job.matrix is None:
        return _ANY_LEGS
    legs = 1
    for key, node in job.matrix.pairs:
        if key.text in {"include", "exclude"}:
            continue
        legs *= len(node.items) if isinstance(node, Sequence) else _ANY_LEGS
    included = job.matrix.get("include")
    only_included = all(key.text in {"include", "exclude"} for key, _ in job.matrix.pairs)
    if only_included:
        return len(included.items) if isinstance(included, Sequence) else _ANY_LEGS
    return legs


def _files_differ(job: WrittenJob) -> bool:
    """Whether each leg looks at other files: it checks out something else, or works in a folder of its own."""
    if speaks_of(job.node.get("defaults"), "matrix."):
        return True
    for step in job.steps:
        kind = kind_of_action(step)
        if kind in {StepKind.CHECKOUT, StepKind.DOWNLOAD} and speaks_of(step.node.get("with"), "matrix."):
            return True
        for command in step.commands:
            if command.name == "git" and "matrix." in command.text:
                return True
    return False


def _depends_on_the_leg(job: WrittenJob, step: WrittenStep, check: Check) -> bool:
    """Whether a check's outcome can differ from leg to leg."""
    if speaks_of(step.node.get("env"), "matrix.") or speaks_of(step.node.get("with"), "matrix."):
        return True
    if "matrix" in (step.node.text("working-directory") or "") or "matrix" in (step.node.text("shell") or ""):
        return True
    if check.command is not None:
        script = step.script
        if script and _OF_A_LEG.search(_statement(step, check)):
            return True
        if _variable_of_the_leg(job, check.command.text):
            return True
        if _variable_of_the_tool(job, check.text):
            return True
        if _SCRIPTS.match(check.text) and speaks_of(job.node.get("env"), "matrix."):
            return True
    return _is_what_legs_are_of(job, check) or _only_checks(job, check)


def _statement(step: WrittenStep, check: Check) -> str:
    script, command = step.script, check.command
    if script is None or command is None or command.statement >= len(script.statements):
        return ""
    start, end = script.statements[command.statement]
    return script.text[start:end]


def _variable_of_the_leg(job: WrittenJob, text: str) -> bool:
    env = job.node.mapping("env")
    pairs = env.pairs if env else []
    return any(
        f"${key.text}" in text or f"${{{key.text}}}" in text
        for key, node in pairs
        if speaks_of(node, "matrix.")
    )


def _variable_of_the_tool(job: WrittenJob, text: str) -> bool:
    """Whether a variable that begins as the tool does differs from leg to leg: `ESLINT_USE_FLAT_CONFIG`."""
    env = job.node.mapping("env")
    begun = re.split(r"[ /@-]", text)[0].upper() + "_"
    return any(
        key.text.startswith(begun) and speaks_of(node, "matrix.") for key, node in (env.pairs if env else [])
    )


def _is_what_legs_are_of(job: WrittenJob, check: Check) -> bool:
    """Whether the legs are versions of the check itself, or install other things: `npm install eslint@${{ … }}`."""
    tool = re.split(r"[ /@]", check.text)[0]
    names = [key.text.lower() for key, _ in (job.matrix.pairs if job.matrix else [])]
    if any(tool.lower() in name for name in names):
        return True
    for step in job.steps:
        for command in step.commands:
            purpose = purpose_of(command)
            if purpose and purpose.kind is StepKind.INSTALL and "matrix." in command.text:
                return True
    return False


def _only_checks(job: WrittenJob, check: Check) -> bool:
    """Whether a job does nothing but check files, on several systems or with many tools: that is what it is for."""
    alone = not any(CHECKS & kinds_of(step) for step in job.steps if step is not check.step)
    many = bool(_MANY_TOOLS.match(check.text)) and alone
    meant = many or any("matrix." in label.text for label in job.labels)
    kinds = frozenset(kind for step in job.steps for kind in kinds_of(step)) & CHECKS
    return meant and kinds <= _OF_FILES and not _does_other_things(job)


def _does_other_things(job: WrittenJob) -> bool:
    """Whether a job builds or deploys something, or runs what nobody knows."""
    known = {*CHECKS, StepKind.INSTALL, StepKind.SETUP, StepKind.CHECKOUT, StepKind.CACHE}
    for step in job.steps:
        for command in step.commands:
            purpose = purpose_of(command)
            if purpose is None and command.name not in _ASIDE:
                return True
            if purpose is not None and purpose.kind not in known:
                return True
    return False


def _found(check: Check, legs: int) -> Found:
    step = check.step
    edits: tuple[Edit, ...] | None = None
    if check.command is None or len([one for one in step.commands if one.name != "echo"]) == 1:
        edit = only_in_first_leg(step)
        edits = (edit,) if edit else None
    else:
        edits = own_step_in_first_leg(step, check.command, _NAMES.get(check.kind, "Check"))
    return Found(
        step.source,
        check.start,
        check.end,
        f"`{check.name}` reads only the files, and runs in every leg of the matrix of `{step.job.id}`",
        Fix(f"Run `{check.name}` in the first leg", edits) if edits else None,
        minutes=of(check.kind) * (legs - 1),
        confidence=None if step.job.matrix is not None else Confidence.MEDIUM,
    )
