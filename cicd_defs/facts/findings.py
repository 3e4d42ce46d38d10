"""What an audit finds, and the edits that would mend it."""

import hashlib
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum


class Severity(IntEnum):
    """How much a finding matters, in order."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3

    @classmethod
    def named(cls, name: str) -> "Severity":
        """The severity of a name, such as `high`. Raises KeyError."""
        return cls[name.upper()]

    @property
    def word(self) -> str:
        """Its name: `high`."""
        return self.name.lower()


class Confidence(StrEnum):
    """How sure a finding is."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Family(StrEnum):
    """The families of rules."""

    CANNOT_FAIL = "cannot fail"
    WORK_TWICE = "work done twice"
    FLOW = "flow"
    PLAIN_BUGS = "plain bugs"
    SAFETY_NETS = "safety nets"
    HYGIENE = "repository hygiene"
    FLAKY_CODE = "flaky code"
    ENGINE = "the audit itself"


@dataclass(frozen=True, slots=True)
class Edit:
    """Put `text` in place of the characters from `start` to `end` of a file. A file that is not there is made."""

    file: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits that belong together. `safe`: nothing that passes today can fail by it, and no check is taken away."""

    title: str
    edits: tuple[Edit, ...]
    safe: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found. `start` and `end` are offsets in characters, lines and columns count from 1.

    `minutes` is what it costs a run, for rules about efficiency. `tool` is who found it, empty for our own rules.
    `excerpt` is the line that it stands on, of a long one the part around it, which begins `excerpt_at` characters
    into the line. `occurrence` is its number among findings that look the same, from 0.
    """

    rule: str
    family: Family
    severity: Severity
    confidence: Confidence
    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    message: str
    start: int = 0
    end: int = 0
    excerpt: str = ""
    excerpt_at: int = 0
    fix: Fix | None = None
    minutes: float | None = None
    tool: str = ""
    url: str = ""
    strict: bool = False
    occurrence: int = 0

    @property
    def fingerprint(self) -> str:
        """What a finding is known by when lines have moved: its rule, file, what its line says, and which of them."""
        parts = (self.tool, self.rule, self.file, " ".join(self.excerpt.split()), str(self.occurrence))
        return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:20]

    def numbered(self, occurrence: int) -> "Finding":
        """The same, as one of several that look alike."""
        return replace(self, occurrence=occurrence)


def in_order(findings: "list[Finding] | tuple[Finding, ...]") -> tuple[Finding, ...]:
    """Findings by file and place, those that look the same numbered from 0."""
    seen: dict[tuple[str, str, str, str], int] = {}
    ordered: list[Finding] = []
    for finding in sorted(findings, key=lambda one: (one.file, one.start, one.rule, one.message)):
        key = (finding.tool, finding.rule, finding.file, " ".join(finding.excerpt.split()))
        count = seen.get(key, 0)
        seen[key] = count + 1
        ordered.append(finding.numbered(count) if count else finding)
    return tuple(ordered)
