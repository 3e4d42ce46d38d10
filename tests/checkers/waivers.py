"""What we do not follow a checker in: each with its version, its reason and the day it was written down.

A waiver holds for one version of one checker: when that is updated, the waiver has to be looked at again.
"""

import re
from dataclasses import dataclass
from datetime import date

from tests.checkers import Finding, Missing


@dataclass(frozen=True)
class Waiver:
    """One rule of one version of a checker that is not followed. `message` is a pattern for all of it."""

    checker: str
    version: str
    rule: str
    message: str
    reason: str
    since: date

    def covers(self, finding: Finding, version: str | Missing) -> bool:
        """Whether this finding, by this version of its checker, is waived."""
        return (finding.checker, version, finding.rule) == (
            self.checker,
            self.version,
            self.rule,
        ) and re.fullmatch(self.message, finding.message, re.DOTALL) is not None


WAIVERS: tuple[Waiver, ...] = (
    Waiver(
        checker="zizmor",
        version="1.32.0",
        rule="unpinned-images",
        message="unpinned image references",
        reason="Somebody declared a service by a tag of which no digest is known here; a digest is never guessed.",
        since=date(2026, 11, 20),
    ),
)
