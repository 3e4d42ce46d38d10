"""How images are built and where they go."""

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from cicd_defs.spec.names import (
    BuildArgument,
    ImageName,
    Platform,
    RegistryHost,
    RepositoryPath,
    SecretName,
    Stage,
)
from cicd_defs.spec.strict import DETECTED, Choices, Mistake, Strict, collisions, refuse_mistakes
from cicd_defs.spec.text import EnvValue


def _host_alone(value: Any) -> Any:
    return {"registry": value} if isinstance(value, str) else value


class Registry(Strict):
    """A registry that images are pushed to, and the secrets to log in with: both of them, or neither."""

    model_config = ConfigDict(
        json_schema_extra={
            "dependentRequired": {
                "username_secret": ["password_secret"],
                "password_secret": ["username_secret"],
            }
        }
    )

    registry: RegistryHost = Field(description="Its host.", examples=["ghcr.io"])
    username_secret: SecretName | None = Field(
        None,
        description="Name of the secret that holds the user.",
        examples=["DOCKERHUB_USERNAME"],
        json_schema_extra={"when_left_out": "the run's own user, which only ghcr.io knows"},
    )
    password_secret: SecretName | None = Field(
        None,
        description="Name of the secret that holds the password or token.",
        examples=["DOCKERHUB_TOKEN"],
        json_schema_extra={"when_left_out": "the run's own token, which only ghcr.io takes"},
    )

    @model_validator(mode="after")
    def _both_or_neither(self) -> Self:
        if (self.username_secret is None) != (self.password_secret is None):
            given, other = ("username_secret", "password_secret")
            if self.username_secret is None:
                given, other = other, given
            hint = f"Name `{other}` too, or leave both out."
            refuse_mistakes([Mistake((given,), f"`{given}` logs nobody in without `{other}`", hint)])
        return self


RegistryOrHost = Annotated[
    Registry, BeforeValidator(_host_alone, json_schema_input_type=RegistryHost | Registry)
]


class Docker(Strict):
    """How images are built and where they go."""

    dockerfile: RepositoryPath | None = Field(
        None,
        description="The Dockerfile to build.",
        examples=["docker/Dockerfile"],
        json_schema_extra=DETECTED,
    )
    context: RepositoryPath | None = Field(
        None,
        description="The folder that the build sees.",
        examples=["services/api"],
        json_schema_extra=DETECTED,
    )
    target: Stage | None = Field(
        None,
        description="The stage to build.",
        examples=["production"],
        json_schema_extra={"when_left_out": "the last stage"},
    )
    image: ImageName | None = Field(
        None,
        description="The image's name, without registry and tag.",
        examples=["acme/shop"],
        json_schema_extra={"when_left_out": "the repository's owner and name, in lower case"},
    )
    registries: tuple[RegistryOrHost, ...] = Field(
        (),
        description="Registries that a release is pushed to: a host, or a host with the secrets to log in.",
        examples=[["ghcr.io"]],
    )
    platforms: Choices[Platform] = Field(
        ("linux/amd64",), description="Platforms that the image is built for."
    )
    docker_build_args: dict[BuildArgument, EnvValue] = Field(
        {},
        description="Arguments of the build; they can be read from the image.",
        examples=[{"VERSION": "1"}],
    )
    cache: bool = Field(True, description="Keep the layers of a build for the next one.")

    @model_validator(mode="after")
    def _registries_differ(self) -> Self:
        hosts = ((("registries", i), each.registry) for i, each in enumerate(self.registries))
        refuse_mistakes(collisions(hosts, "registry"))
        return self
