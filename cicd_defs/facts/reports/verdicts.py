"""What each part of an evaluation says."""

from typing import Literal

from cicd_defs.facts.reports.steps import Isolation, StepResult
from cicd_defs.facts.reports.tests import TestReport
from cicd_defs.facts.value import Value

Word = Literal["passed", "failed", "not_applicable", "not_evaluated", "fault"]


class Finding(Value):
    """One thing that a part found: what, and where (`path`, `line`; empty and 0 where it has no place).

    `kind` is a stable word that gates and tests go by: `deleted_test`, `skipped_test`, `edited_ci`, ….
    """

    kind: str
    message: str
    path: str = ""
    line: int = 0


class Verdict(Value):
    """What one part of an evaluation says of a pull request, with its evidence.

    passed, failed: it was evaluated. not_applicable: the base has nothing of the kind, which passes. not_evaluated:
    something outside the change is missing (`summary` says what to install or allow), which holds. fault: the part
    itself failed or hung, which holds too.
    """

    part: str
    word: Word
    summary: str
    findings: tuple[Finding, ...] = ()
    steps: tuple[StepResult, ...] = ()
    tests: TestReport | None = None
    isolation: Isolation | None = None
    seconds: float = 0.0
