"""What test runs report: JUnit XML, read as data that a stranger may have written."""

from typing import Literal

from cicd_defs.facts.value import Value


class TestCase(Value):
    """One test: its id (`class::name`), how it ended, and what it said."""

    __test__ = False  # not a test of ours

    id: str
    outcome: Literal["passed", "failed", "error", "skipped"]
    message: str = ""
    seconds: float = 0.0


class TestReport(Value):
    """The tests of one run. `problems` say what could not be read."""

    __test__ = False

    cases: tuple[TestCase, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def failed(self) -> tuple[TestCase, ...]:
        """The tests that did not pass and were not skipped."""
        return tuple(case for case in self.cases if case.outcome in ("failed", "error"))
