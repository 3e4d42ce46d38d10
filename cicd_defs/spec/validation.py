"""How a pull request is proven, and how often a red one is tried again."""

from typing import Annotated, Literal

from pydantic import Field

from cicd_defs.spec.pipeline import Minutes
from cicd_defs.spec.strict import Choices, Strict

RequiredCheck = Literal["build_success", "deployment_success", "web_evaluation_pass"]


class Validation(Strict):
    """How a pull request is proven, and how often a red one is tried again."""

    timeout_minutes: Minutes = Field(30, description="Minutes after which a validation is stopped.")
    max_retries: Annotated[int, Field(ge=0, le=10)] = Field(
        3, description="How often the agent is asked to mend a red pull request."
    )
    auto_merge: bool = Field(False, description="Merge what passes, without asking.")
    required_checks: Choices[RequiredCheck] = Field(
        ("build_success", "deployment_success", "web_evaluation_pass"),
        description="What must hold: the build works, the application starts, it passes in a browser.",
    )
    memory_mb: Annotated[int, Field(ge=128, le=65536)] = Field(
        2048, description="Megabytes of memory that the sandbox may use."
    )
    cpus: Annotated[int, Field(ge=1, le=64)] = Field(2, description="Processors that the sandbox may use.")
