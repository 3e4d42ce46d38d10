"""Nightly security scans that fail when they find something: dependencies, secrets, code."""

import shlex
from collections.abc import Callable, Sequence

from cicd_defs.facts.stacks import StackName
from cicd_defs.plan import pins, tools
from cicd_defs.plan.checks import job_id, job_name, prepared
from cicd_defs.plan.permissions import permissions_for
from cicd_defs.plan.pipeline import Job, Note, Step
from cicd_defs.plan.setup import checkout, fetched_tool_env
from cicd_defs.plan.units import Unit

_SITE_PACKAGES = "import sysconfig; print(sysconfig.get_paths()['purelib'])"


def _pip_audit(python: str) -> str:
    """pip-audit over what is installed for one Python, from an environment of its own."""
    return f'pipx run "pip-audit=={tools.PIP_AUDIT}" --path "$({python} -c "{_SITE_PACKAGES}")"'


_OF_PIP = f"""\
python=python
if [ -x .venv/bin/python ]; then python=.venv/bin/python; fi
{_pip_audit('"$python"')}
"""

_OF_CLASSIC_YARN = """\
status=0
report="$(yarn audit --level high)" || status=$?
printf '%s\\n' "$report"
# The status adds up what was found: 8 is high, 16 critical. Without a summary nothing was looked up.
grep --quiet 'Packages audited' <<< "$report"
[ "$status" -lt 8 ]
"""

_DEPENDENCIES: dict[str, str] = {
    "pip": _OF_PIP,
    "uv": _pip_audit("uv run --no-sync python"),
    "poetry": _pip_audit("poetry run python"),
    "pdm": _pip_audit("pdm run python"),
    "pipenv": _pip_audit("pipenv run python"),
    "hatch": _pip_audit("hatch run python"),
    "pixi": _pip_audit("pixi run python"),
    "npm": "npm audit --audit-level=high",
    "pnpm": "pnpm audit --audit-level=high",
    "yarn": "yarn npm audit --recursive --severity high",
    "bun": "bun audit --audit-level=high",
    "go": f"go run golang.org/x/vuln/cmd/govulncheck@{tools.GOVULNCHECK} ./...",
    "go-mod": f"go run golang.org/x/vuln/cmd/govulncheck@{tools.GOVULNCHECK} ./...",
    "cargo": f"cargo install --locked cargo-audit@{tools.CARGO_AUDIT}\ncargo audit\n",
}
"""Package manager to the command that fails on dependencies with known vulnerabilities."""

_SEMGREP = f'pipx run "semgrep=={tools.SEMGREP}" scan --error --metrics off'
_BANDIT = f'pipx run "bandit=={tools.BANDIT}" --recursive --severity-level medium'
_NOT_SCANNED = (
    # What bandit leaves out by itself; a list of ours replaces it.
    *(".svn", "CVS", ".bzr", ".hg", ".git", "__pycache__", ".tox", ".eggs", "*.egg"),
    *(f"*/{folder}/*" for folder in ("test", "tests", "testing", ".venv", "venv", "node_modules")),
    *("*/test_*.py", "*_test.py", "*/conftest.py"),
)
_GOSEC = f"go run github.com/securego/gosec/v2/cmd/gosec@{tools.GOSEC} -severity medium ./..."

_CODE: dict[StackName, Callable[[str], str]] = {
    "python": lambda paths: f"{_BANDIT} --exclude {shlex.quote(','.join(_NOT_SCANNED))} {paths}",
    "go": lambda _: _GOSEC,  # it takes packages, and leaves tests out by itself
    "node": lambda paths: f"{_SEMGREP} --config p/javascript --config p/typescript {paths}",
    "java": lambda paths: f"{_SEMGREP} --config p/java {paths}",
    "rust": lambda paths: f"{_SEMGREP} --config p/rust {paths}",
}
"""Stack to the command that fails on dangerous patterns in its code, given the paths of that code."""

