"""What people can ask a Makefile or a Taskfile for: `ci`, one target for each kind, one for each kind and component."""

import shlex
from collections.abc import Iterator, Sequence

from cicd_defs.facts.value import Value
from cicd_defs.plan.checks import TITLES
from cicd_defs.plan.local import CI_KINDS, script_of
from cicd_defs.plan.pipeline import LocalCommand


class Target(Value):
    """One target: what it is called, what it says of itself, and the command or the other targets that it runs."""

    name: str
    title: str
    needs: tuple[str, ...] = ()
    command: LocalCommand | None = None


def targets_of(commands: Sequence[LocalCommand]) -> tuple[Target, ...]:
    """Every target, `ci` first, then by kind. Where there is one component alone, a kind's target is its command."""
    kinds = tuple(dict.fromkeys(command.kind.value for command in commands))
    checks = tuple(kind for kind in kinds if kind in CI_KINDS)
    everything = Target(name="ci", title="Everything that CI runs of a change", needs=checks)
    return (everything, *(target for kind in kinds for target in _of_kind(kind, commands)))


def target_of(command: LocalCommand, commands: Sequence[LocalCommand]) -> str:
    """The name of the target that runs one of these commands."""
    several = len({each.component for each in commands}) > 1
    return f"{command.kind.value}-{command.component}" if several else command.kind.value


def announcement(command: LocalCommand) -> str:
    """The line that a target says before it runs its command."""
    return f"— {title_of(command.kind.value)}: {command.component}"


def whole_script(command: LocalCommand) -> str:
    """A target's script for bash: what it is, then the command in its folder and with its variables."""
    return f"echo {shlex.quote(announcement(command))}\n" + script_of(command.path, command.env, command.run)


def title_of(kind: str) -> str:
    """What a kind of command is called in words."""
    return next(title for name, title in TITLES.items() if name == kind)


def _of_kind(kind: str, commands: Sequence[LocalCommand]) -> Iterator[Target]:
    title, mine = title_of(kind), [command for command in commands if command.kind == kind]
    names = tuple(target_of(command, commands) for command in mine)
    if names == (kind,):
        yield Target(name=kind, title=title, command=mine[0])
        return
    yield Target(name=kind, title=title, needs=names)
    for name, command in zip(names, mine, strict=True):
        yield Target(name=name, title=f"{title}: {command.component}", command=command)
