"""What an agent is asked when its pull request is red."""

from typing import Any

from cicd_defs.facts.value import Value
from cicd_defs.plan.work.diagnosis import Diagnosis
from cicd_defs.plan.work.prompt import PromptPlan
from cicd_defs.plan.work.strategy import Strategy

FILES_OF_SIMPLIFIED = 3


class FixPlan(Value):
    """A request to mend a pull request: the prompt's parts at its head, what failed, and how to go on.

    `attempt` counts the task itself as 1, so that the first fix is 2.
    """

    prompt: PromptPlan
    pull_request: int
    attempt: int
    strategy: Strategy
    diagnosis: Diagnosis

    @property
    def context_used(self) -> dict[str, Any]:
        """Exactly what went in: the prompt's context, the strategy, and what of the diagnosis."""
        return {
            **self.prompt.context_used,
            "strategy": self.strategy,
            "diagnosis": self.diagnosis.digest,
            "failures": self.diagnosis.summary,
        }


def plan_fix(
    prompt: PromptPlan, pull_request: int, attempt: int, strategy: Strategy, diagnosis: Diagnosis
) -> FixPlan:
    """The request to mend a pull request. A simplified scope shows a few files, and asks for the criteria alone."""
    if strategy == "simplified_scope":
        prompt = _simplified(prompt)
    return FixPlan(
        prompt=prompt,
        pull_request=pull_request,
        attempt=attempt,
        strategy=strategy,
        diagnosis=diagnosis,
    )


def _simplified(prompt: PromptPlan) -> PromptPlan:
    """The prompt without dependencies, with the first files only, and of the wishes those that are measured."""
    code = prompt.code
    if code:
        kept = code.files[:FILES_OF_SIMPLIFIED]
        dropped = len(code.files) - len(kept)
        code = code.model_copy(update={"files": kept, "left_out": code.left_out + dropped})
    requirements = () if prompt.acceptance_criteria else prompt.requirements[:1]
    return prompt.model_copy(update={"code": code, "dependencies": (), "requirements": requirements})
