"""What people run on their own machines: the same commands as CI, and the quick ones before each commit."""

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
    return tuple(
        Hook(
            id=f"{kind}-{unit.name}",
            name=f"{TITLES[kind]}: {unit.name}",
            entry=shlex.join(
                [
                    "bash",
                    "-eo",
                    "pipefail",
                    "-c",
                    script_of(unit.path, unit.declared_env, unit.commands[kind].strip()),
                ]
            ),
            files="" if unit.path == "." else f"^{_regex(unit.path)}/",
        )
        for unit in units
        for kind in kinds
        if kind in unit.commands
    )


def script_of(path: str, env: Mapping[str, str], run: str) -> str:
    """A command in its folder and with its variables, as one script."""
    folder = [] if path == "." else [f"cd -- {shlex.quote(path)}"]
    exports = [f"export {name}={shlex.quote(value)}" for name, value in env.items()]
    return "\n".join([*folder, *exports, run.strip("\n")])


def _regex(path: str) -> str:
    return "".join(f"\\{letter}" if letter in ".^$*+?{}[]\\|()" else letter for letter in path)
