"""The pull request to come, in words: what changes, why, what was kept, and what a person has to do."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Literal

import jinja2

from cicd_defs.facts.value import Value
from cicd_defs.plan.pipeline import Pipeline, PlannedFile, Triggers, Workflow
from cicd_defs.render.merge import Kept, element_id
from cicd_defs.render.regenerate import Regenerated

LONGEST_TITLE = 72
LONGEST_BODY = 60_000
"""GitHub refuses a body of more than 65,536 characters."""
LONGEST_SIDE = 4_000
"""Of a conflict's side so many characters are shown; the file has the rest."""


class Change(Value):
    """What becomes of one file, and why."""

    path: str
    what: Literal["new", "changed", "removed"]
    reason: str


class Proposal(Value):
    """The title and the body (Markdown) of a pull request, and the files that it changes."""

    title: str
    body: str
    changes: tuple[Change, ...]
    conflicts: int

    @property
    def ready(self) -> bool:
        """Whether there is something to propose, and nothing that a person must choose first."""
        return bool(self.changes) and not self.conflicts


def propose(pipeline: Pipeline, regenerated: Regenerated, current: Mapping[str, str]) -> Proposal:
    """The pull request that brings the repository's files (`current`: path to text) to what was generated."""
    changes = tuple(_changes(pipeline, regenerated, current))
    title = _title(changes)
    body = _template().render(
        summary=_summary(pipeline, changes),
        changes=changes,
        jobs=[_workflow_row(workflow) for workflow in pipeline.workflows],
        by_hand=_by_hand(pipeline, changes),
        kept=[_kept(kept) for kept in regenerated.kept],
        conflicts=regenerated.conflicts,
        notes=pipeline.notes,
        source=f"projects/{pipeline.project}.yaml",
    )
    return Proposal(title=title, body=_bounded(body), changes=changes, conflicts=len(regenerated.conflicts))


def _changes(pipeline: Pipeline, regenerated: Regenerated, current: Mapping[str, str]) -> Iterator[Change]:
    reasons = {file.path: _why(file) for file in pipeline.files}
    for file in regenerated.files:
        if current.get(file.path) != file.text:
            what: Literal["new", "changed"] = "changed" if file.path in current else "new"
            yield Change(path=file.path, what=what, reason=reasons.get(file.path, _LOCK))
    for path in regenerated.removed:
        yield Change(path=path, what="removed", reason=reasons.get(path, "nothing calls for it any more"))


def _why(file: PlannedFile) -> str:
    """What a file is for, and what else the plan says of it."""
    purpose = PURPOSES.get(file.path.rpartition("/")[2]) or PURPOSES.get(file.kind)
    said = None if file.reason in {"new", "brought up to date"} else file.reason
    return "; ".join(filter(None, (purpose if file.state == "applied" else None, said)))


PURPOSES = {
    "ci.yml": "checks every change, with one gate over all checks",
    "nightly.yml": "what takes long, and scans, each night",
    "release.yml": "pushes images and deploys",
    "makefile": "CI's commands, for people",
    "taskfile": "CI's commands, for people",
    "precommit": "quick checks before each commit",
    "dockerfile": "builds the image, with a stage for the tests",
    "dockerignore": "keeps what no image needs out of its build",
    "compose": "runs the application with its services",
    "dependabot": "keeps actions, images and dependencies up to date",
    "codeowners": "who is asked for a review of what",
    "ruleset": "the branch's rules: the gate alone is required",
    "contributing": "the commands that CI runs, for contributors",
    "coverage": "what the tests' coverage is measured of",
}
"""A file's name or kind to what it is for."""

_LOCK = "remembers what was generated, so that what people change is seen and kept"


def _title(changes: Sequence[Change]) -> str:
    if not changes:
        return "Nothing to change: the delivery pipeline is up to date"
    if all(change.what == "new" for change in changes):
        return "Add a delivery pipeline"
    title = "Bring the delivery pipeline up to date"
    names = [_line(change.path.rsplit("/", 1)[-1]) for change in changes if change.reason != _LOCK]
    named = f"{title}: {', '.join(names)}"
    return named if names and len(named) <= LONGEST_TITLE else title


def _summary(pipeline: Pipeline, changes: Sequence[Change]) -> str:
    if not changes:
        return f"Every file of the delivery pipeline of `{pipeline.project}` is as it is declared."
    counted = {what: sum(change.what == what for change in changes) for what in ("new", "changed", "removed")}
    told = ", ".join(f"{count} {what}" for what, count in counted.items() if count)
    return f"The delivery pipeline of `{pipeline.project}`, as it is declared: {told}."


def _workflow_row(workflow: Workflow) -> dict[str, str]:
    names = ", ".join(f"{job.id}" for job in workflow.jobs)
    return {"path": workflow.path, "starts": starts(workflow.triggers), "jobs": names}


def starts(triggers: Triggers) -> str:
    """When a workflow runs, in words."""
    pushed = ", ".join((*triggers.push_branches, *triggers.push_tags))
    said = [
        f"push to {pushed}" if pushed else "",
        "pull requests" if triggers.pull_request else "",
        "releases" if triggers.release else "",
        *(f"cron {cron} (UTC)" for cron in triggers.schedule),
        "by hand" if triggers.manual else "",
    ]
    return "; ".join(filter(None, said))


def _by_hand(pipeline: Pipeline, changes: Sequence[Change]) -> list[str]:
    """What no file can set: environments with their secrets, and the branch's rules."""
    secrets: dict[str, dict[str, None]] = {}
    for workflow in pipeline.workflows:
        for job in workflow.jobs:
            if job.environment:
                secrets.setdefault(job.environment.name, {}).update(dict.fromkeys(job.secrets))
    said = [_environment(name, list(names)) for name, names in secrets.items()]
    ruleset = next(
        (change.path for change in changes if "/rulesets/" in change.path and change.what != "removed"), None
    )
    if ruleset:
        said.append(f"Import `{ruleset}` under Settings, Rules, Rulesets.")
    return said


def _environment(name: str, secrets: Sequence[str]) -> str:
    held = f" with the secrets {', '.join(f'`{secret}`' for secret in secrets)}" if secrets else ""
    return f"Create the environment `{name}`{held} under Settings, Environments."


def _kept(kept: Kept) -> str:
    detail = f": {_line(kept.detail)}" if kept.detail else ""
    return f"{_code(element_id(kept.file, kept.element))} was {kept.what}{detail}"


def _bounded(body: str) -> str:
    if len(body) <= LONGEST_BODY:
        return body
    return f"{body[:LONGEST_BODY]}\n\n... ({len(body):,} characters in all)\n"


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(  # noqa: S701 - Markdown, quoted by the filters below
        loader=jinja2.PackageLoader("templates", "."),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters |= {"code": _code, "cell": _cell, "line": _line, "fence": _fence}
    return environment.get_template("proposal.md.j2")


def _code(text: str) -> str:
    """Text in backticks, more of them than it holds in a row, on one line, and safe inside a table."""
    ticks = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{pad}{_line(text)}{pad}{ticks}".replace("|", "\\|")


def _cell(text: str) -> str:
    return _line(text).replace("|", "\\|")


def _line(text: str) -> str:
    return " ".join(text.split())


def _fence(text: str, title: str) -> str:
    """A block of text as it stands, under a title. Of a long one the beginning: a fence is never left open."""
    if len(text) > LONGEST_SIDE:
        text = f"{text[:LONGEST_SIDE]}\n... ({len(text):,} characters in all)"
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{title}:\n\n{fence}\n{text.rstrip()}\n{fence}"
