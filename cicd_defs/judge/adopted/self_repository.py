"""An action or a workflow of the same repository is named by a path of the working folder.

**Why it matters** `./…` is whatever lies there when the step begins: a checkout of another branch, or a step before,
can put other code there. `$/…` is the same repository at the commit that the workflow itself has.
**How to fix** Write `$/` in place of `./`, where the file is meant as it is at the workflow's own commit. Where a job
checks out another repository or another commit, nobody but you knows which one is meant.
**Example** `./.github/actions/setup` becomes `$/.github/actions/setup`.
"""

from cicd_defs.facts.findings import Edit, Fix
from cicd_defs.facts.yaml_nodes import Scalar
from cicd_defs.judge.adopted.place import Place

_OTHER_CODE = ("repository", "ref", "path")


def fix(place: Place) -> Fix | None:
    """The repository's own file at the workflow's commit; none where the job checks out something else."""
    uses = place.node
    if not isinstance(uses, Scalar) or not uses.text.startswith("./"):
        return None
    steps = place.job.steps if place.job else ()
    checkouts = [step for step in steps if step.action == "actions/checkout"]
    if any(step.given(name) for step in checkouts for name in _OTHER_CODE):
        return None
    begin = uses.start + len(uses.style)
    if uses.aliased or place.source.text[begin : begin + 2] != "./":
        return None
    return Fix("Name it by the repository", (Edit(place.source.path, begin, begin + 1, "$"),))
