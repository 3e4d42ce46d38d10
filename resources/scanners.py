"""Programs that judge workflow files from outside. What cannot be asked is told as such, never taken for content."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Protocol

from cicd_defs.facts.reported import NotEvaluated, Refusal, Reported, Scan
from cicd_defs.facts.source import Source

__all__ = ["Finding", "NotEvaluated", "Refusal", "Scan", "WorkflowScanner", "Zizmor"]

Finding = Reported

SECONDS = 60.0
CONFIG = "zizmor.yml"
"""How a repository's configuration of zizmor is called where it is told of."""

_NEXT = "Run it by hand on the workflow files to see why; `make setup` installs the version that is known to work."


class WorkflowScanner(Protocol):
    """Somebody who judges workflow files."""

    def scan(self, files: Mapping[str, str], config: str | None = None) -> Scan | NotEvaluated:
        """Judge some workflow files, given by path and text."""


class Zizmor:
    """zizmor, offline, with its strictest persona; what a file asks it to ignore, it ignores.

    Manual: https://docs.zizmor.sh/usage/
    """

    name = "zizmor"

    def __init__(self, program: Path | None = None) -> None:
        self._program = program

    def scan(self, files: Mapping[str, str], config: str | None = None) -> Scan | NotEvaluated:
        """Judge workflow files, and such as Dependabot's. One that zizmor refuses is named, the others are judged.

        `config` is the text of a configuration to keep to; one that zizmor cannot read is refused too, and not used.
        """
        program = self._program or installed_program(self.name)
        if program is None:
            return NotEvaluated(scanner=self.name, reason="zizmor is not installed: `make test` installs it")
        with tempfile.TemporaryDirectory(prefix="cicd-scan-") as folder:
            return _scan(program, Path(folder), dict(files), config)


def _scan(program: Path, folder: Path, files: dict[str, str], config: str | None) -> Scan | NotEvaluated:
    sources = {path: Source(path, text) for path, text in files.items()}
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text.encode("utf-8", "surrogatepass"))
    refusals: list[Refusal] = []
    while sources:
        answer = _ask(program, folder, sources, config)
        if not isinstance(answer, str):
            return Scan(scanner="zizmor", findings=answer, refusals=tuple(refusals))
        refused = _refusal(answer, sources)
        if refused is None and config is not None:
            refusals.append(Refusal(file=CONFIG, reason=answer[-500:]))
            config = None
            continue
        if refused is None:
            return NotEvaluated(scanner="zizmor", reason=f"{answer[-500:].rstrip('.')}. {_NEXT}")
        refusals.append(refused)
        del sources[refused.file]
    return Scan(scanner="zizmor", refusals=tuple(refusals))


def _ask(
    program: Path, folder: Path, sources: Mapping[str, Source], config: str | None
) -> tuple[Reported, ...] | str:
    """What zizmor finds; or, as text, what it complains of."""
    flags = ["--offline", "--strict-collection", "--no-progress", "-q", "--no-exit-codes"]
    if config is None:
        flags.append("--no-config")
    else:
        (folder / CONFIG).write_text(config)
        flags.append(f"--config={CONFIG}")
    command = [str(program), *flags, "--persona=auditor", "--format=json-v1", "--", *sources]
    # It writes its answer line by line: into a file, so that nobody has to wake up for each of them.
    with tempfile.TemporaryFile() as said:
        try:
            ended = subprocess.run(  # noqa: S603 - our own files, below a folder of our own
                command,
                cwd=folder,
                env={"PATH": "/usr/bin:/bin"},
                stdout=said,
                stderr=subprocess.PIPE,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"zizmor took longer than {SECONDS:g} s and was stopped"
        except OSError as error:
            return f"zizmor failed to start: {error}"
        if ended.returncode == 0:
            said.seek(0)
            return _findings(said.read(), sources)
    complaint = ended.stderr.decode("utf-8", "replace").strip()
    return f"zizmor failed ({_ending(ended.returncode)}): {complaint or 'it said nothing'}"


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def _findings(answer: bytes, sources: Mapping[str, Source]) -> tuple[Reported, ...] | str:
    """The findings in zizmor's answer; or, as text, that it is none we know."""
    try:
        found = json.loads(answer)
        if not isinstance(found, list):
            return "zizmor failed: its answer is not a list of findings"
        return tuple(_finding(one, sources) for one in found if not one["ignored"])
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        return f"zizmor failed: its answer cannot be read: {type(error).__name__}: {error}"


def _finding(found: dict[str, Any], sources: Mapping[str, Source]) -> Reported:
    """A finding at its primary place."""
    places = found["locations"]
    place = next((place for place in places if place["symbolic"]["kind"] == "Primary"), places[0])
    key = place["symbolic"]["key"]["Local"]
    told, concrete = found["determinations"], place["concrete"]["location"]
    source = sources[key.get("given_path") or key["verbatim_path"]]
    start, end = _characters(source, concrete["offset_span"])
    return Reported(
        file=source.path,
        line=concrete["start_point"]["row"] + 1,
        column=source.position(start).column,
        start=start,
        end=end,
        rule=found["ident"],
        severity=told["severity"].lower(),
        confidence=told["confidence"].lower(),
        persona=told["persona"].lower(),
        message=f"{found['desc']}: {place['symbolic']['annotation']}",
        url=found["url"],
        route=tuple(value for step in place["symbolic"]["route"]["route"] for value in step.values()),
        subject=_subject(place["symbolic"]["feature_kind"]),
    )


def _characters(source: Source, span: Mapping[str, int]) -> tuple[int, int]:
    """From where to where a span of bytes goes, in characters."""
    if source.text.isascii():
        return span["start"], span["end"]
    data = source.text.encode("utf-8", "surrogatepass")
    return len(data[: span["start"]].decode("utf-8", "ignore")), len(
        data[: span["end"]].decode("utf-8", "ignore")
    )


def _subject(kind: object) -> str:
    """The text that a finding is about, where it is a part of a value."""
    fragment = kind["Subfeature"]["fragment"] if isinstance(kind, dict) else {}
    return str(fragment.get("Raw", ""))


def _refusal(complaint: str, files: Collection[str]) -> Refusal | None:
    """The file that zizmor says it cannot read; None where it failed for another reason."""
    named = next((path for path in files if re.search(rf"file://\S*{re.escape(path)}", complaint)), None)
    if named is None:
        return None
    _, _, cause = complaint.partition("Caused by:")
    reason = cause.partition("Stack backtrace")[0]
    return Refusal(file=named, reason=" ".join((reason or complaint).split())[:500])


def installed_program(name: str) -> Path | None:
    """A program of this Python's own environment, or else of the PATH."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    return Path(found) if found else None
