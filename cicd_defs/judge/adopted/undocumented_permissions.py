"""A permission of the job's token stands there without a reason.

**Why it matters** Nobody dares to take away what nobody explains: a token keeps rights long after the step has gone
that needed them.
**How to fix** A comment behind the permission that says what it is for. Ours says what the permission allows; put the
job's own reason in its place where you know it.
**Example** `packages: write # publish packages and images`.
"""

from cicd_defs.facts.findings import Edit, Fix
from cicd_defs.facts.yaml_nodes import Mapping, Scalar
from cicd_defs.judge.adopted.place import Place
from cicd_defs.judge.edits import comment_gap

REASONS: dict[tuple[str, str], str] = {
    ("actions", "write"): "cancel or repeat runs, and delete caches",
    ("actions", "read"): "read runs and their artefacts",
    ("artifact-metadata", "write"): "record where artefacts are kept",
    ("attestations", "write"): "keep the proof of how something was built",
    ("attestations", "read"): "read the proof of how something was built",
    ("checks", "write"): "report the results of checks",
    ("checks", "read"): "read the results of checks",
    ("contents", "write"): "push commits and tags, or publish releases",
    ("contents", "read"): "check out the code",
    ("deployments", "write"): "record deployments",
    ("deployments", "read"): "read deployments",
    ("discussions", "write"): "write to discussions",
    ("discussions", "read"): "read discussions",
    ("id-token", "write"): "sign in, or sign, by the run's identity",
    ("issues", "write"): "label, close or comment on issues",
    ("issues", "read"): "read issues",
    ("models", "read"): "ask a model",
    ("packages", "write"): "publish packages and images",
    ("packages", "read"): "get packages and images",
    ("pages", "write"): "publish to GitHub Pages",
    ("pages", "read"): "read the settings of GitHub Pages",
    ("pull-requests", "write"): "open, label or comment on pull requests",
    ("pull-requests", "read"): "read pull requests",
    ("repository-projects", "write"): "move cards on boards",
    ("repository-projects", "read"): "read boards",
    ("security-events", "write"): "report results of code scanning",
    ("security-events", "read"): "read results of code scanning",
    ("statuses", "write"): "set a commit's status",
    ("statuses", "read"): "read a commit's status",
}
"""What each permission allows: https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#permissions"""


def fix(place: Place) -> Fix | None:
    """What each permission of the block allows, as a comment behind it: the finding is about the first of them."""
    held = place.at(len(place.reported.route) - 1)
    if not isinstance(held, Mapping) or held.flow or held.aliased:
        return None
    source = place.source
    edits: list[Edit] = []
    for key, written in held.pairs:
        if not isinstance(written, Scalar) or source.text[written.end : source.line_end(written.end)].strip():
            continue
        if (key.text, written.text) == ("contents", "read") or written.text == "none":
            continue
        reason = REASONS.get((key.text, written.text))
        if reason is None:
            return None
        edits.append(Edit(source.path, written.end, written.end, f"{comment_gap(source)}# {reason}"))
    return Fix("Say what the permissions are for", tuple(edits), safe=True) if edits else None
