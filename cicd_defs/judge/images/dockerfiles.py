"""Dockerfiles with the place of each instruction, and which of a repository's make an image that somebody runs.

A tolerant reader: what it does not understand is an instruction that nobody asks about.
Format: https://docs.docker.com/reference/dockerfile/
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from posixpath import dirname, join, normpath

from cicd_defs.facts.manifests import read_yaml, table
from cicd_defs.facts.source import Source
from cicd_defs.facts.sources import Role, role_of
from cicd_defs.facts.workflow import WrittenStep
from cicd_defs.judge.repository import Repository

MOST_INSTRUCTIONS = 2000
_NAME = re.compile(
    r"(?:Docker|Container)file(?:[._-][\w.-]+)?|[\w.-]+\.(?:dockerfile|Dockerfile|containerfile)"
)
_NO_DOCKERFILE = re.compile(
    r".*\.(?:dockerignore|containerignore|j2|jinja2?|tmpl|tpl|template|in|erb|md|py|go|ts|js|java|rs|rb|sh|txt)"
)
_FOR_DEVELOPERS = re.compile(
    r"(?:^|[._/-])(?:dev|devel|development|devcontainer|test|tests|testing|ci|debug|builder|build-env|playwright|cypress|selenium|e2e"
    r"|docs?|lint|bench|fuzz|cross|toolchain)(?:[._/-]|$)",
    re.IGNORECASE,
)
_COMPOSE = re.compile(r"(?:.*/)?(?:docker-)?compose(?:[._-][\w.-]+)?\.ya?ml")
_HEREDOC = re.compile(r"<<-?([\"']?)([A-Za-z_]\w*)\1")
_FLAG = re.compile(r"--([a-z-]+)(?:=(\"[^\"]*\"|\S*))?\s*")
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?:(:?[-+])([^}]*))?\})")
_DEFAULT = re.compile(r"(\w+)=(\"[^\"]*\"|'[^']*'|\S*)")


@dataclass(eq=False, slots=True)
class Instruction:
    """One instruction: its word in capitals, what follows it on one line, and from where to where it stands.

    `body` is the text of its heredocs.
    """

    word: str
    rest: str
    start: int
    end: int
    body: str = ""

    @property
    def flags(self) -> dict[str, str]:
        """Its flags by name: `--from=build` is `from`."""
        return _flags(self.rest)[0]

    @property
    def operands(self) -> str:
        """What follows its flags."""
        return _flags(self.rest)[1]

    @property
    def script(self) -> str:
        """What a `RUN` runs."""
        return f"{self.operands}\n{self.body}" if self.body else self.operands


@dataclass(eq=False)
class Stage:
    """One `FROM` and what follows. `base` is empty where nobody can tell what it is."""

    origin: Instruction
    name: str
    base: str
    instructions: list[Instruction] = field(default_factory=list)


class WrittenDockerfile:
    """A Dockerfile as it is written."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.path = source.path

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """Its stages in order."""
        stages: list[Stage] = []
        defaults: dict[str, str] = {}
        for one in _instructions(self.source):
            if one.word == "ARG" and not stages:
                defaults |= {name: value.strip("\"'") for name, value in _DEFAULT.findall(one.rest)}
            elif one.word == "FROM":
                words = one.operands.split()
                named = len(words) > 2 and words[1].lower() == "as"
                stages.append(
                    Stage(one, words[2] if named else "", _filled(words[0] if words else "", defaults))
                )
            elif stages:
                stages[-1].instructions.append(one)
        return tuple(stages)

    @property
    def final(self) -> Stage:
        """The stage that becomes the image. There is one: see `dockerfiles_of`."""
        return self.stages[-1]

    def line(self, stage: Stage) -> tuple[Stage, ...]:
        """A stage after those of the file that it builds on: what it inherits, oldest first."""
        chain = [stage]
        before = list(self.stages[: self.stages.index(stage)])
        while before:
            base = chain[0].base.lower()
            below = next((one for one in reversed(before) if one.name and one.name.lower() == base), None)
            if below is None:
                break
            chain.insert(0, below)
            before = before[: before.index(below)]
        return tuple(chain)

    def inherited(self, stage: Stage) -> list[Instruction]:
        """All instructions that make a stage, those of the stages that it builds on first."""
        return [one for part in self.line(stage) for one in part.instructions]

    def base_of(self, stage: Stage) -> str:
        """The image from elsewhere that a stage ends up on, in lower case; empty where nobody can tell."""
        return self.line(stage)[0].base.lower()

    @property
    def for_developers(self) -> bool:
        """Whether its name or its last stage's says that it is for tests or for developing."""
        return bool(_FOR_DEVELOPERS.search(self.path) or _FOR_DEVELOPERS.search(self.final.name))


def dockerfiles_of(repository: Repository) -> tuple[WrittenDockerfile, ...]:
    """The Dockerfiles of what the repository builds, in order; those of tests, examples and tools are left out."""
    found = []
    for path in repository.tree.paths:
        name = path.rpartition("/")[2]
        if "file" not in name.lower() or not _NAME.fullmatch(name) or _NO_DOCKERFILE.fullmatch(name):
            continue
        source = repository.source(path) if _is_project(path) else None
        if source is None:
            continue
        if "dockerfile" not in source.notes:
            source.notes["dockerfile"] = WrittenDockerfile(source)
        held = source.notes["dockerfile"]
        if isinstance(held, WrittenDockerfile) and held.stages:
            found.append(held)
    return tuple(found)


def _is_project(path: str) -> bool:
    own = path.removeprefix(".docker/")
    return role_of(own) is Role.PROJECT


