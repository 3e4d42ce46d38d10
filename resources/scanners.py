"""Programs that judge workflow files from outside. What cannot be asked is told as such, never taken for content."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from cicd_defs.facts.value import Value

SECONDS = 60.0
_NEXT = "Run it by hand on the workflow files to see why; `make setup` installs the version that is known to work."


class Finding(Value):
    """One thing that a scanner holds against a file. `line` counts from 1."""

    file: str
    line: int
    rule: str
    severity: str
    message: str
    url: str = ""


class Refusal(Value):
    """A file that the scanner cannot read as what it should be, and why."""

    file: str
    reason: str


class Scan(Value):
    """What a scanner says of some files. Those that it refuses are not judged."""

    scanner: str
    findings: tuple[Finding, ...] = ()
    refusals: tuple[Refusal, ...] = ()


class NotEvaluated(Value):
    """The scanner could not be asked, and why."""

    scanner: str
    reason: str


class WorkflowScanner(Protocol):
    """Somebody who judges workflow files."""

    def scan(self, files: Mapping[str, str]) -> Scan | NotEvaluated:
        """Judge some workflow files, given by path and text."""


class Zizmor:
    """zizmor, offline, with its strictest persona; what a file asks it to ignore, it ignores.

    Manual: https://docs.zizmor.sh/usage/
    """

    name = "zizmor"

    def __init__(self, program: Path | None = None) -> None:
        self._program = program

    def scan(self, files: Mapping[str, str]) -> Scan | NotEvaluated:
        """Judge workflow files. One that zizmor refuses is named, the others are judged without it."""
        program = self._program or _program(self.name)
        if program is None:
            return NotEvaluated(scanner=self.name, reason="zizmor is not installed: `make test` installs it")
        with tempfile.TemporaryDirectory(prefix="cicd-scan-") as folder:
            return _scan(program, Path(folder), dict(files))


def _scan(program: Path, folder: Path, files: dict[str, str]) -> Scan | NotEvaluated:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    refusals: list[Refusal] = []
    while files:
        answer = _ask(program, folder, list(files))
        if not isinstance(answer, str):
            return Scan(scanner="zizmor", findings=answer, refusals=tuple(refusals))
        refused = _refusal(answer, files)
        if refused is None:
            return NotEvaluated(scanner="zizmor", reason=f"{answer[-500:].rstrip('.')}. {_NEXT}")
        refusals.append(refused)
        del files[refused.file]
    return Scan(scanner="zizmor", refusals=tuple(refusals))


def _ask(program: Path, folder: Path, paths: list[str]) -> tuple[Finding, ...] | str:
    """What zizmor finds; or, as text, what it complains of."""
    flags = ["--offline", "--no-config", "--strict-collection", "--no-progress", "-q", "--no-exit-codes"]
    command = [str(program), *flags, "--persona=auditor", "--format=json-v1", "--", *paths]
    try:
        ended = subprocess.run(  # noqa: S603 - our own files, below a folder of our own
            command,
            cwd=folder,
            env={"PATH": "/usr/bin:/bin"},
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"zizmor took longer than {SECONDS:g} s and was stopped"
    except OSError as error:
        return f"zizmor failed to start: {error}"
    if ended.returncode == 0:
        return _findings(ended.stdout)
    complaint = ended.stderr.decode("utf-8", "replace").strip()
    return f"zizmor failed ({_ending(ended.returncode)}): {complaint or 'it said nothing'}"


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def _findings(answer: bytes) -> tuple[Finding, ...] | str:
    """The findings in zizmor's answer; or, as text, that it is none we know."""
    try:
        found = json.loads(answer)
        if not isinstance(found, list):
            return "zizmor failed: its answer is not a list of findings"
        return tuple(_finding(one) for one in found if not one["ignored"])
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        return f"zizmor failed: its answer cannot be read: {type(error).__name__}: {error}"


def _finding(found: dict[str, Any]) -> Finding:
    """A finding at its primary place."""
    places = found["locations"]
    place = next((place for place in places if place["symbolic"]["kind"] == "Primary"), places[0])
    key = place["symbolic"]["key"]["Local"]
    return Finding(
        file=key.get("given_path") or key["verbatim_path"],
        line=place["concrete"]["location"]["start_point"]["row"] + 1,
        rule=found["ident"],
        severity=found["determinations"]["severity"].lower(),
        message=f"{found['desc']}: {place['symbolic']['annotation']}",
        url=found["url"],
    )


def _refusal(complaint: str, files: Mapping[str, str]) -> Refusal | None:
    """The file that zizmor says it cannot read; None where it failed for another reason."""
    named = next((path for path in files if re.search(rf"file://\S*{re.escape(path)}", complaint)), None)
    if named is None:
        return None
    _, _, cause = complaint.partition("Caused by:")
    reason = cause.partition("Stack backtrace")[0]
    return Refusal(file=named, reason=" ".join((reason or complaint).split())[:500])


def _program(name: str) -> Path | None:
    """A program of this Python's own environment, or else of the PATH."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    return Path(found) if found else None
