"""The required check `deployment_success`: a preview of the application starts and is healthy.

It reads the part `preview`. A project without a start command has nothing to start: not applicable, which passes. One
with a start command and no preview holds.
"""

from cicd_defs.judge.merge.evidence import MergeEvidence
from cicd_defs.judge.merge.gates.parts import with_passed
from cicd_defs.judge.merge.gates.preview import judge_running
from cicd_defs.judge.merge.votes import Gate, Vote


def judge(evidence: MergeEvidence) -> Vote:
    """Vote on the preview."""
    return judge_running(evidence, "deployment_success", "preview")


def turned(evidence: MergeEvidence) -> MergeEvidence:
    """The same with a healthy preview."""
    return with_passed(evidence, ("preview",))


GATE = Gate("deployment_success", judge, turned)
