"""The whole declaration of one project. `Project` is what a project file becomes."""

from typing import Annotated

from pydantic import Field

from cicd_defs.spec.names import PROJECT_NAME, BranchName, Repository
from cicd_defs.spec.pipeline import Component, Pipeline, Scans
from cicd_defs.spec.strict import Strict

__all__ = ["Component", "Pipeline", "Project", "Scans"]


class Project(Strict):
    """One managed repository, and what people want of it. The name is the file's stem."""

    name: Annotated[str, Field(pattern=f"^{PROJECT_NAME}$")]
    repository: Repository = Field(
        description="The repository: GitHub's owner/name, a git URL, or a path.", examples=["acme/shop"]
    )
    branch: BranchName = Field("main", description="The branch that pull requests merge into.")
    pipeline: Pipeline = Field(Pipeline(), description="What is checked, and when.")
