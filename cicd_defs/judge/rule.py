"""What a rule is: one file, whose docstring is its manual, with `ABOUT` and `find`.

A rule's name is its file's name with dashes. The docstring begins with what is wrong, in one sentence, and goes on
with **Why it matters**, **How to fix** and **Example**.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Literal

from cicd_defs.facts.findings import Confidence, Edit, Family, Finding, Fix, Severity
from cicd_defs.facts.source import Source

LONGEST_EXCERPT = 500
"""Characters of a line that a finding keeps."""

Subject = Literal["workflow", "repository", "python"]


@dataclass(frozen=True, slots=True)
class About:
    """A rule's place and weight. `strict`: it speaks in the strict profile only. `subject`: what it looks at.

    `find` is called with a `WrittenWorkflow` and the `Repository`, with a `PythonModule` and the `Repository`, or with
    the `Repository` alone, and yields `Found`.
    """

    family: Family
    severity: Severity
    confidence: Confidence = Confidence.HIGH
    subject: Subject = "workflow"
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What a rule yields: from where to where in which file, and what is wrong, with the bad value quoted.

    `minutes` is what it costs each run (see `judge/workflows/minutes.py`); None where it costs no time. `severity` and
    `confidence` stand in for the rule's own where they differ; with `strict` it speaks in the strict profile only.
    """

    source: Source
    start: int
    end: int
    message: str
    fix: Fix | None = None
    minutes: float | None = None
    severity: Severity | None = None
    confidence: Confidence | None = None
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule, ready to be asked."""

    name: str
    about: About
    manual: str
    find: Callable[..., Iterator[Found]]

    @classmethod
    def of(cls, module: ModuleType) -> "Rule":
        """The rule in a module."""
        held: Any = module
        name = module.__name__.rpartition(".")[2].replace("_", "-")
        return cls(name, held.ABOUT, (module.__doc__ or "").strip(), held.find)

    @property
    def summary(self) -> str:
        """The manual's first line."""
        return self.manual.partition("\n")[0]

    def finding(self, found: Found) -> Finding:
        """What was found, in full."""
        return located(
            found.source,
            found.start,
            found.end,
            rule=self.name,
            family=self.about.family,
            severity=found.severity or self.about.severity,
            confidence=found.confidence or self.about.confidence,
            message=found.message,
            fix=found.fix,
            minutes=found.minutes,
            strict=self.about.strict or found.strict,
        )


def located(source: Source, start: int, end: int, **rest: Any) -> Finding:
    """A finding at a place of a file."""
    begin, stop = source.position(start), source.position(max(end, start))
    excerpt, excerpt_at = _excerpt(source.line_text(begin.line).removeprefix("\ufeff"), begin.column - 1)
    return Finding(
        file=source.path,
        line=begin.line,
        column=begin.column,
        end_line=stop.line,
        end_column=stop.column,
        start=start,
        end=end,
        excerpt=excerpt,
        excerpt_at=excerpt_at,
        **rest,
    )


def _excerpt(line: str, column: int) -> tuple[str, int]:
    """A line, or the part of a long one around a column, and where that begins.

    What is cut off does not depend on the indentation: a finding is known by its excerpt.
    """
    if len(line) <= LONGEST_EXCERPT:
        return line, 0
    begin = len(line) - len(line.lstrip())
    if len(line.rstrip()) - begin > LONGEST_EXCERPT:
        begin = max(begin, column - LONGEST_EXCERPT // 2)
    return line[begin : begin + LONGEST_EXCERPT], begin


def replacing(source: Source, start: int, end: int, text: str) -> Edit:
    """An edit of a file that is there."""
    return Edit(source.path, start, end, text)
