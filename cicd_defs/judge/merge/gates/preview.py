"""How the two checks of a running application are judged: both need a preview of it."""

from cicd_defs.judge.merge.evidence import MergeEvidence
from cicd_defs.judge.merge.gates.parts import unready
from cicd_defs.judge.merge.votes import Vote, holds, passes, rejects, waits


def judge_running(evidence: MergeEvidence, check: str, part: str) -> Vote:
    """Vote on a required check that reads one part. Where nothing can be started it does not apply, and passes."""
    if check not in evidence.policy.required_checks:
        return passes(check, f"`{check}` is not required")
    verdict = evidence.verdicts.get(part)
    if verdict is None and evidence.policy.has_start_command:
        turn = (
            f"start the application by hand and look, or take `{check}` out of `validation.required_checks`"
        )
        return holds(check, "not evaluated yet: there is no preview of this application", turn)
    if verdict is None or verdict.word == "not_applicable":
        return passes(check, "not applicable: there is no application to start")
    if verdict.word == "passed":
        return passes(check, verdict.summary)
    if verdict.word == "failed" and evidence.fix_running:
        return waits(
            check, f"{verdict.summary}; the agent is working on it", "wait for the agent's next commit"
        )
    if verdict.word == "failed":
        return rejects(check, verdict.summary, f"push a commit with which `{part}` passes")
    return holds(check, unready(evidence, part), "make the evaluation possible and ask for it again")
