"""Jobs around container images: that each Dockerfile still builds, and what is known to be wrong with what it makes."""

import re
from collections.abc import Collection, Mapping, Sequence
from posixpath import dirname
from types import MappingProxyType

from cicd_defs.facts.dockerfile import usual_context
from cicd_defs.facts.stacks import Stacks
from cicd_defs.facts.value import Value
from cicd_defs.plan import pins, tools
from cicd_defs.plan.areas import condition_for, left_out_of
from cicd_defs.plan.containers import Dockerfile
from cicd_defs.plan.permissions import permissions_for
from cicd_defs.plan.pipeline import Area, Job, Note, Step, Text
from cicd_defs.plan.setup import checkout
from cicd_defs.spec.docker import Docker

PLATFORM = "linux/amd64"
"""What a runner builds for without an emulator."""


class Image(Value):
    """One image that a repository builds: the Dockerfile, the folder that is its build context, and how it is built.

    `target` is a stage of the Dockerfile, the last one where it is None. `cache`: CI keeps its layers.
    """

    name: str
    dockerfile: str
    context: str
    target: str | None = None
    build_args: dict[str, str] = {}
    platforms: tuple[str, ...] = (PLATFORM,)
    cache: bool = True

    @property
    def job_id(self) -> str:
        """The id of the job that builds it."""
        return "image" if self.name == "image" else f"image-{self.name}"

    @property
    def area(self) -> str:
        """The id of its area. Components have no `_` in their names, so no component has the same."""
        return f"image_{self.name}"


def images_of(
    stacks: Stacks,
    made: Sequence[Dockerfile] = (),
    docker: Docker | None = None,
    names: Mapping[str, str] = MappingProxyType({}),
) -> tuple[Image, ...]:
    """Every image that can be built from the tree, named after its Dockerfile's place; `image` where there is only one.

    `names` are those of components by their folders, and of the only Dockerfile that lies right in such a folder.

    `made` are the Dockerfiles that the pipeline writes itself; the tree has them only after the first time. A
    Dockerfile of which nothing more is known is built in the usual context. A declared Dockerfile is the only one.
    """
    docker = docker or Docker()
    known = {source.dockerfile: source.context for source in stacks.images}
    known |= {dockerfile.path: dockerfile.context for dockerfile in made}
    paths = sorted({claim.name for claim in stacks.dockerfiles} | {dockerfile.path for dockerfile in made})
    paths = [docker.dockerfile] if docker.dockerfile else paths
    contexts = {path: known.get(path, usual_context(path)) for path in paths}
    if docker.context and len(paths) == 1:
        contexts = dict.fromkeys(paths, docker.context)
    built = {path: context for path, context in contexts.items() if context is not None}
    called = {paths[0]: "image"} if len(paths) == 1 else _called(built, names)
    return tuple(_image(called[path], path, context, docker) for path, context in built.items())


def _image(name: str, path: str, context: str, docker: Docker) -> Image:
    return Image(
        name=name,
        dockerfile=path,
        context=context,
        target=docker.target,
        build_args=docker.docker_build_args,
        platforms=docker.platforms,
        cache=docker.cache,
    )


def unbuilt(stacks: Stacks, docker: Docker | None = None) -> tuple[Note, ...]:
    """The Dockerfiles that no folder of the tree can be the build context of, where none is declared."""
    built = {image.dockerfile for image in images_of(stacks, (), docker)}
    wanted = docker.dockerfile if docker else None
    message = (
        "no image is built from it: no folder of the repository has {}, which it copies; where another step makes "
        "that first, build it in a workflow of your own"
    )
    return tuple(
        Note(where=source.dockerfile, message=message.format(", ".join(f"`{one}`" for one in source.missing)))
        for source in stacks.images
        if source.context is None and source.dockerfile not in built and wanted in {None, source.dockerfile}
    )


