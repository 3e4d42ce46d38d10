"""The required check `web_evaluation_pass`: the application passes in a browser.

It reads the part `web_evaluation`. A project without a start command has no pages: not applicable, which passes. One
with a start command and no evaluation holds.
"""

from cicd_defs.judge.merge.evidence import MergeEvidence
from cicd_defs.judge.merge.gates.parts import with_passed
from cicd_defs.judge.merge.gates.preview import judge_running
from cicd_defs.judge.merge.votes import Gate, Vote


def judge(evidence: MergeEvidence) -> Vote:
    """Vote on the evaluation in a browser."""
    return judge_running(evidence, "web_evaluation_pass", "web_evaluation")


def turned(evidence: MergeEvidence) -> MergeEvidence:
    """The same with an evaluation that passed."""
    return with_passed(evidence, ("web_evaluation",))


GATE = Gate("web_evaluation_pass", judge, turned)
