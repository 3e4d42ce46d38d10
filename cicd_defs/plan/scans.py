"""Nightly security scans that fail when they find something: dependencies, secrets, code."""

from collections.abc import Sequence

from cicd_defs.facts.stacks import StackName
from cicd_defs.plan import pins, tools
from cicd_defs.plan.checks import job_id, job_name, prepared
from cicd_defs.plan.permissions import permissions_for
from cicd_defs.plan.pipeline import Job, Note, Step
from cicd_defs.plan.setup import checkout
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

_CODE: dict[StackName, str] = {
    "python": f'{_BANDIT} --exclude "*/tests/*,*/.venv/*" .',
    "go": f"go run github.com/securego/gosec/v2/cmd/gosec@{tools.GOSEC} -severity medium ./...",
    "node": f"{_SEMGREP} --config p/javascript --config p/typescript .",
    "java": f"{_SEMGREP} --config p/java .",
    "rust": f"{_SEMGREP} --config p/rust .",
}
"""Stack to the command that fails on dangerous patterns in its code."""

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
            _command("scan-code", _CODE_TITLE, unit, run),
        )
        for unit in units
        if unit.stack and (run := _CODE.get(unit.stack))
    )


def _dependency_step(unit: Unit) -> Step | None:
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
    return Step(id=step_id, name=title, run=run, working_directory=folder)


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
        inputs={"version": tools.TRUFFLEHOG, "extra_args": "--results=verified,unknown"},
    )
    steps = (checkout(full_history=True), scan)
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
