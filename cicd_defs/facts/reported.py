"""What programs that judge files from outside say of them: zizmor of workflows, hadolint of Dockerfiles."""

from typing import Literal

from cicd_defs.facts.value import Value

Persona = Literal["regular", "pedantic", "auditor"]
"""Whom zizmor thinks of: everybody, people who want it exact, and people who look for all there may be."""


class Reported(Value):
    """One thing that a scanner holds against a file.

    `line` and `column` count from 1, `start` and `end` are offsets in characters; a scanner that knows no more than
    the line has both at its begin and end. `route` leads to the place in a YAML file, by keys and positions.
    `subject` is the part of the text that it is about, such as one expression of a script.
    """

    file: str
    line: int
    rule: str
    severity: str
    message: str
    url: str = ""
    column: int = 1
    start: int = 0
    end: int = 0
    confidence: str = "high"
    persona: Persona = "regular"
    route: tuple[str | int, ...] = ()
    subject: str = ""


class Refusal(Value):
    """A file that the scanner cannot read as what it should be, and why."""

    file: str
    reason: str


class Scan(Value):
    """What a scanner says of some files. Those that it refuses are not judged."""

    scanner: str
    findings: tuple[Reported, ...] = ()
    refusals: tuple[Refusal, ...] = ()


class NotEvaluated(Value):
    """The scanner could not be asked, and why."""

    scanner: str
    reason: str
