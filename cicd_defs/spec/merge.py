"""When a pull request may be merged, and how."""

from typing import Annotated, Literal

from pydantic import Field

from cicd_defs.spec.freeze import Freezes
from cicd_defs.spec.names import Label, PathPattern
from cicd_defs.spec.strict import Distinct, Strict

PROTECTED = (
    ".github/**",
    ".gitlab-ci.yml",
    ".circleci/**",
    ".buildkite/**",
    "azure-pipelines.yml",
    "Jenkinsfile",
    "CODEOWNERS",
    "Dockerfile",
    "Dockerfile.*",
    "*.dockerfile",
    "docker-compose*.y*ml",
    "compose*.y*ml",
    "Makefile",
    "Taskfile.y*ml",
    "projects/*.yaml",
    "deploy/**",
    "k8s/**",
    "charts/**",
)
"""CI, images, the local commands, project files and what deploys. A pattern without `/` is a file's name anywhere."""


class Merge(Strict):
    """When a pull request may be merged, and how."""

    method: Literal["squash", "merge", "rebase"] = Field(
        "squash", description="How the commits land on the branch."
    )
    approvals: Annotated[int, Field(ge=0, le=6)] = Field(1, description="Approving reviews that are needed.")
    protected_paths: Distinct[PathPattern] = Field(
        PROTECTED,
        description="Files of which a person must approve every change, as owner of them.",
    )
    informational_checks: Distinct[Label] = Field(
        (),
        description="Checks that are shown and never hold a merge.",
        examples=[["coverage"]],
    )
    hold_labels: Distinct[Label] = Field(
        ("do-not-merge",),
        description="Labels that keep a pull request from being merged.",
    )
    admin_override: bool = Field(
        True, description="An administrator may merge in an emergency; it is recorded."
    )
    delete_branch: bool = Field(True, description="Delete the branch once it is merged.")
    freeze: Freezes = Field(
        (),
        description="Times in which nothing is merged.",
        examples=[[{"from": "2026-12-24", "until": "2027-01-02", "reason": "holidays"}]],
    )
