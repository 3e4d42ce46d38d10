"""A script is downloaded and run without anybody looking at it.

**Why it matters** Whoever can change what stands at that address, today or later, runs their code in the job, with its
token and its secrets. A download that breaks off is run as far as it came.
**How to fix** Use the tool's own action, pinned to a commit, or install a package with a version. Else download a
release of a known version, and check it before it is run: `sha256sum --check`.
**Example** `curl -LsSf https://astral.sh/uv/install.sh | sh` becomes `astral-sh/setup-uv`, pinned.
"""

from collections.abc import Iterator

from cicd_defs.facts.findings import Family, Severity
from cicd_defs.facts.workflow import WrittenStep, WrittenWorkflow
from cicd_defs.judge.commands.downloads import (
    Unchecked,
    first_line,
    left_by,
    runs_one_of,
    unchecked_in,
    unchecked_powershell,
)
from cicd_defs.judge.commands.installers import action_instead
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found

ABOUT = About(Family.SAFETY_NETS, Severity.MEDIUM)


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Downloads that a step's script runs, and those that a later step of the job does."""
    kept: frozenset[str] = frozenset()
    job: object = None
    for step in workflow.steps:
        if step.job is not job:
            kept, job = frozenset(), step.job
        if step.run is None:
            continue
        for unchecked in (*_in_step(step), *_of_before(step, kept)):
            start, end = step.place(unchecked.start, unchecked.end)
            quoted = first_line(step.run.text, unchecked.start, unchecked.end)
            yield Found(
                step.source,
                start,
                end,
                f"`{quoted}` runs what it downloads, and nothing checks it",
                action_instead(step, unchecked),
            )
        if step.script is not None:
            kept = left_by(step.script, kept)


def _of_before(step: WrittenStep, kept: frozenset[str]) -> Iterator[Unchecked]:
    return runs_one_of(step.script, kept) if kept and step.script is not None else iter(())


def _in_step(step: WrittenStep) -> Iterator[Unchecked]:
    assert step.run is not None
    if step.script is not None:
        return unchecked_in(step.script)
    return unchecked_powershell(step.run.text)
