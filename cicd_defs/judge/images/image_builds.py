"""Builds of container images in a workflow: what is built from what, read off actions and commands."""

from collections.abc import Iterator
from dataclasses import dataclass

from cicd_defs.facts.patterns import regex
from cicd_defs.facts.script import Command
from cicd_defs.facts.shell import moved_to
from cicd_defs.facts.workflow import WrittenStep

ACTIONS = frozenset(
    {
        "docker/build-push-action",
        "depot/build-push-action",
        "useblacksmith/build-push-action",
        "redhat-actions/buildah-build",
    }
)
_PROGRAMS = (
    ("docker", "build"),
    ("docker", "buildx", "build"),
    ("docker", "image", "build"),
    ("docker", "builder", "build"),
    ("podman", "build"),
    ("nerdctl", "build"),
    ("buildah", "bud"),
    ("buildah", "build"),
    ("docker", "compose", "build"),
    ("docker-compose", "build"),
)
_HERE = regex(r"^(?:\$\{?(?:PWD|GITHUB_WORKSPACE)\}?|\$\(pwd\)|\$\{\{ *github\.workspace *}})/?")
_SHORT = {"-f": "--file", "-t": "--tag", "-o": "--output"}
_WITH_VALUE = frozenset(
    {
        *(
            "--file",
            "--tag",
            "--target",
            "--build-arg",
            "--platform",
            "--cache-from",
            "--cache-to",
            "--label",
        ),
        *(
            "--secret",
            "--ssh",
            "--network",
            "--progress",
            "--output",
            "--iidfile",
            "--build-context",
            "--add-host",
        ),
        *(
            "--memory",
            "--cpus",
            "--shm-size",
            "--ulimit",
            "--builder",
            "--metadata-file",
            "--isolation",
            "--attest",
        ),
        *("--annotation", "--allow", "--cgroup-parent", "--no-cache-filter"),
    }
)


@dataclass(frozen=True, slots=True)
class ImageBuild:
    """One build. `what` is the same for two builds of the same image; `start` and `end` are where it stands."""

    step: WrittenStep
    start: int
    end: int
    what: tuple[str, ...]
    tags: tuple[str, ...]
    pushes: bool
    cached: bool
    command: Command | None = None

    @property
    def dockerfile(self) -> str:
        """The Dockerfile, for people."""
        return self.what[1]


def builds_in(step: WrittenStep) -> Iterator[ImageBuild]:
    """The images that a step builds."""
    if step.action in ACTIONS:
        yield _of_action(step)
        return
    if step.run is None or not ("build" in step.run.text or "bud" in step.run.text):
        return
    folder = moved_to(".", step.directory)
    for command in step.commands:
        if command.name == "cd" and len(command.words) > 1:
            folder = moved_to(folder, command.words[1])
        words = command.words[1:] if command.words[:1] == ("sudo",) else command.words
        program = next((one for one in _PROGRAMS if words[: len(one)] == one), None)
        if program is not None and command.function is None:
            yield _of_command(step, command, words[len(program) :], folder)


def _of_action(step: WrittenStep) -> ImageBuild:
    assert step.uses is not None
    context = step.given("context") or "."
    local = context if "{{" in context else moved_to(".", context.removeprefix("./"))
    file = step.given("file") or step.given("dockerfiles")
    dockerfile = moved_to(".", file) if file else moved_to(local, "Dockerfile")
    arguments = " ".join(sorted(step.given("build-args").split()))
    what = (
        local,
        dockerfile,
        step.given("target"),
        arguments,
        step.given("platforms"),
        step.given("build-contexts"),
    )
    push = step.given("push") not in {"", "false"} or "push=true" in step.given("outputs")
    tags = tuple(step.given("tags").split())
    return ImageBuild(step, step.uses.start, step.uses.end, what, tags, push, bool(step.given("cache-from")))


def _of_command(step: WrittenStep, command: Command, words: tuple[str, ...], folder: str) -> ImageBuild:
    options: dict[str, list[str]] = {}
    context = "."
    at = 0
    while at < len(words):
        word = words[at]
        name, equals, value = word.partition("=")
        name = _SHORT.get(name, name)
        if name in _WITH_VALUE and not equals and at + 1 < len(words):
            options.setdefault(name, []).append(words[at + 1])
            at += 1
        elif word.startswith("-") and word != "-":
            options.setdefault(name, []).append(value)
        else:
            context = word
        at += 1
    local = moved_to(folder, _HERE.sub("", context.strip("\"'")).removeprefix("./"))
    files = options.get("--file", [])
    dockerfile = (
        moved_to(folder, files[-1].strip("\"'").removeprefix("./"))
        if files
        else moved_to(local, "Dockerfile")
    )
    what = (
        local,
        dockerfile,
        *options.get("--target", [""])[-1:],
        " ".join(sorted(options.get("--build-arg", []))),
        ",".join(options.get("--platform", [])),
        " ".join(options.get("--build-context", [])),
    )
    if "compose" in command.words[:3] or command.name == "docker-compose":
        what = (folder, "docker-compose.yml", *words)
    start, end = step.place(command.start, command.end)
    tags = tuple(options.get("--tag", ()))
    return ImageBuild(step, start, end, what, tags, "--push" in options, "--cache-from" in options, command)
