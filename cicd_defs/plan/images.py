"""Jobs around container images: that each Dockerfile still builds, and what is known to be wrong with what it makes."""

from collections.abc import Sequence

from cicd_defs.facts.dockerfile import usual_context
from cicd_defs.facts.stacks import Stacks
from cicd_defs.facts.value import Value
from cicd_defs.plan import pins, tools
from cicd_defs.plan.areas import condition_for, left_out_of
from cicd_defs.plan.containers import Dockerfile
from cicd_defs.plan.permissions import permissions_for
from cicd_defs.plan.pipeline import Area, Job, Note, Step
from cicd_defs.plan.setup import checkout


class Image(Value):
    """One image that a repository builds: the Dockerfile, and the folder that is its build context."""

    name: str
    dockerfile: str
    context: str

    @property
    def job_id(self) -> str:
        """The id of the job that builds it."""
        return "image" if self.name == "image" else f"image-{self.name}"

    @property
    def area(self) -> str:
        """The id of its area. Components have no `_` in their names, so no component has the same."""
        return f"image_{self.name}"


def images_of(stacks: Stacks, made: Sequence[Dockerfile] = ()) -> tuple[Image, ...]:
    """Every image that can be built from the tree, named after its Dockerfile's place; `image` where there is only one.

    `made` are the Dockerfiles that the pipeline writes itself; the tree has them only after the first time. A
    Dockerfile of which nothing more is known is built in the usual context.
    """
    known = {source.dockerfile: source.context for source in stacks.images}
    known |= {dockerfile.path: dockerfile.context for dockerfile in made}
    paths = sorted({claim.name for claim in stacks.dockerfiles} | {dockerfile.path for dockerfile in made})
    contexts = {path: known.get(path, usual_context(path)) for path in paths}
    found: dict[str, Image] = {}
    for path, context in contexts.items():
        if context is not None:
            name = "image" if len(paths) == 1 else _free_name(_slug(path), found)
            found[name] = Image(name=name, dockerfile=path, context=context)
    return tuple(found.values())


def unbuilt(stacks: Stacks) -> tuple[Note, ...]:
    """The Dockerfiles that no folder of the tree can be the build context of."""
    message = (
        "no image is built from it: no folder of the repository has {}, which it copies; where another step makes "
        "that first, build it in a workflow of your own"
    )
    return tuple(
        Note(where=source.dockerfile, message=message.format(", ".join(f"`{one}`" for one in source.missing)))
        for source in stacks.images
        if source.context is None
    )


def _slug(path: str) -> str:
    words = "".join(
        letter if letter.isascii() and letter.isalnum() else " " for letter in path.lower()
    ).split()
    kept = [word for word in words if word not in {"dockerfile", "containerfile"}]
    return "-".join(kept)[:60].rstrip("-") or "root"


def _free_name(name: str, taken: dict[str, Image]) -> str:
    return name if name not in taken else next(n for i in range(2, 1000) if (n := f"{name}-{i}") not in taken)


def image_area(image: Image) -> Area:
    """What an image is built from: its context and its Dockerfile."""
    include = (image.context,) if image.context == "." else (image.context, image.dockerfile)
    return Area(id=image.area, include=include, exclude_globs=left_out_of(include))


def image_job(image: Image, runs_on: str, timeout_minutes: int) -> Job:
    """The image builds. It is pushed nowhere."""
    steps = (checkout(), _buildx(), _build(image, load=False))
    return Job(
        id=image.job_id,
        name=_title("Build the image", image),
        runs_on=runs_on,
        needs=("changes",),
        condition=condition_for(image.area),
        permissions=permissions_for(steps),
        timeout_minutes=timeout_minutes,
        steps=steps,
        area=image.area,
    )


def scan_image_job(image: Image, runs_on: str, timeout_minutes: int) -> Job:
    """Build the image and fail on known vulnerabilities that have a fix."""
    scan = Step(
        id="scan-image",
        name="Look for known vulnerabilities",
        uses=pins.action("aquasecurity/trivy-action"),
        inputs={
            "image-ref": _tag(image),
            "version": tools.TRIVY,
            "severity": "HIGH,CRITICAL",
            "ignore-unfixed": "true",
            "exit-code": "1",
        },
    )
    steps = (checkout(), _buildx(), _build(image, load=True), scan)
    return Job(
        id=f"scan-{image.job_id}",
        name=_title("Scan the image", image),
        runs_on=runs_on,
        permissions=permissions_for(steps),
        timeout_minutes=timeout_minutes,
        steps=steps,
    )


def scan_image_jobs(images: Sequence[Image], runs_on: str, timeout_minutes: int) -> tuple[Job, ...]:
    """One scan an image."""
    return tuple(scan_image_job(image, runs_on, timeout_minutes) for image in images)


def _title(title: str, image: Image) -> str:
    return title if image.name == "image" else f"{title}: {image.name}"


def _tag(image: Image) -> str:
    return f"ci/{image.name}:latest"


def _buildx() -> Step:
    return Step(id="setup-buildx", name="Set up Buildx", uses=pins.action("docker/setup-buildx-action"))


def _build(image: Image, load: bool) -> Step:
    return Step(
        id="build-image",
        name="Build the image",
        uses=pins.action("docker/build-push-action"),
        inputs={
            "context": image.context,
            "file": image.dockerfile,
            "tags": _tag(image),
            "push": "false",
            "load": "true" if load else "false",
            "cache-from": f"type=gha,scope={image.name}",
            "cache-to": f"type=gha,scope={image.name},mode=max",
        },
    )
