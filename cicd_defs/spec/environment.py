"""Where a project is deployed to, by what, and in which order."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from cicd_defs.spec.names import (
    BranchName,
    ChartValue,
    EnvironmentName,
    KubernetesName,
    Profile,
    RepositoryPath,
    RunnerLabel,
    SecretName,
    WebAddress,
    Workload,
)
from cicd_defs.spec.pipeline import EnvVars, Minutes
from cicd_defs.spec.strict import (
    Distinct,
    Mistake,
    Strict,
    circle,
    collisions,
    given_twice,
    refuse_mistakes,
    unknown,
    way,
)
from cicd_defs.spec.text import Script

METHODS = ("kubectl", "helm", "skaffold", "compose", "command")


class Deploy(Strict):
    """One way to deploy, and what goes with it. Exactly one of kubectl, helm, skaffold, compose, command."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": [method]} for method in METHODS]})

    kubectl: RepositoryPath | None = Field(
        None, description="Manifests to apply: a file or a folder.", examples=["k8s/"]
    )
    helm: RepositoryPath | None = Field(
        None, description="The chart to install or upgrade.", examples=["charts/shop"]
    )
    skaffold: RepositoryPath | None = Field(
        None, description="The skaffold file to run.", examples=["skaffold.yaml"]
    )
    compose: RepositoryPath | None = Field(
        None,
        description="The compose file to bring up, by the runner or where DOCKER_HOST says; IMAGE is the image.",
        examples=["docker-compose.staging.yml"],
    )
    command: Script | None = Field(
        None,
        description="A command that deploys; the variable IMAGE names the image by its digest.",
        examples=["./deploy.sh"],
    )
    rollback: Script | None = Field(
        None,
        description="With command: takes a deployment back that failed or is not healthy.",
        examples=["./deploy.sh --previous"],
        json_schema_extra={"when_left_out": "nothing is taken back"},
    )
    values: RepositoryPath | None = Field(
        None, description="Helm's values file.", examples=["values-production.yaml"]
    )
    profile: Profile | None = Field(
        None, description="The profile of skaffold or compose.", examples=["with-monitoring"]
    )
    set_image: dict[Workload, KubernetesName] = Field(
        {},
        description="With kubectl: workloads that get the released image, and which container of theirs.",
        examples=[{"deployment/shop-api": "api"}],
    )
    image_values: dict[ChartValue, KubernetesName] = Field(
        {},
        description="With helm: values of the chart with an image's `repository` and `tag`, and which image it is.",
        examples=[{"api.image": "services-api"}],
        json_schema_extra={"when_left_out": "`image`, where there is one image"},
    )
    dry_run: bool = Field(
        True, description="Check on the server what would be applied, before it is applied."
    )
    rollout_timeout_minutes: Minutes = Field(5, description="Minutes to wait until the rollout is complete.")

    @property
    def method(self) -> str:
        """The one way that is given."""
        return next(method for method in METHODS if getattr(self, method) is not None)

    @model_validator(mode="after")
    def _one_method(self) -> Self:
        given = [method for method in METHODS if getattr(self, method) is not None]
        if len(given) != 1:
            found = " and ".join(given) if given else "none"
            hint = f"Write exactly one of {', '.join(METHODS)}."
            refuse_mistakes([Mistake((), f"a deployment goes one way, and {found} is given", hint)])
        refuse_mistakes(self._misplaced(given[0]))
        return self

    def _misplaced(self, method: str) -> Iterator[Mistake]:
        for key, methods in _GOES_WITH.items():
            if getattr(self, key) and method not in methods:
                yield Mistake(
                    (key,), f"`{key}` does not go with {method}", f"It goes with {' or '.join(methods)}."
                )


_GOES_WITH = {
    "values": ("helm",),
    "profile": ("skaffold", "compose"),
    "set_image": ("kubectl",),
    "image_values": ("helm",),
    "rollback": ("command",),
}


class Environment(Strict):
    """A place that the project is deployed to."""

    name: EnvironmentName = Field(description="Its name, also as a GitHub environment.", examples=["staging"])
    after: EnvironmentName | None = Field(
        None,
        description="The environment that must have been deployed before.",
        examples=["staging"],
        json_schema_extra={"when_left_out": "none"},
    )
    branch: BranchName | None = Field(
        None,
        description="Deploy what is merged to this branch; also of a release, the tag has to be on it.",
        examples=["develop"],
        json_schema_extra={"when_left_out": "the project's branch"},
    )
    deploy_on: Literal["push", "release", "manual"] = Field(
        "push",
        description=(
            "Deploy when something is merged, when a release (no pre-release) is published, or when a person says so; "
            "a person can deploy to any."
        ),
    )
    deploy: Deploy | None = Field(
        None,
        description="How it is deployed.",
        examples=[{"kubectl": "k8s/"}],
        json_schema_extra={"when_left_out": "from the manifests, chart or compose file that is detected"},
    )
    namespace: KubernetesName | None = Field(
        None,
        description="The namespace in Kubernetes.",
        examples=["shop-staging"],
        json_schema_extra={"when_left_out": "the one that the kubeconfig names"},
    )
    kubeconfig_secret: SecretName | None = Field(
        None,
        description="Name of the secret that holds the kubeconfig.",
        examples=["KUBECONFIG_STAGING"],
        json_schema_extra={"when_left_out": "none"},
    )
    secrets: Distinct[SecretName] = Field(
        (), description="Names of secrets that the deployment gets as variables.", examples=[["API_KEY"]]
    )
    env_vars: EnvVars = Field(
        {}, description="Variables of the deployment.", examples=[{"APP_ENV": "staging"}]
    )
    require_approval: bool = Field(False, description="A person must approve each deployment.")
    url: WebAddress | None = Field(
        None,
        description="Where it can be looked at.",
        examples=["https://staging.example.com"],
        json_schema_extra={"when_left_out": "none"},
    )
    runs_on: RunnerLabel | None = Field(
        None,
        description="The runner that deploys.",
        examples=["deployer"],
        json_schema_extra={"when_left_out": "`pipeline.runs_on`"},
    )
    timeout_minutes: Minutes = Field(
        20, description="Minutes after which the deployment is stopped; some of them are kept for going back."
    )

    @model_validator(mode="after")
    def _secrets_are_no_variables(self) -> Self:
        refuse_mistakes(given_twice(self.secrets, self.env_vars))
        return self


def _mistakes(environments: tuple[Environment, ...]) -> Iterator[Mistake]:
    """What is wrong between environments: names that collide, an unknown `after`, a circle."""
    names = [environment.name for environment in environments]
    yield from collisions((((i, "name"), name) for i, name in enumerate(names)), "environment")
    for i, environment in enumerate(environments):
        if environment.after:
            yield from unknown((i, "after"), environment.after, names, "environment")
    found = circle({place.name: (place.after,) for place in environments if place.after})
    if found:
        message = f"environments wait for each other in a circle: {way(found)}"
        yield Mistake((names.index(found[0]), "after"), message, "Take one `after` out.")


def _fitting(environments: tuple[Environment, ...]) -> tuple[Environment, ...]:
    refuse_mistakes(_mistakes(environments))
    return environments


Environments = Annotated[tuple[Environment, ...], AfterValidator(_fitting)]
