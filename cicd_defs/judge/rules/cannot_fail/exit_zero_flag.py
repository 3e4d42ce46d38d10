"""A check is told to succeed whatever it finds: `--exit-zero`, `--exit-code 0`, `--soft-fail`, `continue_on_error`.

**Why it matters** What the check finds stands in a log, and the step is green.
**How to fix** Take the option away. Findings that are known belong into the tool's baseline or its list of exceptions.
**Example** `ruff check --exit-zero .` becomes `ruff check .`.
"""

import re
from collections.abc import Iterator

from cicd_defs.facts.findings import Edit, Family, Fix, Severity
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.script import Command
from cicd_defs.facts.workflow import WrittenStep, WrittenWorkflow
from cicd_defs.facts.yaml_nodes import Scalar
from cicd_defs.judge.commands.legitimate import (
    is_judged_beside,
    is_legitimate,
    outcome_is_read,
    report_is_uploaded,
)
from cicd_defs.judge.commands.purposes import CHECKS, kind_of_action
from cicd_defs.judge.commands.swallowed import command_name, guards_of
from cicd_defs.judge.edits import edit_script, remove_pair, replace_scalar
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found
from cicd_defs.plan.kinds import StepKind

ABOUT = About(Family.CANNOT_FAIL, Severity.HIGH)

