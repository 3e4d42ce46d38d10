"""Which of zizmor's findings speak in the strict profile only.

zizmor's pedantic persona and its auditor do, and of its regular one what speaks of a shape rather than of a defect:
a trigger, a choice that was made knowingly, a value that nobody outside the repository can set, an action of the same
owner.
"""

from collections.abc import Callable
from collections.abc import Mapping as Mapped

from cicd_defs.judge.adopted import artipacked, cache_poisoning, owner
from cicd_defs.judge.adopted.place import Place

SHAPES = frozenset(
    {
        "adhoc-packages",
        "dangerous-triggers",
        "dependabot-cooldown",
        "github-app",
        "obfuscation",
        "secrets-inherit",
        "self-repository",
        "superfluous-actions",
        "use-trusted-publishing",
    }
)
"""Audits of shapes and habits: each is a choice that many make knowingly."""


def _low(place: Place) -> bool:
    """A matrix, an output of a step, a variable: what zizmor cannot say that anybody outside sets."""
    return place.reported.severity not in {"high", "medium"}


def _in_action(place: Place) -> bool:
    """Who starts an action is not written in its file."""
    return place.workflow.kind == "action"


MEANT: Mapped[str, Callable[[Place], bool]] = {
    "artipacked": artipacked.is_needed,
    "cache-poisoning": cache_poisoning.is_elsewhere,
    "github-env": _in_action,
    "template-injection": _low,
    "unpinned-uses": owner.is_own,
}
"""Audits of defects, and what of theirs is none, or is meant so."""


def is_strict(place: Place) -> bool:
    """Whether a finding speaks in the strict profile only."""
    rule = place.reported.rule
    meant = MEANT.get(rule)
    return place.reported.persona != "regular" or rule in SHAPES or (meant is not None and meant(place))
