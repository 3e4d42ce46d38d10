"""Nothing bounds how many runs of a workflow go on at once.

**Why it matters** Each push to a pull request starts another run beside the one that nobody waits for any more; two
deployments or two releases can overtake each other.
**How to fix** A `concurrency` group of the workflow and its branch. In pull requests the older run is cancelled;
elsewhere a run waits for the one before it, and of several that wait the newest goes on.
**Example** `concurrency: {group: ci-${{ github.ref }}, cancel-in-progress: true}`.
"""

import re

from cicd_defs.facts.findings import Edit, Fix
from cicd_defs.facts.yaml_nodes import Mapping
from cicd_defs.judge.adopted.place import Place
from cicd_defs.judge.edits import insert_pair

_OF_PULL_REQUESTS = {"pull_request", "pull_request_target"}


def fix(place: Place) -> Fix | None:
    """A group for the whole workflow, where it is missing. None where others call it: they would share the group."""
    workflow, root = place.workflow, place.workflow.root
    if "concurrency" in root.by_key or not workflow.events or "workflow_call" in workflow.events:
        return None
    stem = re.sub(r"[^\w-]+", "-", place.source.path.rpartition("/")[2].rpartition(".")[0]).strip("-")
    events = set(workflow.events)
    cancel = "true" if events <= _OF_PULL_REQUESTS else "false"
    if cancel == "false" and "pull_request" in events:
        cancel = "${{ github.event_name == 'pull_request' }}"
    number = " || ".join(
        name
        for name, wanted in (
            ("github.event.pull_request.number", events & _OF_PULL_REQUESTS),
            ("github.event.issue.number", events & {"issues", "issue_comment"}),
            ("github.event.workflow_run.head_branch", events & {"workflow_run"}),
            ("github.ref", True),
        )
        if wanted
    )
    lines = ["concurrency:", f"  group: {stem}-${{{{ {number} }}}}", f"  cancel-in-progress: {cancel}"]
    edit = _inserted(place, root, lines)
    return Fix("Run one at a time for each branch", (edit,)) if edit else None


def _inserted(place: Place, root: Mapping, lines: list[str]) -> Edit | None:
    """Before `jobs`, and before a comment that belongs to it."""
    jobs = root.key("jobs")
    if root.flow or jobs is None:
        return None
    source = place.source
    edit = insert_pair(source, root, [*lines, ""], before="jobs")
    if edit is None:
        return None
    begin = source.line_start(edit.start)
    while begin and source.text[source.line_start(begin - 1) : begin].lstrip().startswith("#"):
        begin = source.line_start(begin - 1)
    newline = source.newline
    return Edit(source.path, begin, begin, "".join(line + newline for line in [*lines, ""]))
