"""Generated workflows really run: by act, on this host, in a namespace without a network.

Every action is replaced by a stub of ours (`stubs/`), which does what matters of it and writes down how it was
called. So is every program that would reach out (kubectl, helm, docker, …); any of them can be told to fail at a
given call. Other commands run as they are. Only run workflows that we generated: their steps run as you.

What act does otherwise than GitHub, and so what is not proven here:
- It starts whatever it is asked to: filters of branches and tags under `on:` are not looked at. (Conditions are.)
- It knows no environments: nobody is asked for an approval, every job can read every secret, `url` is not shown.
- It knows no concurrency: nothing is cancelled, nothing waits for another run.
- It gives the token no permissions and takes none away.
- On a host it starts no services: PostgreSQL and Redis are run beside it as programs, any other is refused here.
- All jobs share one machine.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.act import beside, sinks
from tests.act.actions import BEHAVIOUR, WIRING, stubs
from tests.act.pythons import prepare_python
from tests.act.repository import EVENTS, WORKFLOWS, Repository
from tests.act.rules import PROGRAMS, TOOLCHAINS, Rule, write_programs, write_rules

__all__ = ["Call", "Outcome", "Repository", "Rule", "prepare_python", "run_workflow", "unavailable"]

ACT = Path(sys.executable).parent / "act"
LONGEST = 900  # seconds that a workflow may take
HUMBLE_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
HTTP_PORT, MAIL_PORT = 8099, 8465
"""Where channels listen, in a namespace of their own: no other run can be in the way."""


@dataclass(frozen=True)
class Call:
    """One use of an action or a program: `words` begin with its name.

    `inputs` are an action's. A program has `env`, `fed` (its standard input), `files` (what those held that it was
    handed from the job's temporary folder), `kubeconfig` (what that file held) and `folder`.
    """

    words: Sequence[str]
    job: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    fed: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    kubeconfig: str = ""
    folder: str = ""

    @property
    def name(self) -> str:
        """The action or the program."""
        return self.words[0]


@dataclass(frozen=True)
class Outcome:
    """What became of a run. `jobs` has a result for every job of the workflow; `failed_steps` are (job, step id).

    `calls` stand in the order in which they were made; `heard` is what reached the channels.
    """

    exit_code: int
    jobs: Mapping[str, str]
    failed_steps: frozenset[tuple[str, str]]
    calls: tuple[Call, ...]
    log: str
    heard: Sequence[Mapping[str, Any]] = ()

    @property
    def green(self) -> bool:
        """Whether GitHub would show the run as passed."""
        return self.exit_code == 0

    def uses_of(self, name: str, *words: str, job: str | None = None) -> list[Call]:
        """How one action or program was called, with these words among others; by one job or by any."""
        return [
            call
            for call in self.calls
            if call.name == name and job in (None, call.job) and set(words) <= set(call.words)
        ]


@cache
def unavailable() -> str | None:
    """Why workflows cannot be run on this machine, or None where they can."""
    if not ACT.exists():
        return "act is not installed beside python; run: make test"
    if shutil.which("unshare") is None:
        return "there is no unshare, so act cannot be kept off the network"
    probe = subprocess.run(alone(["true"]), capture_output=True, text=True, timeout=30, check=False)
    if probe.returncode != 0:
        return f"this machine makes no network namespace: {probe.stderr.strip()}"
    return None


def alone(command: Sequence[str]) -> list[str]:
    """The command in a namespace whose only network is its own loopback; nothing that it starts outlives it."""
    loopback = 'ip link set lo up 2>/dev/null || true; exec "$@"'
    apart = ["unshare", "--map-root-user", "--net", "--pid", "--fork", "--kill-child"]
    return [*apart, "sh", "-c", loopback, "sh", *command]


def run_workflow(
    repository: Repository,
    event: str,
    home: Path,
    python: Path,
    *,
    file: str = "ci.yml",
    secrets: Mapping[str, str] | None = None,
    inputs: Mapping[str, str] | None = None,
    rules: Sequence[Rule] = (),
    listening: bool = False,
    wiring: bool = False,
) -> Outcome:
    """Run one workflow file of the repository for an event (a key of `EVENTS`).

    Everything is kept in `home`; `python` is what `prepare_python` made. `secrets` hold the job's token too where
    nothing else is said; `inputs` are what a person answers who starts it by hand. With `listening` there are servers
    for HTTP and mail on loopback. With `wiring` what builds and tests is a stub too, and only jobs, steps, conditions
    and what is handed on are real; services stay away then. Raises ValueError where the workflow uses an action that
    has no stub, or services that cannot be started here.
    """
    workflow = yaml.load((repository.path / WORKFLOWS / file).read_text(), yaml.CSafeLoader)
    services = () if wiring else beside.asked(workflow)
    if why_not := beside.missing(services):
        raise ValueError(f"the services cannot be started: {why_not}")
    home.mkdir(parents=True)
    write_programs(home / "programs", (*PROGRAMS, *(TOOLCHAINS if wiring else ())))
    write_rules(home, rules)
    payload = home / "event.json"
    payload.write_text(json.dumps(EVENTS[event](repository) | ({"inputs": dict(inputs)} if inputs else {})))
    kept = home / "secrets.yml"
    kept.write_text(json.dumps({"GITHUB_TOKEN": "a token", **(secrets or {})}))
    variables = {
        "ACT_HOME": home,
        "ACT_ORIGIN": repository.path,
        "ACT_PYTHON": python,
        "CURL_CA_BUNDLE": home / "heard" / "certificate.pem",
    }
    found = stubs(workflow, home / "stubs", WIRING if wiring else BEHAVIOUR)
    command = [
        *[str(ACT), event, "--json", "--no-cache-server", "--no-skip-checkout", "--pull=false"],
        *["--directory", str(repository.path), "--workflows", f"{WORKFLOWS}/{file}"],
        *["--eventpath", str(payload), "--secret-file", str(kept), "--actor", "octocat"],
        *["--action-cache-path", str(home / "act")],
        *[word for name, value in variables.items() for word in ("--env", f"{name}={value}")],
        *[word for runner in runners(workflow) for word in ("-P", f"{runner}=-self-hosted")],
        *[word for stub in found for word in ("--local-repository", stub)],
    ]
    if services:
        command = [sys.executable, beside.__file__, str(home / "services"), *services, "--", *command]
    if listening:
        command = [
            sys.executable,
            sinks.__file__,
            str(home / "heard"),
            str(HTTP_PORT),
            str(MAIL_PORT),
            *command,
        ]
    exit_code, log = run(alone(command), home)
    outcome = read_outcome(exit_code, log, workflow, home)
    if NO_TERMINAL.search(log) and not home.name.endswith(AGAIN):
        told = {"file": file, "secrets": secrets, "inputs": inputs, "rules": rules}
        ways = {"listening": listening, "wiring": wiring}
        return run_workflow(repository, event, home.with_name(home.name + AGAIN), python, **told, **ways)
    return outcome


AGAIN = "-again"
NO_TERMINAL = re.compile(r"fork/exec \S+: operation not permitted")
"""Legs that act starts at the same moment can take each other's terminal; it says so, and such a run is made again."""


