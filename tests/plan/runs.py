"""Which jobs of a workflow run on an event, decided by their conditions as GitHub decides it.

Only the words that our own conditions are made of are known; any other is an error.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from cicd_defs.plan.pipeline import Job, Workflow

_WORD = re.compile(r"'[^']*'|[A-Za-z_][\w.*-]*(?:\(\))?|&&|\|\||==|!=|!|\(|\)|\s+")
_OPERATORS = {"&&": " and ", "||": " or ", "==": "==", "!=": "!=", "!": " not ", "(": "(", ")": ")"}


@dataclass(frozen=True)
class Event:
    """What started a run."""

    name: str
    ref: str = "refs/heads/main"
    inputs: Mapping[str, str] = field(default_factory=dict)
    prerelease: bool = False


def results(workflow: Workflow, event: Event, failing: Collection[str] = ()) -> dict[str, str]:
    """Each job's result, where the jobs in `failing` fail once they run."""
    found: dict[str, str] = {}
    for job in workflow.jobs:
        runs = _holds(job, event, found)
        found[job.id] = ("failure" if job.id in failing else "success") if runs else "skipped"
    return found


def _holds(job: Job, event: Event, found: Mapping[str, str]) -> bool:
    condition = job.condition or ""
    # Without a word about the state of others, all that a job needs has to have succeeded.
    implied = not any(word in condition for word in ("always()", "cancelled()", "failure()"))
    if implied and any(found[need] != "success" for need in job.needs):
        return False
    return not condition or bool(eval("".join(_python(word, event, found) for word in _words(condition))))


def _words(condition: str) -> list[str]:
    words = _WORD.findall(condition)
    assert "".join(words) == condition, condition
    return words


def _python(word: str, event: Event, found: Mapping[str, str]) -> str:
    if word in _OPERATORS or word.isspace() or word.startswith("'"):
        return _OPERATORS.get(word, word)
    result = re.fullmatch(r"needs\.([\w-]+)\.result", word)
    if result:
        return repr(found[result[1]])
    if word.startswith("needs.changes.outputs."):
        return repr("true")
    if word.startswith("inputs."):
        return repr(event.inputs.get(word.removeprefix("inputs."), ""))
    return repr(
        {
            "always()": True,
            "cancelled()": False,
            "github.event_name": event.name,
            "github.ref": event.ref,
            "github.event.release.prerelease": event.prerelease,
            "github.event.pull_request.head.repo.fork": False,
            "true": True,
        }[word]
    )
