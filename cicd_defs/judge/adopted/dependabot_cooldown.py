"""Dependabot proposes versions on the day they come out.

**Why it matters** A release that somebody slipped something into is most often found within days. Whoever waits a week
does not run it. Updates that mend a known vulnerability do not wait.
**How to fix** `cooldown` with `default-days: 7` for each ecosystem.
**Example** `cooldown: {default-days: 7}` behind `schedule`.
"""

from cicd_defs.facts.findings import Fix
from cicd_defs.facts.yaml_nodes import Mapping, Scalar
from cicd_defs.judge.adopted.place import Place
from cicd_defs.judge.edits import insert_pair, replace_scalar

DAYS = 7


def fix(place: Place) -> Fix | None:
    """Seven days."""
    title = f"Wait {DAYS} days with new versions"
    node = place.node
    if isinstance(node, Scalar) and place.reported.route[-1] == "default-days":
        edit = replace_scalar(place.source, node, str(DAYS))
        return Fix(title, (edit,), safe=True) if edit else None
    update = place.at(2)
    if not isinstance(update, Mapping) or place.reported.route[:1] != ("updates",):
        return None
    held = update.mapping("cooldown")
    if held is not None:
        edit = (
            None
            if "default-days" in held.by_key
            else insert_pair(place.source, held, [f"default-days: {DAYS}"])
        )
    elif "cooldown" in update.by_key:
        return None
    else:
        lines = (
            [f"cooldown: {{default-days: {DAYS}}}"]
            if update.flow
            else ["cooldown:", f"  default-days: {DAYS}"]
        )
        after = "schedule" if "schedule" in update.by_key else None
        edit = insert_pair(place.source, update, lines, after=after)
    return Fix(title, (edit,), safe=True) if edit else None
