"""Local stubs for the actions of a workflow: each writes down how it was called, then does what matters of it."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

STUBS = Path(__file__).parent / "stubs"
# The interpreter behind the virtual environment that the tests run in.
PYTHON = str(Path(getattr(sys, "_base_executable", sys.executable)).resolve())
BARE = "-SE"
"""How a stub starts it: without what is installed there, in a fifth of the time."""

BEHAVIOUR: Mapping[str, str | None] = {
    "Swatinem/rust-cache": None,
    "actions/attest-build-provenance": None,
    "actions/cache": None,
    "actions/checkout": "checkout",
    "actions/download-artifact": "download_artifact",
    "actions/setup-go": None,
    "actions/setup-java": None,
    "actions/setup-node": None,
    "actions/setup-python": "setup_python",
    "actions/upload-artifact": "upload_artifact",
    "aquasecurity/trivy-action": None,
    "astral-sh/setup-uv": None,
    "azure/setup-helm": None,
    "azure/setup-kubectl": None,
    "codecov/codecov-action": None,
    "coverallsapp/github-action": None,
    "docker/build-push-action": "build_push",
    "docker/login-action": None,
    "docker/metadata-action": "metadata",
    "docker/setup-buildx-action": None,
    "docker/setup-qemu-action": None,
    "golangci/golangci-lint-action": None,
    "oven-sh/setup-bun": None,
    "prefix-dev/setup-pixi": None,
    "trufflesecurity/trufflehog": None,
}
"""Action to the stub that stands in for it; None where being called is all there is to it."""

WIRING = {
    **BEHAVIOUR,
    "actions/download-artifact": None,
    "actions/setup-python": None,
    "actions/upload-artifact": None,
}
"""The same where only the workflow itself is real: nothing is set up, and nothing is made that could be kept."""

OUTPUTS: Mapping[str, tuple[str, ...]] = {
    "docker/build-push-action": ("digest",),
    "docker/metadata-action": ("tags", "labels"),
}
"""What a stub hands back."""


def steps_with_actions(workflow: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every step that uses an action."""
    return [step for job in workflow["jobs"].values() for step in job["steps"] if "uses" in step]


def stubs(
    workflow: Mapping[str, Any], folder: Path, behaviour: Mapping[str, str | None] = BEHAVIOUR
) -> list[str]:
    """Write a stub for each action at each ref that is used; returns them as act takes them: `owner/name@ref=folder`.

    A stub declares the inputs that it is given here: a composite action is handed no others. Raises ValueError for an
    action that has none.
    """
    inputs: dict[str, set[str]] = {}
    for step in steps_with_actions(workflow):
        inputs.setdefault(step["uses"], set()).update(step.get("with", {}))
    unknown = [uses for uses in sorted(inputs) if uses.partition("@")[0] not in behaviour]
    if unknown:
        raise ValueError(f"{unknown[0]} has no stub; add one in tests/act/stubs and name it in BEHAVIOUR")
    return [
        f"{uses}={write_stub(folder, uses, names, behaviour[uses.partition('@')[0]])}"
        for uses, names in sorted(inputs.items())
    ]


def write_stub(folder: Path, uses: str, names: set[str], behaviour: str | None) -> Path:
    """One stub: it writes down the call, then does what its script does."""
    action = uses.partition("@")[0]
    scripts = ["record"] if behaviour is None else ["record", behaviour]
    env = {"ACTION": action, "INPUTS": "${{ toJSON(inputs) }}"}
    steps = [
        {"id": script, "run": f"'{PYTHON}' {BARE} '{STUBS / script}.py'", "shell": "bash", "env": env}
        for script in scripts
    ]
    target = folder / uses.replace("/", "-")
    target.mkdir(parents=True)
    content = {
        "name": action,
        "inputs": {name: {"description": name, "required": False} for name in sorted(names)},
        "outputs": {
            name: {"description": name, "value": f"${{{{ steps.{behaviour}.outputs.{name} }}}}"}
            for name in OUTPUTS.get(action, ())
        },
        "runs": {"using": "composite", "steps": steps},
    }
    (target / "action.yml").write_text(json.dumps(content))  # JSON is YAML, and has no aliases
    return target
