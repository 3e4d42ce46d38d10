"""A job has no time limit of its own.

**Why it matters** GitHub stops a job after six hours. Until then one that hangs holds a runner, and whoever waits for
it: a test that waits for a port, a prompt that nobody answers. A limit on steps does not count: what hangs between
them, or in a step without one, has none.
**How to fix** `timeout-minutes` behind `runs-on`, at two to three times what the job takes. A job that calls a
workflow cannot have one: there it stands in the called workflow's jobs.
**Example** `runs-on: ubuntu-24.04` is followed by `timeout-minutes: 15`.
"""

import re
from collections.abc import Iterator

from cicd_defs.facts.findings import Family, Fix, Severity
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.workflow import WrittenJob, WrittenStep, WrittenWorkflow, bare_condition
from cicd_defs.facts.yaml_nodes import nothing_in, texts_of
from cicd_defs.judge.commands.purposes import job_kinds
from cicd_defs.judge.edits import insert_pair, replace_scalar
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found
from cicd_defs.plan.kinds import StepKind

ABOUT = About(Family.SAFETY_NETS, Severity.LOW)

SHORT, USUAL, LONG = 15, 30, 60
"""Minutes for jobs that only look at code, for those that build and test, and for those that do the most."""

_LONG = frozenset({StepKind.INTEGRATION, StepKind.E2E, StepKind.DEPLOY})
_SHORT = frozenset(
    {
        StepKind.CHECKOUT,
        StepKind.SETUP,
        StepKind.INSTALL,
        StepKind.CACHE,
        StepKind.LINT,
        StepKind.FORMAT,
        StepKind.TYPECHECK,
        StepKind.SCAN,
    }
)
_LONG_BY_NAME = regex(r"(?i)(?:\b|_)(?:long|slow|soak|stress|fuzz\w*|benchmarks?|nightly|full)(?:\b|_)")
_LONG_BY_WORDS = regex(
    r"codeql-action/(?:analyze|autobuild)|docker/(?:build-push|bake|setup-qemu)-action|depot/(?:build-push|bake)-action"
    r"|\bbuildx\b|pypa/cibuildwheel|\bcibuildwheel\b|maturin|goreleaser|xcodebuild|android-emulator-runner"
    r"|gradlew? .*assemble|\bpod install\b|electron-builder|-fuzz(?:time)?\b"
    r"|cargo (?:fuzz|mutants|miri|bench)|--platform[= ]"
)
_COMPILES = regex(
    r"\b(?:cargo|gradlew?|mvnw?|bazel|msbuild|cmake|ninja|swift build|dotnet|sbt|stack build)\b"
)
_BUILDS_BY_NAME = regex(r"(?i)(?:\b|_)(?:build|release|publish|package|app)(?:\b|_)")
_SLOW_RUNNERS = regex(r"(?i)windows|macos")
_GIVEN = regex(r"(?:--?timeout[= ]|\btimeout (?:-\S+ (?:\d+\S* )?)*)\"?(\d{1,3})(m|h)(?:in)?\b")
_CHECKS = frozenset({StepKind.LINT, StepKind.FORMAT, StepKind.TYPECHECK, StepKind.SCAN})


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Jobs with steps and without `timeout-minutes`."""
    for job in workflow.jobs:
        if job.key is None or job.uses is not None or not nothing_in(job.node.get("timeout-minutes")):
            continue
        if "steps" not in job.node.by_key or bare_condition(job.node.scalar("if")) == "false":
            continue
        yield Found(
            workflow.source,
            job.key.start,
            job.key.end,
            f"the job `{job.id}` has no `timeout-minutes`: where it hangs, it runs for six hours",
            _fix(job),
        )


def _fix(job: WrittenJob) -> Fix | None:
    minutes = str(_minutes(job))
    written = job.node.scalar("timeout-minutes")
    if written is not None:
        edit = replace_scalar(job.file.source, written, minutes) if written.text else None
    else:
        after = "runs-on" if "runs-on" in job.node.by_key else None
        edit = insert_pair(job.file.source, job.node, [f"timeout-minutes: {minutes}"], after=after)
    return Fix(f"Stop the job `{job.id}` after {minutes} minutes", (edit,)) if edit else None


def _minutes(job: WrittenJob) -> int:
    """What is surely enough, by what the job does, and for what its steps may take themselves."""
    kinds = job_kinds(job)
    compiles = any(_COMPILES.search(_said(step)) for step in job.steps)
    if kinds & _LONG or _takes_long(job):
        minutes = LONG
    else:
        minutes = SHORT if kinds & _CHECKS and kinds <= _SHORT and not compiles else USUAL
    longest = sum(map(_limit_of, job.steps))
    return max(minutes, longest + 10) if longest else minutes


def _takes_long(job: WrittenJob) -> bool:
    """Whether a job builds for other machines, searches all code, or calls itself long; or its runner is a slow one."""
    named = " ".join((job.id, job.node.text("name") or "", job.file.path))
    axes = " ".join(text.text for text in texts_of(job.axes.get("os")))
    runners = " ".join([*(label.text for label in job.labels), axes])
    if _LONG_BY_NAME.search(named) or any(_LONG_BY_WORDS.search(_said(step)) for step in job.steps):
        return True
    builds = StepKind.BUILD in job_kinds(job) or bool(_BUILDS_BY_NAME.search(named))
    return bool(_SLOW_RUNNERS.search(runners)) and (
        builds or any(_COMPILES.search(_said(step)) for step in job.steps)
    )


def _said(step: WrittenStep) -> str:
    return step.action if step.run is None else step.run.text


def _limit_of(step: WrittenStep) -> int:
    """The minutes after which a step stops by itself: by its own limit, or by what its script gives to a program."""
    own = step.node.text("timeout-minutes") or ""
    if re.fullmatch(r"\d{1,3}", own):
        return int(own)
    given = _GIVEN.findall(step.run.text) if step.run is not None else []
    return sum(int(number) * (60 if unit == "h" else 1) for number, unit in given)
