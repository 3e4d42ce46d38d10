"""Which shell runs a step, where that is certain."""

import re
from enum import StrEnum

from cicd_defs.facts.patterns import regex
from cicd_defs.facts.workflow import WrittenJob, WrittenStep
from cicd_defs.facts.yaml_nodes import Mapping, Scalar, Sequence

_MATRIX = regex(r"\$\{\{\s*matrix\.([\w-]+)\s*}}")
_UNIX = regex(r"(?i)(?:ubuntu|macos|linux)[\w.-]*")
_CALLED_UNIX = regex(r"(?i)\$\{\{\s*vars\.(?!\w*windows)\w*(?:ubuntu|macos|linux)\w*\s*}}")


_OF_POWERSHELL = regex(
    r"\$|\b[A-Z]\w+-[A-Z]\w+|\\|`|\b(?:dir|copy|del|move|type)\b|\.(?:ps1|bat|cmd)\b|[{}%;]"
)
_EXPRESSION = regex(r"\$\{\{.*?}}")


class Shell(StrEnum):
    """Shells that we write for."""

    BASH = "bash"
    POWERSHELL = "pwsh"


def shell_of(step: WrittenStep) -> Shell | None:
    """The shell of a step: named, or the default of runners that are certainly no Windows or certainly are."""
    first = step.shell.split(" ")[0].rpartition("/")[2]
    if first in {"bash", "sh"}:
        return Shell.BASH
    if first in {"pwsh", "powershell"}:
        return Shell.POWERSHELL
    if first:
        return None
    runners = _runners(step.job)
    if runners and all(map(_UNIX.fullmatch, runners)):
        return Shell.BASH
    if runners and all(runner.lower().startswith("windows") for runner in runners):
        return Shell.POWERSHELL
    return Shell.BASH if step.job.node.get("container") is not None else None


def may_be_bash(step: WrittenStep) -> bool:
    """Whether a step may as well run in bash: nothing names its shell, and its script is plain for every shell.

    GitHub's runners for Windows have bash. A script of several lines is left: PowerShell goes on after a failure.
    """
    if step.shell or step.run is None or not step.job.labels:
        return False
    text = step.run.text.strip()
    return "\n" not in text and not _OF_POWERSHELL.search(_EXPRESSION.sub("x", text))


def _runners(job: WrittenJob) -> list[str]:
    """Every runner that the job may get; nothing where they cannot be told."""
    labels = [label.text for label in job.labels]
    known = [label for label in labels if re.match(r"(?i)ubuntu|macos|linux|windows", label)]
    if len(labels) != 1:
        return known[:1]
    if _CALLED_UNIX.fullmatch(labels[0].strip()):
        return ["linux"]
    named = _MATRIX.fullmatch(labels[0].strip())
    if not named:
        return known
    values: list[str] = []
    axis = job.axes.get(named[1])
    included = job.matrix.get("include") if job.matrix else None
    rows = included.items if isinstance(included, Sequence) else []
    nodes = [*(axis.items if axis else []), *(row.get(named[1]) for row in rows if isinstance(row, Mapping))]
    for node in nodes:
        if isinstance(node, Scalar):
            values.append(node.text)
        elif node is not None:
            return []
    return values