def run(command: Sequence[str], home: Path) -> tuple[int, str]:
    """Run act with next to nothing of our environment; its whole group ends when the time is up."""
    git = shutil.which("git")
    folders = (home / "programs", *HUMBLE_PATH, Path(git).parent if git else "/usr/bin")
    path = os.pathsep.join(dict.fromkeys(map(str, folders)))
    environment = {"PATH": path, "HOME": str(home), "LANG": "C.UTF-8"}
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        log, _ = process.communicate(timeout=LONGEST)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        log, _ = process.communicate()
        raise TimeoutError(f"act did not end within {LONGEST} s:\n{log[-2000:]}") from None
    return process.returncode, log


def runners(workflow: Mapping[str, Any]) -> list[str]:
    """The labels of the machines that the jobs ask for. Whatever they say, it is this one."""
    fixed = {str(job["runs-on"]) for job in workflow["jobs"].values()}
    matrices = [job.get("strategy", {}).get("matrix", {}) for job in workflow["jobs"].values()]
    return sorted(fixed | {str(label) for matrix in matrices for label in matrix.get("os", ())})


def read_outcome(exit_code: int, log: str, workflow: Mapping[str, Any], home: Path) -> Outcome:
    """The outcome in act's log, of which each line is a JSON object. A job that it never mentions was skipped."""
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    jobs = dict.fromkeys(workflow["jobs"], "skipped")
    for line in lines:
        # One leg of a matrix that failed is a job that failed.
        if "jobResult" in line and jobs[line["jobID"]] != "failure":
            jobs[line["jobID"]] = line["jobResult"]
    failed = {
        (line["jobID"], line["stepID"][0])
        for line in lines
        if line.get("stepResult") == "failure" and line.get("stage") == "Main"
    }
    calls, heard = tuple(read_calls(home)), sinks.read_heard(home / "heard")
    return Outcome(exit_code, jobs, frozenset(failed), calls, readable(log), heard)


def read_calls(home: Path) -> Iterator[Call]:
    """What the stubs wrote down, in the order of their calls."""
    written = home / "calls.jsonl"
    for line in written.read_text().splitlines() if written.exists() else []:
        yield Call(**json.loads(line))


def readable(log: str) -> str:
    """act's log as a person reads it."""
    lines = []
    for line in log.splitlines():
        if line.startswith("{"):
            told = json.loads(line)
            lines.append(f"[{told.get('jobID', '-')}] {told['msg'].rstrip()}")
        else:
            lines.append(line)
    return "\n".join(lines)
