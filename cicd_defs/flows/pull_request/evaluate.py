"""Evaluate a pull request: independent parts side by side, each with exactly one verdict, whatever becomes of it."""

import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cicd_defs.facts.detect import detect
from cicd_defs.facts.records.evaluations import Claim
from cicd_defs.facts.reports.junit import read_junit
from cicd_defs.facts.reports.steps import Isolation, Limits, SandboxStep, StepResult
from cicd_defs.facts.reports.tests import TestReport
from cicd_defs.facts.reports.verdicts import Finding, Verdict, Word
from cicd_defs.facts.written import written_files
from cicd_defs.flows.line import Line
from cicd_defs.flows.protocols import Workspace
from cicd_defs.flows.pull_request.claim import PullRequestFacts, diff_of
from cicd_defs.judge.integrity import gate_integrity, integrity_verdict
from cicd_defs.plan.compile import compile_pipeline
from cicd_defs.plan.files import looked_at
from cicd_defs.plan.work.evaluation import EvaluationSteps, evaluation_steps
from cicd_defs.spec.model import Project

MISSING_PROGRAM = 127
"""The exit status of bash where a program is not there."""


@dataclass
class Bench:
    """What the parts of one evaluation share: the pull request, the steps to run, and one workspace."""

    line: Line
    project: Project
    claim: Claim
    facts: PullRequestFacts
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _steps: EvaluationSteps | None = None
    _workspace: Workspace | None = None
    _installed: tuple[StepResult, ...] | None = None
    _closed: threading.Event = field(default_factory=threading.Event)

    @property
    def seconds(self) -> float:
        """How long the whole evaluation may take."""
        return 60.0 * min(self.project.validation.timeout_minutes, self.line.limits.validation_minutes)

    def steps(self) -> EvaluationSteps:
        """The steps, by the project file and the files of the base commit: never by those of the change."""
        with self._lock:
            if self._steps is None:
                git_dir = self.line.forge.git_dir(self.claim.subject.repository)
                tree = self.line.repositories.tree(git_dir, self.claim.subject.base)
                written = written_files(tree, looked_at(self.project))
                pipeline = compile_pipeline(self.project, detect(tree), written)
                self._steps = evaluation_steps(
                    pipeline, self.seconds, self.line.new_id().replace("-", "")[:16]
                )
            return self._steps

    def workspace(self) -> Workspace:
        """The workspace with the merge of head and base in it. Raises `NotEvaluated` where it may not be made."""
        with self._lock:
            if self._closed.is_set():
                raise NotEvaluated("The evaluation has ended.")
            if self._workspace is None:
                self._workspace = self._prepared()
                if self._closed.is_set():  # while it was made ready: nobody else destroys it any more
                    self._workspace.destroy()
                    raise NotEvaluated("The evaluation has ended.")
            return self._workspace

    def installed(self) -> tuple[StepResult, ...]:
        """Run what makes the workspace ready, once; return how each step ended."""
        workspace, steps = self.workspace(), self.steps().install
        with self._lock:
            if self._installed is None:
                self._installed = tuple(_until_red(workspace, steps))
            return self._installed

    def merged(self) -> str:
        """The commit of the merge of head and base. Raises `NotEvaluated` for a conflict."""
        subject = self.claim.subject
        git_dir = self.line.forge.git_dir(subject.repository)
        merged = self.line.repositories.merge_result(git_dir, subject.base, subject.head)
        if merged is None:
            ref = self.facts.pull_request.base_ref
            raise NotEvaluated(f"It conflicts with {ref}: merge that branch into it first.")
        return merged

    def _prepared(self) -> Workspace:
        may_run(self.line, self.facts)
        assert self.line.sandbox is not None
        git_dir, merged = self.line.forge.git_dir(self.claim.subject.repository), self.merged()
        validation = self.project.validation
        limits = Limits(memory_mb=validation.memory_mb, cpus=validation.cpus, seconds=self.seconds)
        return self.line.sandbox.prepare(git_dir, merged, workspace_name(self.claim), limits)

    def close(self) -> None:
        """End what runs in the workspace, and remove it."""
        # Without the lock: a part that hangs may hold it, and this is what ends its step.
        self._closed.set()
        if self._workspace is not None:
            self._workspace.destroy()


class NotEvaluated(Exception):
    """Something outside the change is missing: what, and what to do."""


Part = Callable[[Bench], Verdict]


