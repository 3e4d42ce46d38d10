"""The images that a job pushes, and under which tags."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cicd_defs.facts.patterns import regex
from cicd_defs.facts.script import Command
from cicd_defs.facts.workflow import WrittenJob, WrittenStep
from cicd_defs.facts.yaml_nodes import Mapping, Scalar

MOVING = regex(
    r"(?:latest|stable|edge|main|master|trunk|develop|development|dev|devel|next|nightly|canary|current|rolling|release"
    r"|prod|production|staging|stage|test|testing|beta|alpha|rc|snapshot)(?:-[a-z]+)*"
)
"""Tags that are given to another image tomorrow."""

_BUILDERS = ("docker/build-push-action", "redhat-actions/push-to-registry", "redhat-actions/buildah-build")
_METADATA = "docker/metadata-action"
_TRUE = regex(r"\s*(?:true|yes)\s*", re.IGNORECASE)
_PUSHERS = {"docker", "podman", "buildah", "nerdctl"}
_BUILT_AFAR = ("gcloud builds submit", "az acr build")
"""Commands that build an image where it is kept: a tag is all that they are told."""
_PASSING_BY = regex(r"(?:localhost|127\.0\.0\.1|\[::1]|kind-registry|registry\.local)(?::\d+)?/")
"""Registries of the job's own, which end with it."""


@dataclass(frozen=True, slots=True)
class Tagged:
    """One name of an image, and where it stands in a scalar's text. `command` is what names it in a script."""

    step: WrittenStep
    scalar: Scalar
    start: int
    end: int
    reference: str
    command: Command | None = None

    @property
    def name(self) -> str:
        """The image without its tag."""
        return split(self.reference)[0]

    @property
    def tag(self) -> str:
        """Its tag: `latest` where none is written."""
        return split(self.reference)[1]


def split(reference: str) -> tuple[str, str]:
    """An image's name and tag, `latest` where it has none; what is worked out at its end may hold any tag."""
    bare = re.sub(r"\$\{\{.*?}}|\$\{[^}]*}", lambda found: "_" * len(found[0]), reference)
    at = bare.rfind(":")
    if at < 0 or "/" in bare[at:]:
        return reference, "${{ }}" if re.search(r"}$|\$\w+$", reference) else "latest"
    return reference[:at], reference[at + 1 :]


def pushed_by(job: WrittenJob) -> Iterator[Tagged]:
    """Every name under which a job pushes an image, as far as it is written in the job."""
    for step in job.steps:
        if step.action in _BUILDERS and _pushes(step):
            scalar = step.inputs.get("tags")
            found = _listed(step, scalar) if scalar is not None else iter(())
        elif step.run is not None and ("push" in step.run.text or any(map(step.run.text.count, _BUILT_AFAR))):
            found = _by_commands(step)
        else:
            continue
        yield from (one for one in found if not _PASSING_BY.match(literal(job, step, one.reference)))


def _pushes(step: WrittenStep) -> bool:
    if step.action == "redhat-actions/push-to-registry":
        return True
    push = step.given("push")
    if "push-by-digest=true" in step.given("outputs"):  # it gets its tags when its parts are put together
        return False
    return (
        bool(_TRUE.fullmatch(push))
        or "${{" in push
        or re.search(r"type=registry|push=true", step.given("outputs")) is not None
    )


def _listed(step: WrittenStep, scalar: Scalar) -> Iterator[Tagged]:
    """The items of a list that is divided by commas or lines."""
    for found in re.finditer(r"(?:\$\{\{.*?}}|[^\s,#])+", scalar.text):
        yield Tagged(step, scalar, found.start(), found.end(), found[0])


def _by_commands(step: WrittenStep) -> Iterator[Tagged]:
    assert step.run is not None
    for command in step.commands:
        words = command.words
        if command.depth:
            continue
        if command.plain.startswith(_BUILT_AFAR):
            yield from _tags_of(step, step.run, command, ("-t", "--tag", "--image"))
        if command.name == "crane" and words[1:2] == ("push",) and len(words) > 3:
            yield _word(step, step.run, command, 3, words[3])
        if command.name not in _PUSHERS:
            continue
        if "build" in words[1:4] and command.has("--push"):
            yield from _tags_of(step, step.run, command, ("-t", "--tag"))
        elif words[1:2] == ("push",) or words[1:3] == ("image", "push"):
            named = [
                at for at in range(2, len(words)) if not words[at].startswith("-") and words[at] != "push"
            ]
            if named and not command.has("-a", "--all-tags"):
                yield _word(step, step.run, command, named[0], words[named[0]])


def _tags_of(step: WrittenStep, scalar: Scalar, command: Command, names: tuple[str, ...]) -> Iterator[Tagged]:
    """The images that a command is told by an option of these names."""
    words = command.words
    for at, word in enumerate(words):
        if word in names and at + 1 < len(words):
            yield _word(step, scalar, command, at + 1, words[at + 1])
        elif word.startswith("--tag="):
            yield _word(step, scalar, command, at, word.removeprefix("--tag="), len("--tag="))


def _word(
    step: WrittenStep, scalar: Scalar, command: Command, index: int, word: str, ahead: int = 0
) -> Tagged:
    start, end = command.spans[index]
    return Tagged(step, scalar, start + ahead, end, word.strip("\"'"), command)


def metadata_tags(job: WrittenJob) -> Iterator[tuple[WrittenStep, Scalar]]:
    """The steps that work out tags from a list of kinds, with that list."""
    for step in job.steps:
        if step.action == _METADATA and (scalar := step.inputs.get("tags")) is not None and step.id:
            yield step, scalar


def uses_metadata(job: WrittenJob, step: WrittenStep) -> bool:
    """Whether an image is pushed under the tags that a step has worked out."""
    word = f"steps.{step.id}.outputs."
    return any(
        other.action in _BUILDERS
        and _pushes(other)
        and any(word in node.text for node in other.inputs.values())
        for other in job.steps
    )


def literal(job: WrittenJob, step: WrittenStep, text: str) -> str:
    """A text in which variables and `env` have their values, where these are written in the file."""

    def value(found: re.Match[str]) -> str:
        name = found[1] or found[2] or found[3]
        for owner in (step.node, job.node, job.file.root):
            given: Mapping | None = owner.mapping("env")
            held = given.text(name) if given else None
            if held is not None:
                return held if "${{" not in held and "$" not in held else found[0]
        return found[0]

    if "$" not in text:
        return text
    return re.sub(r"\$\{\{\s*env\.(\w+)\s*}}|\$\{(\w+)\}|\$(\w+)", value, text)
