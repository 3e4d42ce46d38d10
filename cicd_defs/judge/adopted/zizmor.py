"""zizmor's findings as ours, and the list of those that we mend.

What speaks in the strict profile only is told in `strictness`.
Audits: https://docs.zizmor.sh/audits/
"""

from collections.abc import Callable, Iterator
from types import ModuleType

from cicd_defs.facts.findings import Confidence, Family, Finding, Fix, Severity
from cicd_defs.facts.reported import Reported
from cicd_defs.facts.workflow import WrittenWorkflow
from cicd_defs.judge.adopted import (
    anonymous_definition,
    artipacked,
    cache_poisoning,
    concurrency_limits,
    dependabot_cooldown,
    excessive_permissions,
    secrets_inherit,
    secrets_outside_env,
    superfluous_actions,
    template_injection,
    undocumented_permissions,
    unpinned_images,
    unpinned_uses,
    unsound_condition,
)
from cicd_defs.judge.adopted.place import Place
from cicd_defs.judge.adopted.strictness import is_strict
from cicd_defs.judge.adopted.unmended import MANUALS
from cicd_defs.judge.rule import located

TOOL = "zizmor"

MENDED: tuple[ModuleType, ...] = (
    anonymous_definition,
    artipacked,
    cache_poisoning,
    concurrency_limits,
    dependabot_cooldown,
    excessive_permissions,
    secrets_inherit,
    secrets_outside_env,
    superfluous_actions,
    template_injection,
    undocumented_permissions,
    unpinned_images,
    unpinned_uses,
    unsound_condition,
)
"""Audits whose findings we mend. A file's name with dashes is the audit's name, its docstring the manual."""

FAMILIES: dict[str, Family] = {
    "anonymous-definition": Family.HYGIENE,
    "concurrency-limits": Family.FLOW,
    "obfuscation": Family.HYGIENE,
    "superfluous-actions": Family.HYGIENE,
    "undocumented-permissions": Family.HYGIENE,
    "unsound-condition": Family.PLAIN_BUGS,
    "unsound-contains": Family.PLAIN_BUGS,
    "unsound-ternary": Family.PLAIN_BUGS,
}
"""Where an audit is about something else than a safety net."""

_AT_ONCE = frozenset({"template-injection"})
"""Audits of which one fix mends all that they hold against a node."""

_Node = tuple[str, tuple[str | int, ...]]
"""An audit, and the route to what it speaks of."""

_SEVERITIES = {"high": Severity.HIGH, "medium": Severity.MEDIUM}
_CONFIDENCES = {"high": Confidence.HIGH, "medium": Confidence.MEDIUM}


def _name(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2].replace("_", "-")


_FIXERS: dict[str, Callable[[Place], Fix | None]] = {_name(module): module.fix for module in MENDED}


def manuals() -> dict[str, str]:
    """The manual of every audit, by name, with where zizmor's own stands."""
    texts = {_name(module): (module.__doc__ or "").strip() for module in MENDED} | MANUALS
    return {
        name: f"{texts[name]}\n\nFound by zizmor: https://docs.zizmor.sh/audits/#{name}"
        for name in sorted(texts)
    }


def adopted(
    workflow: WrittenWorkflow,
    reports: tuple[Reported, ...],
    read: Callable[[str], WrittenWorkflow | None] = lambda _: None,
    text: Callable[[str], str | None] = lambda _: None,
) -> Iterator[Finding]:
    """What zizmor says of one file, as findings of ours. A file of another kind is read as a workflow too.

    `read` gives another workflow of the same repository by its path, `text` the text of any of its files.
    """
    alike: dict[_Node, list[Reported]] = {}
    for report in reports:
        alike.setdefault((report.rule, report.route), []).append(report)
    together = {node: tuple(held) for node, held in alike.items()}
    fixes: dict[_Node, Fix | None] = {}
    for report in reports:
        node = report.rule, report.route
        place = Place(report, workflow, together[node], read, text)
        if node not in fixes or report.rule not in _AT_ONCE:
            fixer = _FIXERS.get(report.rule)
            fixes[node] = fixer(place) if fixer else None
        yield _finding(place, fixes[node])


def _finding(place: Place, mended: Fix | None) -> Finding:
    report, source = place.reported, place.source
    return located(
        source,
        report.start,
        min(report.end, source.line_end(report.start)),  # a place of many lines is told by its first one
        rule=report.rule,
        family=FAMILIES.get(report.rule, Family.SAFETY_NETS),
        severity=_SEVERITIES.get(report.severity, Severity.LOW),
        confidence=_CONFIDENCES.get(report.confidence, Confidence.LOW),
        message=report.message,
        fix=mended,
        tool=TOOL,
        url=report.url,
        strict=is_strict(place),
    )
