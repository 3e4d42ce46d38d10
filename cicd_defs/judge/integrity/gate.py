"""Whether a change weakens its own checks, judged from the change alone: nothing of it is run."""

from collections.abc import Iterable
from itertools import islice

from cicd_defs.facts.changes.diff import Diff
from cicd_defs.facts.reports.verdicts import Finding, Verdict
from cicd_defs.facts.tree import Tree
from cicd_defs.judge.integrity.edited import edited_files
from cicd_defs.judge.integrity.lost_tests import lost_tests

PART = "gate_integrity"
MOST_FINDINGS = 100
HARMLESS = frozenset({"link_inside"})
"""Kinds that are shown and do not count."""


def gate_integrity(diff: Diff, before: Tree, after: Tree) -> tuple[Finding, ...]:
    """What a change does to the checks that it goes through.

    `before` holds the files that the change meets, `after` those with the change: the base commit and the merge of
    head and base. New tests, moved tests, dependencies and documents are nothing to say.
    """
    return tuple(islice(_findings(diff, before, after), MOST_FINDINGS))


def _findings(diff: Diff, before: Tree, after: Tree) -> Iterable[Finding]:
    if diff.cut:
        yield Finding(kind="too_large", message="the change has more files than were read")
    yield from lost_tests(diff.files, before, after)
    for file in diff.files:
        yield from edited_files(file, before, after)


def integrity_verdict(findings: Iterable[Finding]) -> Verdict:
    """What the part says: failed where a person has to look, with all findings."""
    found = tuple(findings)
    weaker = [finding for finding in found if finding.kind not in HARMLESS]
    if not weaker:
        return Verdict(
            part=PART, word="passed", summary="The change does not weaken its own checks.", findings=found
        )
    places = len(dict.fromkeys(finding.path for finding in weaker))
    summary = (
        f"A person has to look: {len(weaker)} finding{'s' * (len(weaker) > 1)} in {places} "
        f"file{'s' * (places > 1)} may weaken the checks of this change."
    )
    return Verdict(part=PART, word="failed", summary=summary, findings=found)
