"""What is said of a step, whatever it ran in."""

from cicd_defs.adapters.programs import Finished
from cicd_defs.facts.reports.steps import Ended, SandboxStep, StepResult

_LONGEST_SCRIPT = 100_000
"""Bytes; the kernel takes a little more as one word of a command."""

_HOW: dict[str, Ended] = {"stopped": "killed"}


def script_problem(script: str) -> str:
    """Why a script cannot be handed to bash; empty where it can."""
    if "\0" in script:
        return "The script of this step holds a zero byte."
    if len(script.encode("utf-8", "replace")) > _LONGEST_SCRIPT:
        return f"The script of this step has more than {_LONGEST_SCRIPT:,} bytes. Put it into a file of the repository."
    return ""


def not_started(step: SandboxStep, error: str) -> StepResult:
    """A step that did not run, and why."""
    return StepResult(
        name=step.name, kind=step.kind, component=step.component, ended="not_started", error=error
    )


def result_of(step: SandboxStep, finished: Finished, error: str = "", killed: bool = False) -> StepResult:
    """A step that ran. `error` is known besides what `finished` says; `killed`: its status is not its own."""
    how = "killed" if killed else _HOW.get(finished.ended, finished.ended)
    return StepResult(
        name=step.name,
        kind=step.kind,
        component=step.component,
        ended=how,
        exit_code=None if killed else finished.code,
        seconds=round(finished.seconds, 3),
        head=finished.out.head,
        tail=finished.out.tail,
        output_bytes=finished.out.total,
        cut=finished.out.cut,
        error=error or finished.why,
    )
