"""How strictly the repository's existing CI is audited."""

from typing import Literal

from pydantic import Field

from cicd_defs.spec.names import RuleName
from cicd_defs.spec.strict import Distinct, Strict


class Audit(Strict):
    """How strictly the repository's existing CI is audited."""

    profile: Literal["default", "strict"] = Field("default", description="Which rules speak up.")
    ignore: Distinct[RuleName] = Field(
        (), description="Rules that keep silent about this repository.", examples=[["unpinned-action"]]
    )
