"""Jobs that push images: built from the commit that goes out, with what it was built from beside it.

What is deployed is always named by its digest, so that no tag that is moved later changes what runs somewhere.
"""

import re
from collections.abc import Sequence

from cicd_defs.facts.value import Value
from cicd_defs.plan import pins
from cicd_defs.plan.images import Image, build_inputs, build_setup
from cicd_defs.plan.permissions import permissions_for
from cicd_defs.plan.pipeline import Concurrency, Environment, Expression, Job, Note, Step, Text
from cicd_defs.plan.setup import checkout
from cicd_defs.spec.docker import Registry
from cicd_defs.spec.model import Project

SECRETS_ENVIRONMENT = "release"
"""The GitHub environment that holds the passwords of registries other than GitHub's own."""

GITHUB_REGISTRY = "ghcr.io"

TAGS = """\
type=semver,pattern={{version}}
type=semver,pattern={{major}}.{{minor}}
type=ref,event=tag
type=ref,event=branch
type=sha,format=long
"""
"""https://github.com/docker/metadata-action#tags-input; the commit's own tag never moves."""

ASKED = """\
if [ -n "$ASKED" ]; then
  case "$ASKED" in
    sha256:*) image="$NAME@$ASKED" ;;
    *) image="$NAME:$ASKED" ;;
  esac
  DIGEST="$(docker buildx imagetools inspect "$image" --format '{{.Manifest.Digest}}')"
fi
"""
"""What a person asked for is looked up in the registry: a tag becomes its digest, a digest has to be there."""

DIGEST = """\
if [[ ! "$DIGEST" =~ ^sha256:[0-9a-f]{64}$ ]]; then
  echo "$NAME has no digest to deploy: found '$DIGEST'" >&2
  exit 1
fi
echo "digest=$DIGEST" | tee -a "$GITHUB_OUTPUT"
"""


class PushedImage(Value):
    """An image and its name in every registry; the first is the one that is deployed."""

    image: Image
    names: tuple[str, ...]

    @property
    def job_id(self) -> str:
        """The job that pushes it. CI's job that only builds it has another, so that both fit into one file."""
        return f"push-{self.image.job_id}"

    @property
    def reference(self) -> Expression:
        """The image by its digest, for a job that needs the one that pushes it.

        The name stands here and only the digest is the job's output: GitHub drops an output that holds a secret, and
        the user of a registry is often a part of the name.
        """
        return Expression(text=f"{self.names[0]}@${{{{ needs.{self.job_id}.outputs.digest }}}}")


def pushed_images(project: Project, images: Sequence[Image]) -> tuple[PushedImage, ...]:
    """The images that go to registries: none where no registry is declared, or nothing says what they are called."""
    name = image_name(project)
    if name is None:
        return ()
    return tuple(
        PushedImage(
            image=image,
            names=tuple(
                f"{registry.registry}/{name}{_suffix(image, images)}"
                for registry in project.docker.registries
            ),
        )
        for image in images
        if project.docker.registries
    )