_FLAGS = regex(
    r"--exit-zero(?:-even-if-changed)?|--soft-?fail|--no-?fail|--nofail|--never-fail|--fail-never|-fn|--no-exit-code"
    r"|--no-exit-on-(?:warn|error)|--no-exit|--suppress-tests-failed-exit-code|--ignore-failures?|--always-succeed"
    r"|--warn-only|--zero-exit|--fail-under[= ]0|--fail-on[= ]none"
    r"|--fail-level[= ](?:fatal|F)|--issues-exit-code[= ]0|--failure-exit-code[= ]0"
    r"|--error-exit-code[= ]0|--exit-code[= ]0"
    r"|-exit-code[= ]0|--exitcode[= ]0|--audit-level[= ]none|--fail-level[= ]none|--ignore-on-exit[= ]all"
    r"|-D(?:maven\.test\.failure\.ignore|testFailureIgnore)(?:=true)?|-DfailIfNoTests=false(?=.*-Dtest=)"
    r"|-D(?:checkstyle|pmd|spotbugs|cpd)\.(?:failOnViolation|failOnError|failsOnError)=false"
    r"|-D\w+\.skip(?:=true)?|-P\w*[iI]gnoreFailures(?:=true)?|--continue-on-error"
)
_OF_ONE_TOOL = {
    "ruff check": frozenset({"-e"}),
    "ruff": frozenset({"-e"}),
    "tfsec": frozenset({"-s"}),
    "checkov": frozenset({"-s"}),
    "tslint": frozenset({"--force"}),
}
_OF_MAKE = frozenset({"-i", "--ignore-errors"})
_ENDS_OF_RUN = ("-D", "-P")
_INPUTS: dict[str, dict[str, str]] = {
    "aquasecurity/trivy-action": {"exit-code": "0"},
    "aquasecurity/tfsec-action": {"soft_fail": "true"},
    "bridgecrewio/checkov-action": {"soft_fail": "true"},
    "hadolint/hadolint-action": {"no-fail": "true"},
    "anchore/scan-action": {"fail-build": "false"},
    "lycheeverse/lychee-action": {"fail": "false"},
    "docker/scout-action": {"exit-code": "false"},
    "actions/dependency-review-action": {"warn-only": "true"},
    "codespell-project/actions-codespell": {"only_warn": "1"},
    "google/osv-scanner-action": {"fail-on-vuln": "false"},
    "zaproxy/action-baseline": {"fail_action": "false"},
    "zaproxy/action-full-scan": {"fail_action": "false"},
    "checkmarx/kics-github-action": {"ignore_on_exit": "all"},
    "golangci/golangci-lint-action": {"issues-exit-code": "0"},
    "erzz/dockle-action": {"exit-code": "0"},
    "goodwithtech/dockle-action": {"exit-code": "0"},
    "wagoid/commitlint-github-action": {"failonerrors": "false"},
    "chromaui/action": {"exitzeroonchanges": "true"},
    "treosh/lighthouse-ci-action": {},
    "fossas/fossa-action": {},
    "ansible/ansible-lint": {},
    "streetsidesoftware/cspell-action": {"strict": "false"},
    "errata-ai/vale-action": {"fail_on_error": "false"},
}
_TRUTHS = {"true": {"true", "1", "yes", "on"}, "false": {"false", "0", "no", "off"}}
_ARGUMENTS = ("args", "options", "arguments", "extra_args", "extra-args", "src", "command", "flags")


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Options and inputs by which a check cannot fail."""
    for step in workflow.steps:
        if step.run is not None and "-" in step.run.text:
            yield from _in_script(step)
        elif step.action:
            yield from _in_inputs(step)


def _in_script(step: WrittenStep) -> Iterator[Found]:
    for command, purpose in guards_of(step):
        if purpose.kind is StepKind.BUILD or "-" not in command.text:
            continue
        own = _OF_ONE_TOOL.get(purpose.tool, _OF_MAKE if purpose.tool.startswith("make ") else frozenset())
        for at, word in enumerate(command.words[1:], 1):
            following = command.words[at + 1] if at + 1 < len(command.words) else ""
            length = 1 if _is_flag(word) or word in own else 2 if _is_flag(f"{word} {following}") else 0
            if not length or is_legitimate(step, command, purpose):
                continue
            if is_judged_beside(step, command, purpose):
                continue
            yield _flag(step, command, at, length)
            break


def _is_flag(text: str) -> bool:
    return text[:1] == "-" and bool(_FLAGS.fullmatch(text)) and not re.match(r"-D\w+\.skip", text)


def _flag(step: WrittenStep, command: Command, at: int, length: int) -> Found:
    begin, end = command.spans[at][0], command.spans[at + length - 1][1]
    assert step.run is not None
    written = step.run.text[begin:end]
    before = command.spans[at - 1][1]
    to_one = written.endswith("0") and "exit" in written
    edit = edit_script(step, end - 1, end, "1") if to_one else edit_script(step, before, end, "")
    if (begin, end) == command.spans[0]:
        edit = None  # a variable holds the whole command
    start, stop = step.place(begin, end)
    return Found(
        step.source,
        start,
        stop,
        f"`{command_name(command)}` cannot fail here: `{written}` makes it succeed whatever it finds",
        Fix(f"Let `{command_name(command)}` fail", (edit,)) if edit else None,
    )


def _in_inputs(step: WrittenStep) -> Iterator[Found]:
    if kind_of_action(step) not in CHECKS:
        return
    known = _INPUTS.get(step.action) or _INPUTS.get("/".join(step.action.split("/")[:2])) or {}
    if known and (outcome_is_read(step) or report_is_uploaded(step)):
        return
    for name, value in known.items():
        given = step.inputs.get(name)
        if given is not None and given.text.strip().lower() in _TRUTHS.get(value, {value}):
            yield _input(step, given, f"`{name}: {given.text.strip()}`")
    for name in _ARGUMENTS:
        given = step.inputs.get(name)
        found = _FLAGS.search(given.text) if given else None
        if given and found and _stands_alone(given.text, found):
            yield _argument(step, given, found)
    yield from _in_environment(step)


def _stands_alone(text: str, found: re.Match[str]) -> bool:
    return not re.match(r"[\w-]", text[found.end() : found.end() + 1]) and not re.match(
        r"[\w-]", text[max(found.start() - 1, 0) : found.start()]
    )


def _input(step: WrittenStep, given: Scalar, written: str) -> Found:
    other = {"0": "1", "true": "false", "false": "true", "1": "0", "all": "none"}.get(
        given.text.strip().lower()
    )
    edit = replace_scalar(step.source, given, other) if other else None
    return Found(
        step.source,
        given.start,
        given.end,
        f"`{step.action}` cannot fail here: {written} makes it succeed whatever it finds",
        Fix(f"Let `{step.action}` fail", (edit,)) if edit else None,
    )


def _argument(step: WrittenStep, given: Scalar, found: re.Match[str]) -> Found:
    text = step.source.text
    at = text.find(found[0], given.start, given.end)
    start, end = (at, at + len(found[0])) if at >= 0 else (given.start, given.end)
    begin = start - 1 if text[start - 1] == " " and at >= 0 else start
    if begin == start and text[end : end + 1] == " ":
        edit = Edit(step.source.path, start, end + 1, "")
    else:
        edit = Edit(step.source.path, begin, end, "")
    alone = given.text.strip() == found[0]
    return Found(
        step.source,
        start,
        end,
        f"`{step.action}` cannot fail here: `{found[0]}` makes it succeed whatever it finds",
        None if at < 0 or given.aliased or alone else Fix(f"Take `{found[0]}` away", (edit,)),
    )


def _in_environment(step: WrittenStep) -> Iterator[Found]:
    """`DISABLE_ERRORS: true` of the linters that are many in one."""
    variables = step.node.mapping("env")
    given = variables.scalar("DISABLE_ERRORS") if variables else None
    if variables and given is not None and given.text.lower() == "true" and "linter" in step.action:
        edit = remove_pair(step.source, variables, "DISABLE_ERRORS") or replace_scalar(
            step.source, given, "false"
        )
        yield Found(
            step.source,
            given.start,
            given.end,
            f"`{step.action}` cannot fail here: `DISABLE_ERRORS: {given.text}` makes it succeed whatever it finds",
            Fix(f"Let `{step.action}` fail", (edit,)) if edit else None,
        )
