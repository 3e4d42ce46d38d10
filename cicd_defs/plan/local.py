"""What people run on their own machines: the same commands as CI, and the quick ones before each commit."""

import re
import shlex
from collections.abc import Mapping, Sequence

from cicd_defs.facts.stacks import CommandKind
from cicd_defs.plan.checks import TITLES
from cicd_defs.plan.pipeline import Hook, LocalCommand, StepKind
from cicd_defs.plan.units import Unit

LOCAL_KINDS: tuple[CommandKind, ...] = (
    "install",
    "lint",
    "format",
    "typecheck",
    "test",
    "integration",
    "e2e",
    "build",
)
"""The commands that get a target, in the order in which a person needs them."""

CI_KINDS: tuple[CommandKind, ...] = ("lint", "format", "typecheck", "test", "build")
"""What CI runs of every change, and so what `ci` runs."""


def local_commands(units: Sequence[Unit]) -> tuple[LocalCommand, ...]:
    """Every component's commands, by kind and then by component."""
    return tuple(
        LocalCommand(
            kind=StepKind(kind),
            component=unit.name,
            path=unit.path,
            run=unit.commands[kind],
            env=unit.declared_env,
        )
        for kind in LOCAL_KINDS
        for unit in units
        if kind in unit.commands
    )


def hooks_of(units: Sequence[Unit]) -> tuple[Hook, ...]:
    """Lint and format before a commit. Type checks and tests take too long for that; CI has them."""
    kinds: tuple[CommandKind, ...] = ("lint", "format")
    return tuple(_hook(unit, kind) for unit in units for kind in kinds if kind in unit.commands)


def _hook(unit: Unit, kind: CommandKind) -> Hook:
    """One command as a hook. Where its tool can mend what it finds it does: pre-commit stops where files changed."""
    checks = unit.commands[kind].strip()
    mends = mending(checks)
    script = script_of(unit.path, unit.declared_env, mends)
    return Hook(
        id=f"{kind}-{unit.name}",
        name=f"{TITLES[kind] if mends == checks else MENDING[kind]}: {unit.name}",
        entry=shlex.join(["bash", "-eo", "pipefail", "-c", script]),
        files="" if unit.path == "." else f"^{_regex(unit.path)}/",
    )


MENDING: dict[CommandKind, str] = {"lint": "Lint and mend", "format": "Format"}
"""What a hook is called that changes files."""

_MENDING = (
    (re.compile(r"\bruff check(?! +--fix)(?= |$)", re.MULTILINE), "ruff check --fix"),
    (re.compile(r"\bruff format --(check|diff)(?= |$)", re.MULTILINE), "ruff format"),
    (re.compile(r"\bblack --check(?= |$)", re.MULTILINE), "black"),
    (re.compile(r"\bisort --check-only(?= |$)", re.MULTILINE), "isort"),
    (re.compile(r"\bprettier --check(?= |$)", re.MULTILINE), "prettier --write"),
)
"""Tools as they check, and as they mend. https://docs.astral.sh/ruff/, https://black.readthedocs.io/,
https://pycqa.github.io/isort/, https://prettier.io/docs/cli"""


def mending(run: str) -> str:
    """A command that checks, as one that mends, as far as its tools are known to do so."""
    for checks, mends in _MENDING:
        run = checks.sub(mends, run)
    return run


def script_of(path: str, env: Mapping[str, str], run: str) -> str:
    """A command in its folder and with its variables, as one script."""
    folder = [] if path == "." else [f"cd -- {shlex.quote(path)}"]
    exports = [f"export {name}={shlex.quote(value)}" for name, value in env.items()]
    return "\n".join([*folder, *exports, run.strip("\n")])


def _regex(path: str) -> str:
    return "".join(f"\\{letter}" if letter in ".^$*+?{}[]\\|()" else letter for letter in path)