def workspace_name(claim: Claim) -> str:
    """What an evaluation's workspace is called: the sweep keeps those of claims that are held."""
    return f"{claim.subject.partition}-{claim.generation}"


def may_run(line: Line, facts: PullRequestFacts) -> Isolation:
    """How the sandbox that a pull request's code may run in isolates. Raises `NotEvaluated` where there is none."""
    if line.sandbox is None:
        raise NotEvaluated(line.no_sandbox)
    isolation = line.sandbox.isolation()
    found = facts.pull_request
    if isolation.level != "full" and (found.from_fork or found.author_role == "stranger"):
        raise NotEvaluated(
            f"{found.author} may not write to {found.repository}, and the sandbox here ({isolation.provider}, "
            f"{isolation.level} isolation) is not enough for strangers' code: it lacks {', '.join(isolation.lacks)}."
        )
    return isolation


def sandbox_build(bench: Bench) -> Verdict:
    """Install and build the merge of head and base."""
    steps = list(bench.installed())
    if all(step.passed for step in steps):
        steps += _until_red(bench.workspace(), bench.steps().build)
    if not steps:
        return Verdict(
            part="sandbox_build", word="not_applicable", summary="Nothing is installed or built here."
        )
    missing = missing_program(steps)
    word: Word = "not_evaluated" if missing else _word(steps)
    return _verdict(bench, "sandbox_build", word, missing or _told(steps), steps)


def missing_program(steps: Sequence[StepResult]) -> str:
    """What the sandbox lacks, where a step could not begin for want of a program before any check ran; else empty."""
    for step in steps:
        if step.exit_code == MISSING_PROGRAM and step.kind in ("setup", "install"):
            return f"{step.name}: the sandbox has not the program for it: {step.tail.strip()[-200:]}"
    return ""


def test_results(bench: Bench) -> Verdict:
    """Run the project's own checks on the merge of head and base: lint, format, types, tests."""
    checks = bench.steps().checks
    if not checks:
        return Verdict(
            part="test_results", word="not_applicable", summary="The base has no checks of its own."
        )
    if missing := missing_program(bench.installed()):
        raise NotEvaluated(missing)
    if not all(step.passed for step in bench.installed()):
        return _verdict(
            bench, "test_results", "failed", "It could not be installed, so no check was run.", ()
        )
    workspace = bench.workspace()
    results = [workspace.run(step) for step in checks]
    tests, refused = _tests(workspace, bench.steps())
    word: Word = "failed" if refused or (tests and tests.failed) else _word(results)
    summary = refused[0].message if refused else _told_of_tests(results, tests)
    verdict = _verdict(bench, "test_results", word, summary, results)
    return verdict.model_copy(update={"tests": tests, "findings": refused})


def integrity(bench: Bench) -> Verdict:
    """Look for what weakens the gate itself: deleted or skipped tests, edited CI and configuration."""
    line, subject = bench.line, bench.claim.subject
    git_dir = line.forge.git_dir(subject.repository)
    before = line.repositories.tree(git_dir, subject.base)
    after = line.repositories.tree(git_dir, bench.merged())
    return integrity_verdict(gate_integrity(diff_of(line, subject), before, after))


PARTS: Mapping[str, Part] = {
    "sandbox_build": sandbox_build,
    "test_results": test_results,
    "gate_integrity": integrity,
}
"""The parts of an evaluation, in the order in which a report shows them."""

AFTER: Mapping[str, str] = {"test_results": "sandbox_build"}
"""A part to the one that it waits for."""


def evaluate(bench: Bench, wanted: Sequence[str], parts: Mapping[str, Part] = PARTS) -> Iterator[Verdict]:
    """Run the wanted parts side by side; yield one verdict for each as it ends, kept as evidence first.

    A part that raises, gives nothing, or is not done when the time for all is over, yields `fault`. Never raises.
    """
    ended: queue.Queue[Verdict] = queue.Queue()
    done = {part: threading.Event() for part in wanted}
    for part in wanted:
        run = threading.Thread(
            target=_run_part, args=(bench, part, parts.get(part), done, ended), name=part, daemon=True
        )
        run.start()
    left, deadline = set(wanted), _Deadline(bench)
    while left:
        try:
            verdict = ended.get(timeout=deadline.left())
        except queue.Empty:
            minutes = bench.seconds / 60
            for part in sorted(left):
                yield _kept(
                    bench,
                    _fault(part, f"It was not done after {minutes:g} minutes (validation.timeout_minutes)."),
                )
            break
        if verdict.part in left:
            left.discard(verdict.part)
            yield _kept(bench, verdict)
    bench.close()


