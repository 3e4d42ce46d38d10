"""Which files beside the workflows are generated, and how."""

from typing import Literal

from pydantic import Field

from cicd_defs.spec.names import CodeOwner, PathPattern
from cicd_defs.spec.strict import Distinct, Strict


class Files(Strict):
    """Which files beside the workflows are generated, and how."""

    task_runner: Literal["make", "task"] = Field(
        "make", description="What people run the local commands with: a Makefile or a Taskfile."
    )
    dependabot: bool = Field(
        True, description="Keep actions, images and dependencies up to date by Dependabot."
    )
    code_owners: dict[PathPattern, Distinct[CodeOwner]] = Field(
        {},
        description="Who is asked for a review of which files, as CODEOWNERS has it.",
        examples=[{"*": ["@acme/platform"], "k8s/**": ["@acme/operations", "lead@example.com"]}],
    )
    ruleset: bool = Field(True, description="Write the branch's rules as JSON, to be imported into GitHub.")
    contributing: bool | None = Field(
        None,
        description="A section of CONTRIBUTING.md with exactly the commands that CI runs.",
        examples=[True],
        json_schema_extra={"when_left_out": "where the repository has no CONTRIBUTING.md of its own"},
    )
    coverage: bool = Field(
        False, description="Write .coveragerc where the tests measure coverage and nothing configures it."
    )
