"""hadolint's findings as ours, with their own names, and fixes where a word or two mend them.

Errors and warnings speak in the default profile. In the strict profile only: advice on style; the versions of packages,
since distributions take old versions away, and an image with all of them pinned stops building; what hadolint cannot
know, such as which shell `sh` is; a command that needs its shell; and images among tests, which nobody ships.
Rules: https://github.com/hadolint/hadolint/wiki
"""

import re
from collections.abc import Iterator

from cicd_defs.facts.findings import Confidence, Family, Finding, Fix, Severity
from cicd_defs.facts.instructions import Instruction, instructions_of
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.reported import Reported
from cicd_defs.facts.script import Fate, Script
from cicd_defs.facts.source import Source
from cicd_defs.facts.sources import Role, role_of
from cicd_defs.judge.adopted.hadolint_fixes import FIXERS
from cicd_defs.judge.adopted.hadolint_manuals import MANUALS
from cicd_defs.judge.rule import located

TOOL = "hadolint"
VERSIONS = frozenset(
    {"DL3006", "DL3008", "DL3013", "DL3016", "DL3018", "DL3028", "DL3033", "DL3037", "DL3041", "DL3062"}
)
"""Rules that ask for a version of each package, or of an image that has no tag."""

STYLE = frozenset({"DL3003", "DL3045", "DL3064", "DL3067", "SC2046"})
"""Rules of what is mostly meant: a folder for one command, a root that is copied whole, words that are cut."""

_STAGE = regex(r"\s*(?:--\S+\s+)*(\S+)(?:\s+(?i:as)\s+(\S+))?\s*")
_NAMES_APT = regex(
    r"^(?:(?:sudo|env|exec|command)\s+(?:\S+=\S*\s+|-\S+\s+)*)*(?:\S*/)?apt(?=\s|$)|[A-Z_]+=\S*\s+apt(?=\s)"
)
_TELLING = frozenset({"echo", "printf", "yes"})
_WHICH_SHELL = regex(r"SC3\d{3}")
_SEVERITIES = {"error": Severity.HIGH, "warning": Severity.MEDIUM}


def adopted(source: Source, reports: tuple[Reported, ...]) -> Iterator[Finding]:
    """What hadolint says of one Dockerfile, as findings of ours."""
    instructions = tuple(instructions_of(source)) if reports else ()
    for report in reports:
        if _is_mistaken(instructions, report, source):
            continue
        start = min(report.start, len(source.text))
        mended = _fix(instructions, report, start)
        yield located(
            source,
            start,
            source.line_end(start),
            rule=report.rule,
            family=Family.HYGIENE,
            severity=_SEVERITIES.get(report.severity, Severity.LOW),
            confidence=Confidence.HIGH,
            message=report.message,
            fix=mended,
            tool=TOOL,
            url=report.url,
            strict=_is_strict(report, source.path, mended)
            or (report.rule == "DL3042" and not _is_shipped(instructions, start)),
        )


def _is_mistaken(instructions: tuple[Instruction, ...], report: Reported, source: Source) -> bool:
    """Whether hadolint took something for what it is not.

    It takes `apt` for a program, a variable's name for a high number, and `echo` in a pipe for what may fail.
    """
    around = _around(instructions, min(report.start, len(source.text)))
    if around is None or around.script is None:
        return False
    commands = around.script[1].commands
    if report.rule == "DL3027":
        return not any(_NAMES_APT.search(one.text) for one in commands)
    if report.rule == "DL4006":
        return _only_tells(around.script[1])
    return report.rule == "DL3046" and not re.search(r"(?:-\w*u|--uid)[= ]*[\"']?\d{6,}", around.text)


def _only_tells(script: Script) -> bool:
    """Whether what stands before the pipes of a script prints something, and cannot fail."""
    text = script.text
    piped = {
        one.name
        for one in script.commands
        if one.fate is Fate.PIPED
        and not (text[: one.start].endswith("$(") and text[one.end : one.end + 1] == ")")
    }
    return bool(piped) and piped <= _TELLING


def _is_strict(report: Reported, path: str, mended: Fix | None) -> bool:
    """Whether a finding speaks in the strict profile only."""
    return (
        report.severity not in _SEVERITIES
        or report.rule in VERSIONS | STYLE
        or _WHICH_SHELL.fullmatch(report.rule) is not None
        or (report.rule == "DL3025" and mended is None)  # `CMD run $FILE` needs the shell
        or role_of(path) >= Role.TEST
    )


def _is_shipped(instructions: tuple[Instruction, ...], at: int) -> bool:
    """Whether a place is of the last stage, or of one that it is built on: what others leave behind nobody gets."""
    begun = [one for one in instructions if one.word == "FROM"]
    told = [found.groups() if (found := _STAGE.match(one.text)) else ("", None) for one in begun]
    mine = sum(one.start <= at for one in begun) - 1
    stage = len(begun) - 1
    while stage > mine:
        image = told[stage][0].lower()
        stage = max((n for n in range(stage) if (told[n][1] or "").lower() == image), default=-1)
    return stage == mine


def _fix(instructions: tuple[Instruction, ...], report: Reported, start: int) -> Fix | None:
    fixer = FIXERS.get(report.rule)
    around = _around(instructions, start)
    return fixer(around) if fixer and around else None


def _around(instructions: tuple[Instruction, ...], at: int) -> Instruction | None:
    return next((one for one in instructions if one.source.line_start(one.start) <= at <= one.end), None)


def manual(rule: str) -> str | None:
    """The manual of a rule, with where hadolint's own stands; None where it is no rule of hadolint's."""
    where = next((where for prefix, where in _WIKIS if re.fullmatch(rf"{prefix}\d{{4}}", rule)), None)
    if where is None:
        return None
    found = f"Found by hadolint: {where}/{rule}"
    return f"{MANUALS[rule]}\n\n{found}" if rule in MANUALS else found


_WIKIS = (
    ("DL", "https://github.com/hadolint/hadolint/wiki"),
    ("SC", "https://www.shellcheck.net/wiki"),
)
