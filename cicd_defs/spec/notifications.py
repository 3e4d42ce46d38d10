"""Who is told of what."""

from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BeforeValidator, Field, model_validator

from cicd_defs.spec.names import SecretName
from cicd_defs.spec.strict import Distinct, Strict, collisions, refuse_mistakes

Event = Literal[
    "pr_created",
    "validation_complete",
    "merge_complete",
    "ci_failed",
    "deployment_complete",
    "rollback_complete",
]
ChannelKind = Literal["slack", "telegram", "teams", "email", "webhook"]

SLACK_SECRET, EMAIL_SECRET = "SLACK_WEBHOOK_URL", "EMAIL_URL"
"""The secrets that `slack_integration` and `email_notifications` stand for."""

_FIRST_WORDS = {**{kind.upper(): kind for kind in get_args(ChannelKind)}, "SMTP": "email"}


def _secret_alone(value: Any) -> Any:
    # Whatever is no table is read as a secret's name, so that an error never repeats what may be the secret itself.
    return value if isinstance(value, dict | Channel) else {"secret": value}


class Channel(Strict):
    """One place that is told, by the name of the secret that holds its address."""

    secret: SecretName = Field(
        description=(
            "Name of the secret that holds its address, in the GitHub environment `notifications`. "
            "Slack, Teams and a webhook: the address as they give it. "
            "Telegram: `https://api.telegram.org/bot<token>/sendMessage?chat_id=<id>`. "
            "E-mail: `smtps://user:password@host:465?from=<address>&to=<address>,<address>`, user and password "
            "percent-encoded (`%40` for `@`); `smtp://` speaks TLS too, or nothing is sent."
        ),
        examples=["SLACK_URL"],
    )
    kind: ChannelKind | None = Field(
        None,
        description="What listens there.",
        examples=["slack"],
        json_schema_extra={
            "when_left_out": (
                "the first word of the secret's name: SLACK, TELEGRAM, TEAMS, EMAIL or SMTP, else webhook"
            )
        },
    )

    @property
    def listens(self) -> str:
        """What listens there, as it is said or as the secret's name tells."""
        return self.kind or _FIRST_WORDS.get(self.secret.partition("_")[0], "webhook")


ChannelOrSecret = Annotated[
    Channel, BeforeValidator(_secret_alone, json_schema_input_type=SecretName | Channel)
]


class Notifications(Strict):
    """Who is told of what."""

    webhook_events: Distinct[Event] = Field(
        ("pr_created", "validation_complete", "merge_complete", "ci_failed"),
        description=(
            "The events that are told. The workflows themselves tell of a failed run (`ci_failed`), of a deployment "
            "that went well and of one that was rolled back; the gateway tells of what becomes of a pull request."
        ),
    )
    channels: tuple[ChannelOrSecret, ...] = Field(
        (),
        description="Who is told: names of secrets, each holding a channel's address.",
        examples=[["SLACK_URL", {"secret": "ON_CALL", "kind": "telegram"}]],
        json_schema_extra={"uniqueItems": True},
    )
    email_notifications: bool = Field(
        False, description=f"Tell by e-mail too: the channel of the secret {EMAIL_SECRET}."
    )
    slack_integration: bool = Field(
        False, description=f"Tell by Slack too: the channel of the secret {SLACK_SECRET}."
    )

    @property
    def all_channels(self) -> tuple[Channel, ...]:
        """The channels that are listed, and those that are switched on by a word of their own."""
        switched = {SLACK_SECRET: self.slack_integration, EMAIL_SECRET: self.email_notifications}
        listed = {channel.secret for channel in self.channels}
        added = (secret for secret, on in switched.items() if on and secret not in listed)
        return (*self.channels, *(Channel(secret=secret) for secret in added))

    @model_validator(mode="after")
    def _channels_differ(self) -> Self:
        secrets = ((("channels", i), each.secret) for i, each in enumerate(self.channels))
        refuse_mistakes(collisions(secrets, "channel"))
        return self