def _slug(path: str) -> str:
    words = "".join(
        letter if letter.isascii() and letter.isalnum() else " " for letter in path.lower()
    ).split()
    kept = [word for word in words if word not in {"dockerfile", "containerfile"}]
    return "-".join(kept)[:60].rstrip("-") or "root"


def _called(paths: Collection[str], names: Mapping[str, str]) -> dict[str, str]:
    """What the image of each Dockerfile is called.

    Like the component in whose folder it lies alone, else after its place by a name that nothing else has.
    """
    folders = [dirname(path) or "." for path in paths]
    called = {
        path: names[folder]
        for path, folder in zip(paths, folders, strict=True)
        if folder in names and folders.count(folder) == 1
    }
    for path in paths:
        if path not in called:
            called[path] = _free_name(_slug(path), called.values())
    return called


def _free_name(name: str, taken: Collection[str]) -> str:
    return name if name not in taken else next(n for i in range(2, 1000) if (n := f"{name}-{i}") not in taken)


def image_area(image: Image) -> Area:
    """What an image is built from: its context and its Dockerfile."""
    include = (image.context,) if image.context == "." else (image.context, image.dockerfile)
    return Area(id=image.area, include=include, exclude_globs=left_out_of(include))


def image_job(image: Image, runs_on: str, timeout_minutes: int) -> Job:
    """The image builds. It is pushed nowhere."""
    steps = (checkout(), *build_setup(image.platforms), _build(image, load=False))
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
    # A daemon holds one platform of an image; the first one is scanned.
    alone = image.model_copy(update={"platforms": image.platforms[:1]})
    steps = (checkout(), *build_setup(alone.platforms), _build(alone, load=True), scan)
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


def build_setup(platforms: Sequence[str], shared_cache: bool = True) -> tuple[Step, ...]:
    """What a build needs: Buildx, and emulators where it builds for a platform that the runner is not.

    Without `shared_cache` nothing that is run comes from a cache that other runs can write.
    """
    kept: dict[str, Text] = {} if shared_cache else {"cache-binary": "false"}
    emulated = tuple(platform for platform in platforms if platform != PLATFORM)
    buildx = Step(
        id="setup-buildx",
        name="Set up Buildx",
        uses=pins.action("docker/setup-buildx-action"),
        inputs=kept,
    )
    return (*((_qemu(emulated, shared_cache),) if emulated else ()), buildx)


def _qemu(platforms: Sequence[str], shared_cache: bool) -> Step:
    kept: dict[str, Text] = {} if shared_cache else {"cache-image": "false"}
    return Step(
        id="setup-qemu",
        name="Set up emulators of other platforms",
        uses=pins.action("docker/setup-qemu-action"),
        inputs={"platforms": ",".join(platforms), **kept},
    )


def build_inputs(image: Image) -> dict[str, Text]:
    """What is built, and how: the inputs of the build action that say nothing of where it goes."""
    several = image.platforms != (PLATFORM,)
    inputs = {
        "context": image.context,
        "file": image.dockerfile,
        "target": image.target,
        "platforms": ",".join(image.platforms) if several else None,
        "build-args": "\n".join(_build_arg(*each) for each in image.build_args.items()) or None,
    }
    return {name: value for name, value in inputs.items() if value is not None}


def _build_arg(name: str, value: str) -> str:
    """One argument as the action reads them: lines of CSV, in which a comma or a quote needs quotes around it all."""
    argument = f"{name}={value}"
    return '"' + argument.replace('"', '""') + '"' if re.search('[",]', argument) else argument


def _build(image: Image, load: bool) -> Step:
    cache: dict[str, Text] = {
        "cache-from": f"type=gha,scope={image.name}",
        "cache-to": f"type=gha,scope={image.name},mode=max",
    }
    return Step(
        id="build-image",
        name="Build the image",
        uses=pins.action("docker/build-push-action"),
        inputs={
            **build_inputs(image),
            "tags": _tag(image),
            "push": "false",
            "load": "true" if load else "false",
            **(cache if image.cache else {"no-cache": "true"}),
        },
    )
