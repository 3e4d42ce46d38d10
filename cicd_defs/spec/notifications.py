"""Who is told of what."""

from typing import Literal

from pydantic import Field

from cicd_defs.spec.names import SecretName
from cicd_defs.spec.strict import Distinct, Strict

Event = Literal[
    "pr_created",
    "validation_complete",
    "merge_complete",
    "ci_failed",
    "deployment_complete",
    "rollback_complete",
]


class Notifications(Strict):
    """Who is told of what."""

    webhook_events: Distinct[Event] = Field(
        ("pr_created", "validation_complete", "merge_complete"), description="The events that are told."
    )
    channels: Distinct[SecretName] = Field(
        (),
        description="Names of secrets, each holding a channel's address: Slack, Telegram, Teams, a webhook.",
        examples=[["SLACK_URL"]],
    )
    email_notifications: bool = Field(False, description="Tell by e-mail too.")
    slack_integration: bool = Field(False, description="Tell by Slack too.")
