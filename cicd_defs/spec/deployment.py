"""How the application is built and started: in its image, and for a preview of a pull request."""

from typing import Annotated

from pydantic import Field

from cicd_defs.spec.names import ComponentName, HealthCheck
from cicd_defs.spec.pipeline import EnvVars
from cicd_defs.spec.strict import DETECTED, Strict
from cicd_defs.spec.text import Script


class Deployment(Strict):
    """How the application is built and started."""

    component: ComponentName | None = Field(
        None,
        description="The component that all this is about.",
        examples=["api"],
        json_schema_extra={"when_left_out": "the only one, else the one in the repository's root"},
    )
    build_command: Script | None = Field(
        None, description="Builds the application.", examples=["npm run build"], json_schema_extra=DETECTED
    )
    start_command: Script | None = Field(
        None,
        description="Starts the application, and stays in the foreground.",
        examples=["npm start"],
        json_schema_extra=DETECTED,
    )
    health_check_url: HealthCheck = Field(
        "/health", description="Answers with success once the application is up: a path, or a whole address."
    )
    port: Annotated[int, Field(ge=1, le=65535)] | None = Field(
        None,
        description="The port that the application listens on.",
        examples=[3000],
        json_schema_extra=DETECTED,
    )
    environment_variables: EnvVars = Field(
        {}, description="Variables of the application.", examples=[{"NODE_ENV": "production"}]
    )
