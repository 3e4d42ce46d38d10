"""What programs that judge files from outside say of them: zizmor of workflows, hadolint of Dockerfiles.

Plain values, so that a single file is judged without loading what reads declarations.
"""

from dataclasses import dataclass
from typing import Literal, get_args

Persona = Literal["regular", "pedantic", "auditor"]
"""Whom zizmor thinks of: everybody, people who want it exact, and people who look for all there may be."""

_PERSONAS = get_args(Persona)
_TEXTS = ("file", "rule", "severity", "message", "url", "confidence", "subject")
_NUMBERS = ("line", "column", "start", "end")


@dataclass(frozen=True, slots=True)
class Reported:
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

    def __post_init__(self) -> None:
        """Raise `TypeError` or `ValueError` for what no scanner that we know says: it is another program's answer."""
        for names, kind in ((_TEXTS, str), (_NUMBERS, int)):
            for name in names:
                if not isinstance(getattr(self, name), kind):
                    raise TypeError(f"`{name}` is {getattr(self, name)!r:.50}")
        if self.persona not in _PERSONAS:
            raise ValueError(f"`persona` is {self.persona!r:.50}")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file that the scanner cannot read as what it should be, and why."""

    file: str
    reason: str


@dataclass(frozen=True, slots=True)
class Scan:
    """What a scanner says of some files. Those that it refuses are not judged."""

    scanner: str
    findings: tuple[Reported, ...] = ()
    refusals: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True)
class NotEvaluated:
    """The scanner could not be asked, and why."""

    scanner: str
    reason: str
