"""A schedule never fires, or not as often as it says.

**Why it matters** GitHub starts nothing for a cron line that it cannot read or that names a day that does not come,
and says nothing about it: the nightly checks are simply not run.
**How to fix** Write five fields (minute, hour, day, month, weekday, in UTC) that come true, at most every five minutes.
**Example** `cron: "@daily"` becomes `cron: "0 0 * * *"`; `cron: "0 0 31 2 *"` becomes `cron: "0 0 28 2 *"`.
"""

from collections.abc import Iterator

from cicd_defs.facts.findings import Family, Fix, Severity
from cicd_defs.facts.workflow import WrittenWorkflow
from cicd_defs.facts.yaml_nodes import Mapping, Scalar, Sequence
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found, replacing
from cicd_defs.judge.workflows.crons import wrong_with
from cicd_defs.judge.workflows.placed import edit_in

ABOUT = About(Family.PLAIN_BUGS, Severity.HIGH)


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Cron lines that GitHub cannot read, that name a day that never comes, or that are too frequent."""
    for scalar in _lines(workflow):
        if "${{" in scalar.text or (scalar.is_plain and scalar.text in {"", "~", "null"}):
            continue
        wrong = wrong_with(scalar.text)
        if wrong is None:
            continue
        edit = None
        if wrong.meant and scalar.style in {"'", '"'}:
            edit = edit_in(workflow.source, scalar, 0, len(scalar.text), wrong.meant)
        elif wrong.meant and scalar.is_plain and not scalar.aliased:
            edit = replacing(workflow.source, scalar.start, scalar.end, f'"{wrong.meant}"')
        title = f"Write `{wrong.meant}`"
        message = f"`{scalar.text.strip()}`: {wrong.why}"
        yield Found(workflow.source, scalar.start, scalar.end, message, Fix(title, (edit,)) if edit else None)


def _lines(workflow: WrittenWorkflow) -> Iterator[Scalar]:
    pair = workflow.events.get("schedule")
    below = pair[1] if pair else None
    for item in below.items if isinstance(below, Sequence) else [below]:
        if isinstance(item, Mapping):
            line = item.scalar("cron")
            if line is not None:
                yield line
