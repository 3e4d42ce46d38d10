"""The words of reports, and the templates that they stand in."""

from functools import cache

import jinja2

from cicd_defs.facts.reports.steps import StepResult
from cicd_defs.facts.reports.verdicts import Verdict
from cicd_defs.render.reports.text import cell, clean, code, fenced, plain, prose

VERDICTS = {
    "passed": "passed",
    "failed": "failed",
    "not_applicable": "does not apply",
    "not_evaluated": "not evaluated",
    "fault": "could not be completed",
}
MARKS = {"passed": "✓", "failed": "✗", "not_applicable": "-", "not_evaluated": "?", "fault": "!"}
_ENDED = {"timed_out": "took too long", "killed": "was stopped", "not_started": "did not start"}


def ended(step: StepResult) -> str:
    """How a step ended, in words."""
    return _ENDED.get(step.ended) or f"exit status {step.exit_code}"


def seconds(value: float) -> str:
    """A duration for people: `0.4 s`, `12 s`, `3 min 5 s`."""
    if value < 10:
        return f"{value:.1f} s"
    if value < 120:
        return f"{value:.0f} s"
    return f"{int(value) // 60} min {int(value) % 60} s"


def outcome_of(verdicts: list[Verdict]) -> str:
    """What came of an evaluation and what to do next, in one or two sentences."""
    named = {word: [one.part for one in verdicts if one.word == word] for word in VERDICTS}
    said = []
    red = [part for part in named["failed"] if part != "gate_integrity"]
    if red:
        said.append(f"{_parts(red)} failed: look below, and push a commit that mends it.")
    if "gate_integrity" in named["failed"]:
        said.append("The change may weaken its own checks: an owner has to look at what is found below.")
    if named["not_evaluated"]:
        said.append(
            f"{_parts(named['not_evaluated'])} could not be evaluated here: the table says what is missing."
        )
    if named["fault"]:
        said.append(f"{_parts(named['fault'])} could not be completed; ask for the evaluation again.")
    return " ".join(said) or "Everything that applies passed."


def _parts(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


@cache
def template(name: str) -> jinja2.Template:
    """A template of the reports. Those that make HTML escape everything; those that make Markdown use the filters."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("templates", "."),
        autoescape=name.endswith(".html.j2"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "plain": plain,
        "code": code,
        "fence": fenced,
        "clean": clean,
        "cell": cell,
        "prose": prose,
    }
    environment.filters |= {"seconds": seconds, "ended": ended}
    environment.globals |= {"VERDICTS": VERDICTS, "MARKS": MARKS}
    return environment.get_template(name)