def image_name(project: Project) -> str | None:
    """The image's name without registry: declared, or GitHub's owner and name in lower case."""
    if project.docker.image:
        return project.docker.image
    address = project.repository.removeprefix("https://github.com/").removesuffix("/").removesuffix(".git")
    plain = re.fullmatch(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+", address)
    return address.lower() if plain else None


def image_folder(project: Project) -> str | None:
    """Where in the first registry the images of this repository lie, for who names them itself; None for nowhere."""
    name, registries = image_name(project), project.docker.registries
    return f"{registries[0].registry}/{name.rpartition('/')[0] or name}" if name and registries else None


def _suffix(image: Image, images: Sequence[Image]) -> str:
    return f"-{image.name}" if len(images) > 1 else ""


def push_job(
    project: Project, pushed: PushedImage, needs: Sequence[str], condition: str, by_hand: bool
) -> Job:
    """Build and push one image, or look up the one that a person asked for. Its output is `digest`."""
    secrets = registry_secrets(project)
    steps = (
        checkout(),
        *build_setup(pushed.image.platforms, shared_cache=False),
        *registry_logins(project),
        *_built(pushed, by_hand),
        _digest(pushed, by_hand),
    )
    return Job(
        id=pushed.job_id,
        name="Push the image" if pushed.image.name == "image" else f"Push the image: {pushed.image.name}",
        runs_on=project.pipeline.runs_on,
        needs=tuple(needs),
        condition=condition,
        permissions=permissions_for(steps),
        environment=Environment(name=SECRETS_ENVIRONMENT) if secrets else None,
        secrets=secrets,
        # Of one branch the newest commit is pushed last, and names the branch's tag.
        concurrency=Concurrency(group=group_of(pushed.job_id, by_hand), cancel_in_progress=False),
        timeout_minutes=project.pipeline.timeout_minutes,
        outputs={"digest": Expression(text="${{ steps.build-digest.outputs.digest }}")},
        steps=steps,
    )


def registry_logins(project: Project) -> tuple[Step, ...]:
    """A login to each registry that is known how to log in to."""
    return tuple(_login(registry) for registry in project.docker.registries if _logs_in(registry))


def registry_secrets(project: Project) -> tuple[str, ...]:
    """The names of the secrets that these logins use."""
    names = [
        name
        for registry in project.docker.registries
        for name in (registry.username_secret, registry.password_secret)
        if name
    ]
    return tuple(dict.fromkeys(names))


def group_of(job_id: str, by_hand: bool) -> Expression:
    """The runs of one job that take each other's place: those of one branch, or to one environment by hand."""
    asked = "-${{ inputs.environment }}" if by_hand else ""
    return Expression(text=f"{job_id}-${{{{ github.ref }}}}-${{{{ github.event_name }}}}{asked}")


def _logs_in(registry: Registry) -> bool:
    return registry.registry == GITHUB_REGISTRY or registry.password_secret is not None


def _login(registry: Registry) -> Step:
    user = f"secrets.{registry.username_secret}" if registry.username_secret else "github.actor"
    password = f"secrets.{registry.password_secret}" if registry.password_secret else "github.token"
    return Step(
        id="setup-login-" + re.sub(r"[^a-z0-9]+", "-", registry.registry),
        name=f"Log in to {registry.registry}",
        uses=pins.action("docker/login-action"),
        inputs={
            "registry": registry.registry,
            "username": Expression(text=f"${{{{ {user} }}}}"),
            "password": Expression(text=f"${{{{ {password} }}}}"),
        },
    )


def _built(pushed: PushedImage, by_hand: bool) -> tuple[Step, Step]:
    unless_asked = "inputs.image == ''" if by_hand else None
    tags = Step(
        id="build-tags",
        name="Name the image",
        condition=unless_asked,
        uses=pins.action("docker/metadata-action"),
        inputs={
            "images": "\n".join(pushed.names) + ("\n" if len(pushed.names) > 1 else ""),
            "flavor": "latest=false",
            "tags": TAGS,
        },
    )
    build = Step(
        id="build-image",
        name="Build and push the image",
        condition=unless_asked,
        uses=pins.action("docker/build-push-action"),
        inputs={
            **build_inputs(pushed.image),
            "tags": Expression(text="${{ steps.build-tags.outputs.tags }}"),
            "labels": Expression(text="${{ steps.build-tags.outputs.labels }}"),
            "push": "true",
            "provenance": "mode=max",
            "sbom": "true",
        },
    )
    return tags, build


def _digest(pushed: PushedImage, by_hand: bool) -> Step:
    asked: dict[str, Text] = {"ASKED": Expression(text="${{ inputs.image }}")} if by_hand else {}
    return Step(
        id="build-digest",
        name="Tell the image's digest",
        env={
            "NAME": pushed.names[0],
            "DIGEST": Expression(text="${{ steps.build-image.outputs.digest }}"),
            **asked,
        },
        run=(ASKED if by_hand else "") + DIGEST,
    )


def image_notes(project: Project, images: Sequence[Image]) -> tuple[Note, ...]:
    """What a person should know of how images are built, and where they go."""
    messages = []
    if project.docker.context and len(images) > 1:
        messages.append("`context` is of no use with several Dockerfiles: name one by `dockerfile`")
    messages += _push_messages(project, images) if project.docker.registries else []
    return tuple(Note(where="docker", message=message) for message in messages)


def _push_messages(project: Project, images: Sequence[Image]) -> list[str]:
    messages = []
    if images and image_name(project) is None:
        messages.append(
            "no image is pushed: `repository` does not say what it is called; declare `docker.image`"
        )
    if not images:
        messages.append("registries are declared, and there is no Dockerfile to push an image of")
    messages += [
        f"nobody logs in to {registry.registry}, as no secrets are named for it"
        for registry in project.docker.registries
        if not _logs_in(registry)
    ]
    if any(registry.password_secret for registry in project.docker.registries):
        messages.append(
            f"the registries' secrets are read from the GitHub environment `{SECRETS_ENVIRONMENT}`: keep them there"
        )
    return messages
