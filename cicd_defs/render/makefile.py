"""The pipeline's commands as make targets: one for each kind, one for each kind and component, and `ci`.

Each script reaches bash as it stands in the plan. What make would change of it is worked around:
`$` is doubled, and `.ONESHELL` hands a whole recipe to one shell. The shell is `env`, which starts bash: of a shell
that it knows make takes the indentation and the signs `-`, `@`, `+` off every line, in here-documents too.
"""

import shlex
from collections.abc import Sequence

from cicd_defs.plan.checks import TITLES
from cicd_defs.plan.local import CI_KINDS
from cicd_defs.plan.pipeline import LocalCommand

_PREAMBLE = """\
ifeq ($(filter oneshell,$(.FEATURES)),)
$(error GNU make 3.82 or later is needed; macOS has an older one: brew install make, then gmake)
endif

SHELL := /usr/bin/env
.SHELLFLAGS := bash -eo pipefail -c
.ONESHELL:
"""


def render_makefile(commands: Sequence[LocalCommand], header: Sequence[str]) -> str:
    """The text of a Makefile. Not one to include: its shell and `.ONESHELL` would become those of the includer."""
    kinds = list(dict.fromkeys(command.kind.value for command in commands))
    several = len({command.component for command in commands}) > 1
    parts = ["\n".join(f"# {line}".rstrip() for line in header), _PREAMBLE.strip()]
    parts += [".DEFAULT_GOAL := help", _help(commands, kinds, several)]
    parts.append(_ci([kind for kind in kinds if kind in CI_KINDS]))
    for kind in kinds:
        parts += _targets(kind, [command for command in commands if command.kind == kind], several)
    return "\n\n".join(parts) + "\n"


def _ci(kinds: Sequence[str]) -> str:
    return f".PHONY: ci\nci: {' '.join(kinds)} ## Everything that CI runs of a change".replace(
        "ci:  ", "ci: "
    )


def _help(commands: Sequence[LocalCommand], kinds: Sequence[str], several: bool) -> str:
    rows = [("ci", "Everything that CI runs of a change")]
    rows += [(kind, _title(kind)) for kind in kinds]
    if several:
        rows += [
            (_target(command), f"{_title(command.kind.value)}: {command.component}") for command in commands
        ]
    width = max(len(name) for name, _ in rows)
    lines = [f"echo {shlex.quote(f'{name:<{width}}  {title}')}" for name, title in rows]
    return "\n".join([".PHONY: help", "help:", f"\t@{lines[0]}", *(f"\t{line}" for line in lines[1:])])


def _targets(kind: str, commands: Sequence[LocalCommand], several: bool) -> list[str]:
    if not several:
        return [_target_text(kind, commands[0])]
    names = [_target(command) for command in commands]
    together = f".PHONY: {kind}\n{kind}: {' '.join(names)}"
    return [together, *(_target_text(_target(command), command) for command in commands)]


def _target(command: LocalCommand) -> str:
    return f"{command.kind.value}-{command.component}"


def _target_text(name: str, command: LocalCommand) -> str:
    lines = [f"@echo {shlex.quote(f'— {_title(command.kind.value)}: {command.component}')}"]
    if command.path != ".":
        lines.append(f"cd -- {shlex.quote(command.path)}")
    lines += [f"export {key}={shlex.quote(value)}" for key, value in command.env.items()]
    lines += _script(command.run.strip("\n")).split("\n")
    return "\n".join([f".PHONY: {name}", f"{name}:", *(f"\t{_make(line)}" for line in lines)])


def _script(run: str) -> str:
    """The script's lines, or one line that stands for them: make takes tabs off the beginning of a recipe's lines."""
    if "\n\t" not in run:
        return run
    escaped = run.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\t", "\\t")
    return f"eval $'{escaped}'"


def _make(line: str) -> str:
    return line.replace("$", "$$")


def _title(kind: str) -> str:
    return next(title for name, title in TITLES.items() if name == kind)
