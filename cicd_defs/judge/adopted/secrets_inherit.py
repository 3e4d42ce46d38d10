"""A called workflow is handed every secret of the repository.

**Why it matters** It needs a few of them. Whoever changes the called workflow, or an action in it, gets at all others.
**How to fix** Name the secrets that it declares. Where it uses none, hand over none.
**Example** `secrets: {TOKEN: "${{ secrets.TOKEN }}"}` in place of `secrets: inherit`.
"""

import re

from cicd_defs.facts.findings import Edit, Fix
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.workflow import WrittenWorkflow
from cicd_defs.facts.yaml_nodes import scalars
from cicd_defs.judge.adopted.place import Place
from cicd_defs.judge.edits import indent_of, remove_pair

_SECRET = regex(r"\bsecrets\s*\.\s*([A-Za-z_]\w*)")


def fix(place: Place) -> Fix | None:
    """The secrets that the called workflow of the same repository uses; none where it uses some undeclared."""
    job = place.job
    written = job.node.scalar("secrets") if job else None
    if job is None or job.uses is None or written is None or written.aliased or job.node.flow:
        return None
    if not job.uses.text.startswith(("./", "$/")):
        return None
    called = place.read(job.uses.text[2:])
    names = _needed(called) if called else None
    if called is None or names is None:
        return None
    if not names:
        removed = remove_pair(place.source, job.node, "secrets")
        return Fix("Hand over no secret: none is used", (removed,)) if removed else None
    indent = indent_of(place.source, job.node)
    if indent is None:
        return None
    newline = place.source.newline
    lines = "".join(f"{newline}{indent}  {name}: ${{{{ secrets.{name} }}}}" for name in names)
    key = job.node.key("secrets")
    assert key is not None
    edit = Edit(place.source.path, key.end, written.end, f":{lines}")
    return Fix("Hand over the secrets that are used, by name", (edit,))


def _needed(called: WrittenWorkflow) -> list[str] | None:
    """The secrets that a workflow uses; None where they cannot be told, or it does not declare them all."""
    event = called.event("workflow_call")
    declared = event.mapping("secrets") if event else None
    names = {key.text for key, _ in declared.pairs} if declared else set()
    used: set[str] = set()
    for scalar in scalars(called.root):
        if "secrets" in scalar.text:
            if scalar.text.strip() == "inherit" or re.search(r"\bsecrets\s*(?:\[|\)|}})", scalar.text):
                return None
            used |= set(_SECRET.findall(scalar.text))
    if any(job.node.text("secrets") == "inherit" for job in called.jobs):
        return None
    used -= {"GITHUB_TOKEN", "github_token"}
    return sorted(used) if used <= names else None
