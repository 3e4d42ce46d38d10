"""A job uses a secret and names no environment.

**Why it matters** A secret of the repository is there for every job of every workflow, on every branch. One of an
environment is there for the jobs that name it, on the branches that it allows, after the approvals that it asks for.
**How to fix** Give the job an `environment`, and move its secrets there: in the repository's settings under
*Environments*. Without that the job runs as before, and nothing is bounded yet.
**Example** `environment: release` behind `runs-on`.
"""

import re

from cicd_defs.facts.findings import Fix
from cicd_defs.facts.workflow import WrittenJob
from cicd_defs.judge.adopted.place import Place
from cicd_defs.judge.commands.purposes import deploys
from cicd_defs.judge.edits import insert_pair

_NAMES = (
    (re.compile(r"prod"), "production"),
    (re.compile(r"stag"), "staging"),
    (re.compile(r"release|publish|pypi|npm|crates|docker|image|package|upload"), "release"),
    (re.compile(r"docs?\b|pages|site"), "docs"),
)


def fix(place: Place) -> Fix | None:
    """An environment, by what the job is called. A job that calls a workflow can name none.

    Whom others trust by its identity is left as it is: the environment is a part of that, and they would refuse it.
    """
    job = place.job
    if job is None or job.uses is not None or "environment" in job.node.by_key or not job.steps:
        return None
    rights = job.node.mapping("permissions") or place.workflow.root.mapping("permissions")
    if rights is not None and rights.text("id-token") == "write":
        return None
    name = _name(place, job)
    after = "runs-on" if "runs-on" in job.node.by_key else None
    edit = insert_pair(place.source, job.node, [f"environment: {name}"], after=after)
    return (
        Fix(f"Let the job have the environment `{name}`; move its secrets there", (edit,)) if edit else None
    )


def _name(place: Place, job: WrittenJob) -> str:
    for text in (job.id.lower(), place.source.path.rpartition("/")[2].lower()):
        for pattern, name in _NAMES:
            if pattern.search(text):
                return name
    return "production" if deploys(job) else "ci"
