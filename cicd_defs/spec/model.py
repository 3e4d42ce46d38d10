"""The whole declaration of one project. `Project` is what a project file becomes."""

import re
from typing import Annotated, Literal

from pydantic import Field

from cicd_defs.spec.addresses import OWNER_NAME
from cicd_defs.spec.agent import Agent
from cicd_defs.spec.audit import Audit
from cicd_defs.spec.deployment import Deployment
from cicd_defs.spec.docker import Docker, Registry
from cicd_defs.spec.environment import Deploy, Environment, Environments
from cicd_defs.spec.files import Files
from cicd_defs.spec.merge import Merge
from cicd_defs.spec.names import PROJECT_NAME, BranchName, Repository, WebAddress
from cicd_defs.spec.notifications import Notifications
from cicd_defs.spec.pipeline import Component, Pipeline, Scans
from cicd_defs.spec.strict import PLANNED, Strict
from cicd_defs.spec.validation import Validation

__all__ = [
    "Agent",
    "Audit",
    "Component",
    "Deploy",
    "Deployment",
    "Docker",
    "Environment",
    "Files",
    "Merge",
    "Notifications",
    "Pipeline",
    "Project",
    "Registry",
    "Scans",
    "Validation",
]


class Project(Strict):
    """One managed repository, and what people want of it. The name is the file's stem."""

    name: Annotated[str, Field(pattern=f"^{PROJECT_NAME}$")]
    repository: Repository = Field(
        description="The repository: GitHub's owner/name, an https address, or a path.",
        examples=["acme/shop", "https://git.example.com/acme/shop", "../shop"],
    )
    branch: BranchName = Field("main", description="The branch that pull requests merge into.")
    mode: Literal["observe", "comment", "act"] = Field(
        "act",
        description=(
            "What is done to pull requests. observe: nothing is written, what would have been done is recorded; "
            "comment: report and check are written; act: what may be merged is merged too."
        ),
    )
    webhook_url: WebAddress | None = Field(
        None,
        description="Where GitHub delivers the repository's events.",
        examples=["https://hooks.example.com/github"],
        json_schema_extra={**PLANNED, "when_left_out": "the gateway's own address"},
    )
    pipeline: Pipeline = Field(default_factory=Pipeline, description="What is checked, and when.")
    docker: Docker = Field(
        default_factory=Docker,
        description="How images are built and where they go.",
    )
    environments: Environments = Field(
        (),
        description="Where it is deployed to, one entry each.",
        examples=[[{"name": "staging", "branch": "develop", "deploy": {"kubectl": "k8s/"}}]],
    )
    deployment: Deployment = Field(
        default_factory=Deployment,
        description="How the application is built and started: in its image, and for a preview.",
    )
    validation: Validation = Field(
        default_factory=Validation,
        description="How a pull request is proven, and how often a red one is tried again.",
    )
    merge: Merge = Field(
        default_factory=Merge,
        description="When a pull request may be merged, and how.",
    )
    agent: Agent = Field(
        default_factory=Agent,
        description="Who works on tasks, and what it is told.",
    )
    audit: Audit = Field(
        default_factory=Audit,
        description="How strictly the repository's existing CI is audited.",
    )
    notifications: Notifications = Field(default_factory=Notifications, description="Who is told of what.")
    files: Files = Field(
        default_factory=Files, description="Which files beside the workflows are generated, and how."
    )

    @property
    def forge_name(self) -> str:
        """What a forge calls the repository: GitHub's owner/name, or `local/PROJECT` for a path or an address."""
        return self.repository if re.fullmatch(OWNER_NAME, self.repository) else f"local/{self.name}"
