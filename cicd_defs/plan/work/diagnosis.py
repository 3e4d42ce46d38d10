"""What failed in an evaluation, put so that an agent or a person can act on it."""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence

from cicd_defs.facts.reports.steps import StepResult
from cicd_defs.facts.reports.tests import TestCase
from cicd_defs.facts.reports.verdicts import Verdict
from cicd_defs.facts.value import Value

MOST_LINES = 50
MOST_TESTS = 20
LONGEST_MESSAGE = 2000
TEST_KINDS = ("test", "integration", "e2e")

_VARYING = re.compile(r"0x[0-9a-fA-F]+|\b[0-9a-f]{12,}\b|(?:/[\w.+-]+)+/|\d+")
"""What differs between two runs of the same failure: addresses, digests, folders, and numbers such as durations."""


class FailingTest(Value):
    """A test that failed, and what it said."""

    id: str
    message: str


class Failure(Value):
    """One thing that failed. `category` is the step's kind (`test`, `lint`, `install`, …), else the part's name.

    `exit_code` is None where a step did not exit by itself; `how` says what happened instead. `tail` has the last 50
    lines that it printed. `more_tests` counts failing tests beyond those named.
    """

    part: str
    category: str
    step: str = ""
    component: str = ""
    exit_code: int | None = None
    how: str = ""
    tests: tuple[FailingTest, ...] = ()
    more_tests: int = 0
    tail: str = ""


class Diagnosis(Value):
    """The failures of one evaluation, in the order in which they were found. Without any, nothing is to be mended."""

    failures: tuple[Failure, ...] = ()

    @property
    def digest(self) -> str:
        """What tells this diagnosis from another. Durations, addresses and folders are left out of it."""
        said = [_essence(failure) for failure in self.failures]
        return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()

    @property
    def words(self) -> str:
        """All that the failures say, as one text."""
        said = (
            (failure.step, failure.tail, *(test.id for test in failure.tests)) for failure in self.failures
        )
        return "\n".join(word for words in said for word in words)

    @property
    def summary(self) -> str:
        """The failures in one line, such as `test failed: 2 tests; lint failed`."""
        return "; ".join(map(_in_short, self.failures))

    def same_as(self, other: "Diagnosis") -> bool:
        """Whether the same failed in the same way."""
        return self.digest == other.digest


def diagnose(verdicts: Sequence[Verdict]) -> Diagnosis:
    """The failures of an evaluation. Parts that could not be evaluated are no failure of the change."""
    failed = (verdict for verdict in verdicts if verdict.word == "failed")
    return Diagnosis(failures=tuple(failure for verdict in failed for failure in _failures(verdict)))


def _failures(verdict: Verdict) -> Iterator[Failure]:
    steps = [step for step in verdict.steps if not step.passed]
    tests = verdict.tests.failed if verdict.tests else ()
    reporting = next((step for step in steps if step.kind in TEST_KINDS), None)
    for step in steps:
        yield _of_step(verdict.part, step, tests if step is reporting else ())
    if tests and reporting is None:
        yield Failure(part=verdict.part, category="test", how=verdict.summary, **_told(tests))
    if verdict.findings or not (steps or tests):
        places = (_place(finding.path, finding.line) + finding.message for finding in verdict.findings)
        yield Failure(part=verdict.part, category=verdict.part, how=verdict.summary, tail="\n".join(places))


def _of_step(part: str, step: StepResult, tests: Sequence[TestCase]) -> Failure:
    return Failure(
        part=part,
        category=step.kind,
        step=step.name,
        component=step.component,
        exit_code=step.exit_code,
        how=step.error or ("" if step.ended == "exited" else step.ended.replace("_", " ")),
        tail=_last_lines(step),
        **_told(tests),
    )


def _told(tests: Sequence[TestCase]) -> dict[str, object]:
    named = tuple(
        FailingTest(id=test.id, message=test.message[:LONGEST_MESSAGE]) for test in tests[:MOST_TESTS]
    )
    return {"tests": named, "more_tests": len(tests) - len(named)}


def _last_lines(step: StepResult) -> str:
    """The last lines that a step printed; where the end alone has too few and nothing is missing, of both parts."""
    printed = step.tail if step.cut or step.tail.startswith(step.head) else f"{step.head}{step.tail}"
    return "\n".join(printed.rstrip().splitlines()[-MOST_LINES:])


def _place(path: str, line: int) -> str:
    return f"{path}:{line}: " if path and line else f"{path}: " if path else ""


def _essence(failure: Failure) -> list[object]:
    tests = sorted([test.id, _steady(test.message)] for test in failure.tests)
    said = tests or _steady(failure.tail)
    return [failure.part, failure.category, failure.step, failure.component, failure.exit_code, said]


def _steady(text: str) -> str:
    return " ".join(_VARYING.sub("#", text).split())


def _in_short(failure: Failure) -> str:
    count = len(failure.tests) + failure.more_tests
    tests = f": {count} test{'s' if count > 1 else ''}" if count else ""
    where = f" of {failure.component}" if failure.component else ""
    return f"{failure.category}{where} failed{tests}"
