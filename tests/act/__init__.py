"""Generated workflows really run: by act, on this host, in a namespace without a network.

Every action is replaced by a stub of ours (`stubs/`), which does what matters of it and writes down how it was
called. Commands run as they are. Only run workflows that we generated: their steps run as you.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import yaml

STUBS = Path(__file__).parent / "stubs"
ACT = Path(sys.executable).parent / "act"
# The interpreter behind the virtual environment that the tests run in.
PYTHON = str(Path(getattr(sys, "_base_executable", sys.executable)).resolve())
LONGEST = 240  # seconds that a workflow may take
HUMBLE_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")

BEHAVIOUR: Mapping[str, str | None] = {
    "actions/cache": None,
    "actions/checkout": "checkout",
    "actions/download-artifact": "download_artifact",
    "actions/setup-python": "setup_python",
    "actions/upload-artifact": "upload_artifact",
    "codecov/codecov-action": None,
    "docker/build-push-action": None,
    "docker/setup-buildx-action": None,
}
"""Action to the stub that stands in for it; None where being called is all there is to it."""


@dataclass(frozen=True)
class Call:
    """One use of an action: by which job, and with which inputs."""

    action: str
    job: str
    inputs: Mapping[str, str]


@dataclass(frozen=True)
class Outcome:
    """What became of a run. `jobs` has a result for every job of the workflow; `failed_steps` are (job, step id)."""

    exit_code: int
    jobs: Mapping[str, str]
    failed_steps: frozenset[tuple[str, str]]
    calls: tuple[Call, ...]
    log: str

    @property
    def green(self) -> bool:
        """Whether GitHub would show the run as passed."""
        return self.exit_code == 0

    def uses_of(self, action: str) -> list[Call]:
        """How one action was called."""
        return [call for call in self.calls if call.action == action]


@dataclass
class Repository:
    """A scratch git repository with one commit on `main`, to run workflows over."""

    path: Path
    base: str = field(init=False)

    def __post_init__(self) -> None:
        self.git("init", "-q", "-b", "main")
        # A partial clone asks for this, as from GitHub.
        self.git("config", "uploadpack.allowFilter", "true")
        self.git("remote", "add", "origin", "https://github.com/acme/shop")
        self.base = self.commit("Begin")

    @classmethod
    def of(cls, source: Path, path: Path, workflow: str) -> "Repository":
        """The files of `source` with this text as their only workflow."""
        rubbish = shutil.ignore_patterns(
            "__pycache__", "*.egg-info", ".*_cache", ".venv", ".git", "*.db", "build"
        )
        shutil.copytree(source, path, ignore=rubbish)
        shutil.rmtree(path / ".github" / "workflows", ignore_errors=True)
        target = path / ".github" / "workflows" / "ci.yml"
        target.parent.mkdir(parents=True)
        target.write_text(workflow)
        return cls(path)

    def git(self, *words: str) -> str:
        """Run git here and return what it says."""
        who = ("-c", "user.name=Tests", "-c", "user.email=tests@example.com", "-c", "commit.gpgsign=false")
        command = ["git", *who, *words]
        return subprocess.run(
            command, cwd=self.path, check=True, capture_output=True, text=True
        ).stdout.strip()

    def commit(self, message: str) -> str:
        """Commit everything as it is; returns the commit."""
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def change(self, changes: Mapping[str, str | None], branch: str = "change") -> str:
        """A commit on a branch of its own; None removes a file."""
        self.git("checkout", "-q", "-B", branch, self.base)
        for name, text in changes.items():
            target = self.path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True) if text is None else target.write_text(text)
        return self.commit("Change")


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
    """The command in a namespace whose only network is its own loopback."""
    loopback = 'ip link set lo up 2>/dev/null || true; exec "$@"'
    return ["unshare", "--map-root-user", "--net", "sh", "-c", loopback, "sh", *command]


def push_event(repository: Repository) -> dict[str, Any]:
    """The push that brought the branch from the base to where it is."""
    head, branch = repository.git("rev-parse", "HEAD"), repository.git("branch", "--show-current")
    return {"before": repository.base, "after": head, "ref": f"refs/heads/{branch}", "repository": REPOSITORY}


def pull_request_event(repository: Repository) -> dict[str, Any]:
    """The pull request that asks for the branch to be merged into main."""
    head, branch = repository.git("rev-parse", "HEAD"), repository.git("branch", "--show-current")
    return {
        "action": "synchronize",
        "number": 1,
        "pull_request": {
            "number": 1,
            "base": {"ref": "main", "sha": repository.base},
            "head": {"ref": branch, "sha": head, "repo": {"fork": False}},
        },
        "repository": REPOSITORY,
    }


REPOSITORY = {"full_name": "acme/shop", "default_branch": "main", "private": True}
EVENTS = {"push": push_event, "pull_request": pull_request_event}


def run_workflow(repository: Repository, event: str, home: Path, python: Path) -> Outcome:
    """Run the repository's `ci.yml` for an event (`push` or `pull_request`).

    Everything is kept in `home`; `python` is what `prepare_python` made. Raises ValueError where the workflow uses an
    action that has no stub, or services: on a host act passes over them in silence.
    """
    workflow = yaml.safe_load((repository.path / ".github" / "workflows" / "ci.yml").read_text())
    refuse_services(workflow)
    home.mkdir(parents=True)
    payload = home / "event.json"
    payload.write_text(json.dumps(EVENTS[event](repository)))
    command = [
        *[str(ACT), event, "--json", "--no-cache-server", "--no-skip-checkout", "--pull=false"],
        *["--directory", str(repository.path), "--eventpath", str(payload)],
        *["--action-cache-path", str(home / "act"), "--env", f"ACT_HOME={home}"],
        *["--env", f"ACT_ORIGIN={repository.path}", "--env", f"ACT_PYTHON={python}"],
        *[word for runner in runners(workflow) for word in ("-P", f"{runner}=-self-hosted")],
        *[word for stub in stubs(workflow, home / "stubs") for word in ("--local-repository", stub)],
    ]
    exit_code, log = run(alone(command), home)
    return read_outcome(exit_code, log, workflow, home)


def run(command: Sequence[str], home: Path) -> tuple[int, str]:
    """Run act with next to nothing of our environment; its whole group ends when the time is up."""
    git = shutil.which("git")
    path = os.pathsep.join(dict.fromkeys((*HUMBLE_PATH, str(Path(git).parent) if git else "/usr/bin")))
    environment = {"PATH": path, "HOME": str(home), "LANG": "C.UTF-8"}
    process = subprocess.Popen(
        command,
        env=environment,
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


def refuse_services(workflow: Mapping[str, Any]) -> None:
    """Raise ValueError for a job that needs containers beside it."""
    for name, job in workflow["jobs"].items():
        if "services" in job:
            raise ValueError(
                f"job {name} needs {', '.join(job['services'])}, which act does not start on a host"
            )


def runners(workflow: Mapping[str, Any]) -> list[str]:
    """The labels of the machines that the jobs ask for. A matrix of machines is not run here."""
    return sorted({str(job["runs-on"]) for job in workflow["jobs"].values()})


def steps_with_actions(workflow: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every step that uses an action."""
    return [step for job in workflow["jobs"].values() for step in job["steps"] if "uses" in step]


