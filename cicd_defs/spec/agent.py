"""Who works on tasks, and what it is told."""

from typing import Literal

from pydantic import Field

from cicd_defs.spec.names import BackendName
from cicd_defs.spec.pipeline import Minutes
from cicd_defs.spec.strict import Choices, Strict


class Agent(Strict):
    """Who works on tasks, and what it is told."""

    backend: BackendName = Field("scripted", description="The agent back end.", examples=["codegen"])
    prompt_style: Literal["comprehensive", "concise"] = Field(
        "comprehensive", description="How much a prompt says (`promptStyle`)."
    )
    include_codebase_context: bool = Field(
        True, description="Tell the agent about the code that a task concerns (`includeCodebaseContext`)."
    )
    include_dependencies: bool = Field(
        True, description="Tell the agent what that code depends on (`includeDependencies`)."
    )
    include_validation_criteria: bool = Field(
        True, description="Tell the agent what its work is measured by (`includeValidationCriteria`)."
    )
    retry_strategies: Choices[Literal["regenerate_prompt", "different_approach", "simplified_scope"]] = Field(
        ("regenerate_prompt", "different_approach", "simplified_scope"),
        description="What is tried after a failure, in this order.",
    )
    timeout_minutes: Minutes = Field(30, description="Minutes after which a run of the agent is given up.")
