"""What was found before and is known: a file of fingerprints, so that only what is new counts.

A fingerprint is made of the rule, the file and what the line says, and not of where the line stands.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from cicd_defs.facts.findings import Finding

VERSION = 1


class BadBaseline(ValueError):
    """A file that is no baseline. The message says what is wrong, and what to do."""


@dataclass(frozen=True)
class Baseline:
    """The fingerprints of what is known."""

    fingerprints: frozenset[str] = frozenset()

    def split(self, findings: Iterable[Finding]) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
        """Findings that are new, and those that are known."""
        every = tuple(findings)
        new = tuple(one for one in every if one.fingerprint not in self.fingerprints)
        return new, tuple(one for one in every if one.fingerprint in self.fingerprints)


def read_baseline(text: str, source: str) -> Baseline:
    """Read a baseline's text. Raises `BadBaseline`."""
    again = "Write it anew with `cicd audit --write-baseline`."
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadBaseline(f"{source}: this is no JSON: {error}. {again}") from None
    if not isinstance(data, dict) or not isinstance(data.get("findings"), list):
        raise BadBaseline(f"{source}: a baseline has a list `findings`. {again}")
    if data.get("version") != VERSION:
        raise BadBaseline(
            f"{source}: version {data.get('version')!r} is not {VERSION}, which this program reads. {again}"
        )
    marks = [one.get("fingerprint") if isinstance(one, dict) else None for one in data["findings"]]
    if not all(isinstance(mark, str) for mark in marks):
        raise BadBaseline(f"{source}: a finding has no `fingerprint`. {again}")
    return Baseline(frozenset(mark for mark in marks if isinstance(mark, str)))


def baseline_text(findings: Iterable[Finding]) -> str:
    """A baseline of these findings, a line each, in an order that makes small diffs."""
    rows = sorted({(one.file, one.rule, one.fingerprint, one.message) for one in findings})
    lines = [
        json.dumps({"fingerprint": mark, "rule": rule, "file": file, "message": message}, ensure_ascii=False)
        for file, rule, mark, message in rows
    ]
    body = ",\n    ".join(lines)
    return (
        f'{{\n  "version": {VERSION},\n  "findings": [\n    {body}\n  ]\n}}\n'
        if lines
        else f'{{\n  "version": {VERSION},\n  "findings": []\n}}\n'
    )