def contexts_of(repository: Repository, path: str) -> tuple[str, ...]:
    """The folders that builds of a Dockerfile see: as workflows and compose files say, else as it can be told.

    Empty where it cannot be told.
    """
    told = [context for file, context in _told(repository) if file == path]
    if told:
        return tuple(dict.fromkeys(told))
    image = next((one for one in repository.stacks.images if one.dockerfile == path), None)
    return (image.context,) if image and image.context else ()


def _told(repository: Repository) -> list[tuple[str, str]]:
    """Each Dockerfile with a context that somebody builds it in."""
    found = [
        pair
        for workflow in repository.workflows
        for step in workflow.steps
        for pair in (*_by_action(step), *_by_command(step))
    ]
    for path in repository.tree.paths:
        if (
            path.endswith((".yml", ".yaml"))
            and _COMPOSE.fullmatch(path)
            and (source := repository.source(path))
        ):
            found += _by_compose(dirname(path), source.text)
    return found


def _by_action(step: WrittenStep) -> Iterator[tuple[str, str]]:
    if step.action == "docker/build-push-action":
        context, file = step.given("context") or ".", step.given("file")
        if "$" not in context + file and "://" not in context:
            context = _inside(".", context)
            yield _inside(".", file) if file else _inside(context, "Dockerfile"), context


def _by_command(step: WrittenStep) -> Iterator[tuple[str, str]]:
    for command in step.commands:
        words = command.words
        if command.name not in {"docker", "podman", "buildah", "nerdctl"} or not {"build", "bud"} & set(
            words[1:4]
        ):
            continue
        file, context = "", words[-1]
        for at, word in enumerate(words[:-1]):
            if word in {"-f", "--file"}:
                file = words[at + 1]
            elif word.startswith("--file="):
                file = word.removeprefix("--file=")
        if not re.search(r"[$:*]|^-", file + context) and "$" not in step.directory:
            context = _inside(step.directory, context)
            yield _inside(step.directory, file) if file else _inside(context, "Dockerfile"), context


def _by_compose(folder: str, text: str) -> Iterator[tuple[str, str]]:
    services = table(read_yaml(text), "services")
    for service in services.values():
        build = service.get("build") if isinstance(service, dict) else None
        named = {"context": build} if isinstance(build, str) else build if isinstance(build, dict) else {}
        context, file = named.get("context"), named.get("dockerfile", "Dockerfile")
        if isinstance(context, str) and isinstance(file, str) and "$" not in context + file:
            inside = _inside(folder or ".", context)
            yield _inside(inside, file), inside


def _inside(folder: str, path: str) -> str:
    return normpath(join("." if folder == "." else folder, path.strip())).lstrip("/") or "."


def copies_everything(instruction: Instruction) -> bool:
    """Whether a `COPY` or `ADD` takes the whole build context."""
    if instruction.word not in {"COPY", "ADD"} or "from" in instruction.flags:
        return False
    words = re.sub(r"[\[\]\",]", " ", instruction.operands).split()
    return any(word in {".", "./", "/", "*", "./*", "$PWD"} for word in words[:-1])


def _flags(rest: str) -> tuple[dict[str, str], str]:
    flags = {}
    while found := _FLAG.match(rest):
        flags[found[1]] = (found[2] or "").strip("\"'")
        rest = rest[found.end() :]
    return flags, rest


def _filled(text: str, defaults: dict[str, str]) -> str:
    """A base with the defaults of its variables; empty where one has none."""
    unknown = False

    def value(found: re.Match[str]) -> str:
        nonlocal unknown
        known = defaults.get(found[1] or found[2])
        instead = found[4] if found[3] in {":-", "-"} else None
        unknown = unknown or not (known or instead)
        return known or instead or ""

    filled = _VARIABLE.sub(value, text.strip("\"'"))
    # Only the version is unknown: what it is can be told all the same.
    name = re.split(r"[:@]", text, maxsplit=1)[0]
    return (name if name and "$" not in name else "") if unknown else filled


def _instructions(source: Source) -> Iterator[Instruction]:
    text = source.text
    at, count = int(text.startswith("\ufeff")), 0
    while at < len(text) and count < MOST_INSTRUCTIONS:
        end, after = source.line_end(at), source.next_line(at)
        line = text[at:end]
        if not line.strip() or line.lstrip().startswith("#"):
            at = after
            continue
        start = at + len(line) - len(line.lstrip())
        parts: list[str] = []
        while True:
            stripped = line.strip()
            if not (parts and (not stripped or stripped.startswith("#"))):
                parts.append(stripped.removesuffix("\\"))
                end_of_it = at + len(line.rstrip())
                if not stripped.endswith("\\"):
                    break
            if after >= len(text):
                break
            at, end, after = after, source.line_end(after), source.next_line(after)
            line = text[at:end]
        word, _, rest = " ".join(parts).replace("\t", " ").strip().partition(" ")
        body, after = (
            _heredocs(source, rest, after) if word.upper() in {"RUN", "COPY", "ADD"} else ("", after)
        )
        count += 1
        yield Instruction(word.upper(), rest.strip(), start, end_of_it, body)
        at = after


def _heredocs(source: Source, rest: str, after: int) -> tuple[str, int]:
    """The bodies of an instruction's heredocs, and where the file goes on."""
    begin = after
    for found in _HEREDOC.finditer(rest):
        at = after
        while at < len(source.text):
            line = source.text[at : source.line_end(at)].strip()
            at = source.next_line(at)
            if line == found[2]:
                after = at
                break
    return source.text[begin:after], after
