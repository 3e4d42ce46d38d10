"""How strictly the repository's existing CI is audited."""

from typing import Literal

from pydantic import Field

from cicd_defs.spec.names import RuleName
from cicd_defs.spec.strict import Distinct, Strict

Weight = Literal["off", "low", "medium", "high"]


class Audit(Strict):
    """How strictly the repository's existing CI is audited."""

    profile: Literal["default", "strict"] = Field(
        "default", description="Which rules speak up: those that most maintainers act on, or all of them."
    )
    ignore: Distinct[RuleName] = Field(
        (), description="Rules that keep silent about this repository.", examples=[["unpinned-uses"]]
    )
    rules: dict[RuleName, Weight] = Field(
        default_factory=dict,
        description="How heavy a rule weighs here, or that it is off. `cicd explain rules` lists them.",
        examples=[{"no-timeout": "high", "full-clone": "off"}],
    )
