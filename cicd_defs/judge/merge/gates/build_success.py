"""The required check `build_success`: install, build, lint, type check and tests pass, as far as the project has them.

It reads the parts `sandbox_build` and `test_results`. A red one rejects this head; while our agent works on it and
may still try, it is waited for. A part without a result holds. A part that does not apply passes.
"""

from cicd_defs.judge.merge.evidence import MergeEvidence
from cicd_defs.judge.merge.gates.parts import named, unready, with_passed
from cicd_defs.judge.merge.votes import Gate, Vote, holds, passes, rejects, waits

PARTS = ("sandbox_build", "test_results")


def judge(evidence: MergeEvidence) -> Vote:
    """Vote on build and tests."""
    name = "build_success"
    if name not in evidence.policy.required_checks:
        return passes(name, "`build_success` is not required")
    verdicts = [evidence.verdicts[part] for part in PARTS if part in evidence.verdicts]
    red = [verdict for verdict in verdicts if verdict.word == "failed"]
    if red:
        said = "; ".join(verdict.summary for verdict in red)
        failed = named(case.id for verdict in red if verdict.tests for case in verdict.tests.failed)
        reason = said + (f": {failed}" if failed else "")
        if evidence.fix_running:
            return waits(name, f"{reason}; the agent is working on it", "wait for the agent's next commit")
        return rejects(name, reason, "push a commit that makes the failed steps pass")
    missing = list(filter(None, (unready(evidence, part) for part in PARTS)))
    if missing:
        return holds(name, "; ".join(missing), "make the evaluation possible and ask for it again")
    if all(verdict.word == "not_applicable" for verdict in verdicts):
        return passes(name, "not applicable: there is nothing to build or test")
    return passes(name, "build and tests passed")


def turned(evidence: MergeEvidence) -> MergeEvidence:
    """The same with build and tests passed."""
    return with_passed(evidence, PARTS)


GATE = Gate("build_success", judge, turned)
