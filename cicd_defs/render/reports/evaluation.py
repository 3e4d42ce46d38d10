"""The report on an evaluation: what came of it, each part with its verdict, and the evidence of what failed."""

from collections.abc import Callable, Sequence

from cicd_defs.facts.github.pull_requests import PullRequest
from cicd_defs.facts.reports.steps import StepResult
from cicd_defs.facts.reports.tests import TestCase
from cicd_defs.facts.reports.verdicts import Finding, Verdict
from cicd_defs.facts.value import Value
from cicd_defs.render.reports.text import last_lines
from cicd_defs.render.reports.words import outcome_of, template

LONGEST = 60_000
"""Characters of a report in Markdown. GitHub refuses more than 65,536."""


class Limits(Value):
    """How much of the evidence a report shows: entries of each kind, lines and characters of each output."""

    entries: int
    lines: int
    characters: int


LIMITS = (
    Limits(entries=25, lines=50, characters=4_000),
    Limits(entries=10, lines=25, characters=1_500),
    Limits(entries=5, lines=5, characters=300),
    Limits(entries=0, lines=0, characters=0),
)
"""From much to nothing: the first with which a report is short enough is taken."""


class Output(Value):
    """A step that failed, with the end of what it printed."""

    step: StepResult
    text: str


class Shown(Value):
    """One part of an evaluation as it is shown; `more` counts what was left out."""

    verdict: Verdict
    tests: tuple[TestCase, ...]
    findings: tuple[Finding, ...]
    outputs: tuple[Output, ...]
    more: int

    @property
    def has_evidence(self) -> bool:
        """Whether there is more to say than its verdict."""
        return bool(self.tests or self.findings or self.outputs or self.more)


def evaluation_markdown(pull_request: PullRequest, verdicts: Sequence[Verdict]) -> str:
    """The report in Markdown, at most `LONGEST` characters."""
    return shortened(
        lambda limits: template("evaluation.md.j2").render(
            pull_request=pull_request, outcome=outcome_of(list(verdicts)), parts=shown(verdicts, limits)
        )
    )


def evaluation_html(pull_request: PullRequest, verdicts: Sequence[Verdict]) -> str:
    """The report as one page of HTML that needs no other file and runs no script."""
    return template("evaluation.html.j2").render(
        pull_request=pull_request, outcome=outcome_of(list(verdicts)), parts=shown(verdicts, LIMITS[0])
    )


def verdict_markdown(verdict: Verdict) -> str:
    """What one part says, with its steps and evidence."""
    return shortened(
        lambda limits: template("verdict.md.j2").render(part=shown([verdict], limits)[0], steps=verdict.steps)
    )


def shown(verdicts: Sequence[Verdict], limits: Limits) -> list[Shown]:
    """The parts as they are shown within limits."""
    return [_shown(verdict, limits) for verdict in verdicts]


def shortened(render: Callable[[Limits], str]) -> str:
    """A text that is rendered with as much evidence as `LONGEST` characters hold."""
    for limits in LIMITS:
        text = render(limits)
        if len(text) <= LONGEST:
            return text
    return "The report is too long to be shown here; the evaluation's own page has it.\n"


def _shown(verdict: Verdict, limits: Limits) -> Shown:
    failed = verdict.tests.failed if verdict.tests else ()
    red = [step for step in verdict.steps if not step.passed]
    outputs = tuple(
        Output(step=step, text=last_lines(step.tail or step.head, limits.lines, limits.characters))
        for step in red[: limits.entries]
    )
    left = sum(max(0, len(every) - limits.entries) for every in (failed, verdict.findings, red))
    return Shown(
        verdict=verdict,
        tests=failed[: limits.entries],
        findings=verdict.findings[: limits.entries],
        outputs=outputs,
        more=left,
    )
