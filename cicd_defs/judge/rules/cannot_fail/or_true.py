"""A check's failure is thrown away by `|| true`.

**Why it matters** The step is green whatever the check says: nobody sees that it fails, and it guards nothing.
**How to fix** Take `|| true` away. Where the check is not to stop the run yet, say so by running it elsewhere: a
nightly run, or a job that the gate does not need.
**Example** `bandit -r src || true` becomes `bandit -r src`.
"""

from collections.abc import Iterator

from cicd_defs.facts.findings import Family, Severity
from cicd_defs.facts.workflow import WrittenWorkflow
from cicd_defs.judge.commands.swallowed import handled, swallowed_checks
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found

ABOUT = About(Family.CANNOT_FAIL, Severity.HIGH)


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Checks of which the failure goes to `true` or `:`."""
    for step, command, handler in swallowed_checks(workflow):
        if (
            handler.commands
            and all(one.name in {"true", ":"} for one in handler.commands)
            and not handler.assigns
        ):
            yield handled(step, command, handler)
