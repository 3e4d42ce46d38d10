"""The pipeline's commands as tasks of a Taskfile: the same targets as a Makefile has.

Task runs a command in a shell of its own that is not bash; so each script is handed to bash as one word.
Format: https://taskfile.dev/docs/reference/schema
"""

import shlex
from collections.abc import Sequence

from cicd_defs.plan.pipeline import LocalCommand
from cicd_defs.render.targets import Target, targets_of, whole_script
from cicd_defs.render.yaml import Above, document


def render_taskfile(commands: Sequence[LocalCommand], header: Sequence[str]) -> str:
    """The text of `Taskfile.yml`. `task` alone lists what there is."""
    lists = {"desc": "Show this list", "cmds": ["task --list"]}
    tasks = {target.name: Above(_task(target)) for target in targets_of(commands)}
    return document(
        {"version": "3", "silent": Above(True), "tasks": Above({"default": lists, **tasks})}, header
    )


def _task(target: Target) -> dict[str, object]:
    if target.command:
        script = shlex.join(["bash", "-eo", "pipefail", "-c", whole_script(target.command)])
        return {"desc": _text(target.title), "cmds": [_text(script)]}
    tasks = {"cmds": [{"task": need} for need in target.needs]} if target.needs else {}
    return {"desc": _text(target.title), **tasks}


def _text(value: str) -> str:
    """Text as it stands: Task takes `{{` for the beginning of a template, so a template writes it."""
    return value.replace("{{", '{{"{{"}}')