_DEPENDENCY_TITLE = "Look for known vulnerabilities in the dependencies"
_CODE_TITLE = "Look for dangerous patterns in the code"


def dependency_jobs(units: Sequence[Unit], runs_on: str) -> tuple[Job, ...]:
    """One job a component whose package manager can be asked, or whose manifests trivy reads."""
    return tuple(
        _job("scan-dependencies", "Scan the dependencies", unit, len(units) == 1, runs_on, step)
        for unit in units
        if (step := _dependency_step(unit))
    )


def code_jobs(units: Sequence[Unit], runs_on: str) -> tuple[Job, ...]:
    """One job a component whose language a scanner reads."""
    return tuple(
        _job(
            "scan-code",
            "Scan the code",
            unit,
            len(units) == 1,
            runs_on,
            _command("scan-code", _CODE_TITLE, unit, scan(_own_code(unit))),
        )
        for unit in units
        if unit.stack and (scan := _CODE.get(unit.stack))
    )


def _own_code(unit: Unit) -> str:
    """The paths to scan, as words of a command: the component's own code, else all that lies in its folder."""
    return " ".join(map(shlex.quote, unit.source_paths or (".",)))


def _dependency_step(unit: Unit) -> Step | None:
    if unit.manager == "yarn" and unit.classic_yarn:
        return _command("scan-dependencies", _DEPENDENCY_TITLE, unit, _OF_CLASSIC_YARN)
    if unit.manager in _DEPENDENCIES:
        return _command("scan-dependencies", _DEPENDENCY_TITLE, unit, _DEPENDENCIES[unit.manager])
    if unit.stack != "java":
        return None
    return Step(
        id="scan-dependencies",
        name=_DEPENDENCY_TITLE,
        uses=pins.action("aquasecurity/trivy-action"),
        inputs={
            "scan-type": "fs",
            "scan-ref": unit.path,
            "scanners": "vuln",
            "version": tools.TRIVY,
            "severity": "HIGH,CRITICAL",
            "ignore-unfixed": "true",
            "exit-code": "1",
        },
    )


def _command(step_id: str, title: str, unit: Unit, run: str) -> Step:
    folder = None if unit.path == "." else unit.path
    return Step(id=step_id, name=title, run=run, env=fetched_tool_env(unit), working_directory=folder)


def _job(kind: str, title: str, unit: Unit, alone: bool, runs_on: str, step: Step) -> Job:
    steps = (*prepared(unit, unit.newest), step)
    return Job(
        id=job_id(kind, unit, alone),
        name=job_name(title, unit, alone),
        runs_on=runs_on,
        permissions=permissions_for(steps),
        timeout_minutes=unit.timeout_minutes,
        env=dict(unit.env),
        steps=steps,
    )


def secrets_job(runs_on: str, timeout_minutes: int) -> Job:
    """The whole history, read for secrets. A secret that was removed again is still known to whoever fetched it."""
    scan = Step(
        id="scan-secrets",
        name="Look for secrets in every commit",
        uses=pins.action("trufflesecurity/trufflehog"),
        inputs={
            "version": tools.TRUFFLEHOG,
            "extra_args": "--results=verified,unknown --fail-on-scan-errors",
        },
    )
    steps = (checkout(full_history=True, blobs=True), scan)
    return Job(
        id="scan-secrets",
        name="Scan for secrets",
        runs_on=runs_on,
        permissions=permissions_for(steps),
        timeout_minutes=timeout_minutes,
        steps=steps,
    )


def unscanned(units: Sequence[Unit]) -> tuple[Note, ...]:
    """The components that no dependency scanner reads."""
    message = "no dependency scanner is known for {}, so its dependencies are not scanned at night"
    return tuple(
        Note(where=unit.name, message=message.format(unit.manager or "a custom stack"))
        for unit in units
        if _dependency_step(unit) is None
    )