class _Deadline:
    """Seconds that are left until an evaluation's time is over."""

    def __init__(self, bench: Bench) -> None:
        self._now, self._begun, self._seconds = bench.line.now, bench.line.now(), bench.seconds

    def left(self) -> float:
        return max(0.0, self._seconds - (self._now() - self._begun).total_seconds())


def _run_part(
    bench: Bench,
    part: str,
    body: Part | None,
    done: Mapping[str, threading.Event],
    ended: "queue.Queue[Verdict]",
) -> None:
    before = done.get(AFTER.get(part, ""))
    if before:
        before.wait()
    begun = bench.line.now()
    try:
        verdict = body(bench) if body else None
        if not isinstance(verdict, Verdict) or verdict.part != part:
            verdict = _fault(part, "It gave no verdict.")
    except NotEvaluated as reason:
        verdict = Verdict(part=part, word="not_evaluated", summary=str(reason))
    except BaseException as error:  # whatever a part does, the report and the decision follow
        verdict = _fault(part, f"It failed: {type(error).__name__}: {error}"[:1000])
    seconds = (bench.line.now() - begun).total_seconds()
    ended.put(verdict.model_copy(update={"seconds": seconds}))
    done[part].set()


def _kept(bench: Bench, verdict: Verdict) -> Verdict:
    claim = bench.claim
    body = verdict.model_dump(mode="json")
    bench.line.evidence.put_part(claim.subject, claim.generation, verdict.part, body, bench.line.now())
    bench.line.reached(f"run:verdict:{verdict.part}")
    return verdict


def _fault(part: str, why: str) -> Verdict:
    return Verdict(part=part, word="fault", summary=why)


def _until_red(workspace: Workspace, steps: Sequence[SandboxStep]) -> Iterator[StepResult]:
    for step in steps:
        result = workspace.run(step)
        yield result
        if not result.passed:
            return


def _word(steps: Sequence[StepResult]) -> Word:
    if any(step.ended == "not_started" for step in steps):
        return "fault"
    return "passed" if all(step.passed for step in steps) else "failed"


def _told(steps: Sequence[StepResult]) -> str:
    red = [step for step in steps if not step.passed]
    if not red:
        return f"{', '.join(step.name for step in steps)}: all well."
    ways = {"timed_out": "took too long", "killed": "was stopped", "not_started": "did not start"}
    return "; ".join(
        f"{step.name}: {ways.get(step.ended) or f'exit status {step.exit_code}'}"
        + (f" ({step.error})" if step.error else "")
        for step in red
    )


def _told_of_tests(steps: Sequence[StepResult], tests: TestReport | None) -> str:
    """What is said of checks. A run that exits with 0 though its own report names failed tests has not passed."""
    if not (tests and tests.failed and all(step.passed for step in steps)):
        return _told(steps)
    return f"The exit status is 0, but {len(tests.failed)} of {len(tests.cases)} tests failed by the test report."


def _verdict(bench: Bench, part: str, word: Word, summary: str, steps: Sequence[StepResult]) -> Verdict:
    isolation = bench.workspace().isolation
    return Verdict(part=part, word=word, summary=summary, steps=tuple(steps), isolation=isolation)


def _tests(workspace: Workspace, steps: EvaluationSteps) -> tuple[TestReport | None, tuple[Finding, ...]]:
    """The tests that the reports name; and the reports that are no plain files, or are missing, unreadable or empty.

    A step that exits with 0 and leaves no report has run no test that anybody knows of.
    """
    files = workspace.collect(steps.reports)
    refused = getattr(files, "refused", {})
    findings = tuple(
        Finding(kind="result_refused", message=f"{path}: {why}", path=path) for path, why in refused.items()
    )
    reports = {path: read_junit(data) for path, data in files.items()}
    for path in (step.report for step in steps.checks if step.report and step.report not in refused):
        if path not in reports:
            why = "the tests ended without writing their report, so nothing says that any ran"
        elif reports[path].problems or not reports[path].cases:
            why = "; ".join(reports[path].problems[:3]) or "the report names no test"
        else:
            continue
        findings = (*findings, Finding(kind="no_test_report", message=why, path=path))
    if not reports:
        return None, findings
    cases = tuple(case for report in reports.values() for case in report.cases)
    problems = tuple(problem for report in reports.values() for problem in report.problems)
    return TestReport(cases=cases, problems=problems), findings
