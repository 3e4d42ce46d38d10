"""The pipeline's commands as make targets: one for each kind, one for each kind and component, and `ci`.

Each script reaches bash as it stands in the plan. What make would change of it is worked around:
`$` is doubled, and `.ONESHELL` hands a whole recipe to one shell. The shell is `env`, which starts bash: of a shell
that it knows make takes the indentation and the signs `-`, `@`, `+` off every line, in here-documents too.
"""

import shlex
from collections.abc import Sequence

from cicd_defs.plan.local import script_of
from cicd_defs.plan.pipeline import LocalCommand
from cicd_defs.render.targets import Target, announcement, targets_of

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
    targets = targets_of(commands)
    parts = ["\n".join(f"# {line}".rstrip() for line in header), _PREAMBLE.strip()]
    parts += [".DEFAULT_GOAL := help", _help(targets)]
    return "\n\n".join([*parts, *(_target(target) for target in targets)]) + "\n"


def _help(targets: Sequence[Target]) -> str:
    """What there is: what runs several commands first."""
    width = max(len(target.name) for target in targets)
    ordered = sorted(targets, key=lambda target: target.command is not None)
    lines = [f"echo {shlex.quote(f'{target.name:<{width}}  {target.title}')}" for target in ordered]
    return "\n".join([".PHONY: help", "help:", f"\t@{lines[0]}", *(f"\t{line}" for line in lines[1:])])


def _target(target: Target) -> str:
    if target.command:
        return _target_text(target.name, target.command)
    remark = f" ## {target.title}" if target.name == "ci" else ""
    return f".PHONY: {target.name}\n{' '.join([f'{target.name}:', *target.needs])}{remark}"


def _target_text(name: str, command: LocalCommand) -> str:
    lines = [f"@echo {shlex.quote(announcement(command))}"]
    lines += _script(script_of(command.path, command.env, command.run)).split("\n")
    return "\n".join([f".PHONY: {name}", f"{name}:", *(f"\t{_make(line)}" for line in lines)])


def _script(run: str) -> str:
    """The script's lines, or one line that stands for them: make takes tabs off the beginning of a recipe's lines."""
    if "\n\t" not in run:
        return run
    escaped = run.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\t", "\\t")
    return f"eval $'{escaped}'"


def _make(line: str) -> str:
    return line.replace("$", "$$")
