"""A workflow, a job or an action has no name.

**Why it matters** GitHub then shows a file's path or a job's key wherever somebody looks for what failed.
**How to fix** Give it a name. A job gets its key for a name: it is what GitHub shows already, so that required checks,
which go by that name, stay.
**Example** `test:` gets `name: test`.
"""

from cicd_defs.facts.findings import Fix
from cicd_defs.facts.yaml_nodes import Mapping
from cicd_defs.judge.adopted.place import Place
from cicd_defs.judge.edits import insert_pair, scalar_text


def fix(place: Place) -> Fix | None:
    """The job's key, or what the file is called."""
    route, node = place.reported.route, place.node
    if not isinstance(node, Mapping) or not node.pairs or "name" in node.by_key:
        return None
    if route:
        name = str(route[-1])
    else:
        parts = place.source.path.split("/")
        stem = (
            parts[-2] if place.workflow.kind == "action" and len(parts) > 1 else parts[-1].rpartition(".")[0]
        )
        name = stem.replace("-", " ").replace("_", " ").strip().capitalize()
    edit = insert_pair(place.source, node, [f"name: {scalar_text(name)}"], before=node.pairs[0][0].text)
    return Fix(f"Call it `{name}`", (edit,), safe=bool(route)) if edit and name else None
