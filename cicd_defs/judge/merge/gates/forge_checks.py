"""The checks that others ran on this head on the forge pass.

A pending one is waited for; a red one rejects this head, or is waited for while our agent works on it. Those that
`merge.informational_checks` names never count, neutral ones pass, and our own follow from decisions and are left out.
"""

from collections.abc import Iterator

from cicd_defs.facts.github.pull_requests import Check, CheckState
from cicd_defs.judge.merge.evidence import MergeEvidence
from cicd_defs.judge.merge.gates.parts import changed, named
from cicd_defs.judge.merge.votes import Gate, Vote, passes, rejects, waits

NAME = "forge_checks"


def _counted(evidence: MergeEvidence) -> Iterator[Check]:
    for check in evidence.checks:
        known = check.name not in evidence.policy.informational_checks
        if known and check.commit == evidence.pull_request.head_sha:
            yield check


def _names(evidence: MergeEvidence, state: CheckState) -> list[str]:
    return [check.name for check in _counted(evidence) if check.state == state]


def judge(evidence: MergeEvidence) -> Vote:
    """Vote on the forge's checks of this head."""
    red, pending = _names(evidence, "failure"), _names(evidence, "pending")
    if red and evidence.fix_running:
        return waits(
            NAME, f"{named(red)} failed; the agent is working on it", "wait for the agent's next commit"
        )
    if red:
        return rejects(
            NAME, f"{named(red)} failed on the forge", f"push a commit with which {named(red)} passes"
        )
    if pending:
        return waits(NAME, f"{named(pending)} is still running on the forge", f"wait for {named(pending)}")
    if not any(True for _ in _counted(evidence)):
        return passes(NAME, "nobody else checks this head on the forge")
    return passes(NAME, "the forge's checks passed")


def turned(evidence: MergeEvidence) -> MergeEvidence:
    """The same with those checks passed."""
    counted = set(_counted(evidence))
    checks = (
        check.model_copy(update={"state": "success"}) if check in counted else check
        for check in evidence.checks
    )
    return changed(evidence, checks=tuple(checks))


GATE = Gate(NAME, judge, turned)