def stubs(workflow: Mapping[str, Any], folder: Path) -> list[str]:
    """Write a stub for each action at each ref that is used; returns them as act takes them: `owner/name@ref=folder`.

    A stub declares the inputs that it is given here: a composite action is handed no others.
    """
    inputs: dict[str, set[str]] = {}
    for step in steps_with_actions(workflow):
        inputs.setdefault(step["uses"], set()).update(step.get("with", {}))
    return [f"{uses}={write_stub(folder, uses, names)}" for uses, names in sorted(inputs.items())]


def write_stub(folder: Path, uses: str, names: set[str]) -> Path:
    """One stub: it writes down the call, then does what its script does."""
    action = uses.partition("@")[0]
    if action not in BEHAVIOUR:
        raise ValueError(f"{uses} has no stub; add one in tests/act/stubs and name it in BEHAVIOUR")
    behaviour = BEHAVIOUR[action]
    scripts = ["record"] if behaviour is None else ["record", behaviour]
    env = {"ACTION": action, "INPUTS": "${{ toJSON(inputs) }}"}
    steps = [{"run": f"'{PYTHON}' '{STUBS / script}.py'", "shell": "bash", "env": env} for script in scripts]
    target = folder / uses.replace("/", "-")
    target.mkdir(parents=True)
    declared = {name: {"description": name, "required": False} for name in sorted(names)}
    content = {"name": action, "inputs": declared, "runs": {"using": "composite", "steps": steps}}
    (target / "action.yml").write_text(json.dumps(content))  # JSON is YAML, and has no aliases
    return target


def prepare_python(folder: Path) -> Path:
    """What the stub of setup-python needs to make a Python that can install without an index.

    pip itself from a template environment, and everything that these tests run with: their dependencies count as
    installed already, so that a project whose own are among them can be installed for real.
    """
    subprocess.run([PYTHON, "-m", "venv", str(folder / "template")], check=True, capture_output=True)
    template = sysconfig.get_path("purelib", vars={"base": str(folder / "template")})
    ours = list(dict.fromkeys(sysconfig.get_path(kind) for kind in ("purelib", "platlib")))
    (folder / "installed.pth").write_text("\n".join([*ours, template]) + "\n")
    write_tools(folder / "tools", ours)
    return folder


def write_tools(folder: Path, site: Sequence[str]) -> None:
    """The programs of the packages in `site`, to be run by whichever python comes first on the path."""
    folder.mkdir()
    for point in (point for found in distributions(path=list(site)) for point in found.entry_points):
        if point.group == "console_scripts":
            call = f"import sys\nfrom {point.module} import {point.attr.partition('.')[0]}\nsys.exit({point.attr}())\n"
            (folder / point.name).write_text(f"#!/usr/bin/env python\n{call}")
            (folder / point.name).chmod(0o755)
    for program in Path(sys.executable).parent.iterdir():
        if not (folder / program.name).exists() and not program.name.startswith(
            ("python", "pip", "activate")
        ):
            (folder / program.name).symlink_to(program)
    shutil.copyfile(STUBS / "pipx.py", folder / "pipx")
    (folder / "pipx").chmod(0o755)


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
    return Outcome(exit_code, jobs, frozenset(failed), read_calls(home), readable(log))


def read_calls(home: Path) -> tuple[Call, ...]:
    """What the stubs wrote down, in the order of their calls."""
    written = home / "calls.jsonl"
    lines = written.read_text().splitlines() if written.exists() else []
    return tuple(Call(**json.loads(line)) for line in lines)


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
