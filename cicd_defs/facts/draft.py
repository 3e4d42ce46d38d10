"""A component while it is being detected: where it is, what belongs to it, and what has been claimed of it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from cicd_defs.facts.invocations import Invocation
from cicd_defs.facts.stacks import Claim, StackName
from cicd_defs.facts.survey import Survey, folder_of, is_within

MOST_EVIDENCE = 5
STACKS_OF_EXTENSION: dict[str, tuple[StackName, ...]] = {
    **dict.fromkeys((".py", ".pyi", ".pyx"), ("python",)),
    **dict.fromkeys(
        (".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx", ".vue", ".svelte"), ("node",)
    ),
    **dict.fromkeys((".java", ".kt", ".groovy", ".scala"), ("java",)),
    ".go": ("go",),
    ".rs": ("rust",),
}


@dataclass(frozen=True)
class Dependency:
    """A package that a manifest asks for: where, whether only for developing, and in which part of the manifest.

    `part` is `group NAME`, `extra NAME`, `environment NAME` or `feature NAME` of a Python project, `optional` for what
    poetry installs on demand, `file PATH` of a requirements file, else empty.
    """

    name: str
    place: str
    dev: bool
    part: str = ""


@dataclass(eq=False)
class Draft:
    """One component in the making. `manifests` are all that describe it, its workspace members' included."""

    stack: StackName
    path: str
    manifest: str
    manifests: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    lock_file: str | None = None
    dependencies: tuple[Dependency, ...] = ()
    claims: "Claims" = field(default_factory=lambda: Claims())  # noqa: PLW0108  # Claims is defined below

    def dependency(self, *names: str, dev: bool = False) -> Dependency | None:
        """The first declared dependency of one of these names; with `dev`, development dependencies only."""
        return next((one for one in self.dependencies if one.name in names and (one.dev or not dev)), None)


class Claims:
    """Claims by kind, each with its evidence, in the order in which they were made."""

    def __init__(self) -> None:
        self._evidence: dict[str, dict[str, tuple[str, ...]]] = {}
        self._used: set[tuple[str, str]] = set()

    def add(self, kind: str, name: str, places: Iterable[str | None], *, used: bool = True) -> None:
        """Claim something, if there is any evidence of it; mere configuration does not show that it is `used`."""
        known = [place for place in places if place]
        if known:
            self._used |= {(kind, name)} if used else set()
            names = self._evidence.setdefault(kind, {})
            names[name] = tuple(dict.fromkeys((*names.get(name, ()), *known)))[:MOST_EVIDENCE]

    def drop(self, kind: str, name: str) -> None:
        """Take a claim back, because a stronger one says the same."""
        self._evidence.get(kind, {}).pop(name, None)

    def has(self, kind: str, name: str) -> bool:
        """Whether this was claimed."""
        return name in self._evidence.get(kind, {})

    def is_used(self, kind: str, name: str) -> bool:
        """Whether more than configuration speaks for it: a command, a hook, a dependency."""
        return (kind, name) in self._used

    def names(self, kind: str) -> tuple[str, ...]:
        """What was claimed of one kind."""
        return tuple(self._evidence.get(kind, {}))

    def evidence(self, kind: str, name: str) -> tuple[str, ...]:
        """Where a claim is founded."""
        return self._evidence.get(kind, {}).get(name, ())

    def of(self, kind: str) -> tuple[Claim, ...]:
        """The claims of one kind as values."""
        return tuple(Claim(name=name, evidence=self.evidence(kind, name)) for name in self.names(kind))


@dataclass(frozen=True)
class Scene:
    """What every detector looks at: the survey, the repository's components and the commands it runs."""

    survey: Survey
    drafts: tuple[Draft, ...]
    invocations: tuple[Invocation, ...]

    def owners(self, folder: str, stack: StackName) -> tuple[Draft, ...]:
        """The components of a stack that something in this folder speaks of.

        The deepest component around the folder; else, as with a root Makefile over several services, all below it.
        """
        if around := self.owner(folder, stack):
            return (around,)
        return tuple(draft for draft in self.drafts if draft.stack == stack and is_within(draft.path, folder))

    @cached_property
    def _homes(self) -> dict[tuple[str, str], Draft]:
        return {(draft.stack, draft.path): draft for draft in self.drafts}

    @cached_property
    def _files(self) -> dict[tuple[str, str], list[str]]:
        held: dict[tuple[str, str], list[str]] = {key: [] for key in self._homes}
        for path in self.survey.paths:
            extension = "." + path.rpartition(".")[2]
            for stack in STACKS_OF_EXTENSION.get(extension, ()):
                if draft := self.owner(folder_of(path), stack):
                    held[stack, draft.path].append(path)
        return held

    def owner(self, folder: str, stack: StackName) -> Draft | None:
        """The deepest component of a stack around a folder."""
        while folder != "." and (stack, folder) not in self._homes:
            folder = folder_of(folder)
        return self._homes.get((stack, folder))

    @cached_property
    def _folders(self) -> frozenset[str]:
        return frozenset(draft.path for draft in self.drafts)

    @cached_property
    def size(self) -> int:
        """How many source files all components have."""
        return sum(map(len, self._files.values()))

    def is_inside_another(self, draft: Draft) -> bool:
        """Whether a component lies in the folder of another one, of whatever stack."""
        folder = draft.path
        while folder != ".":
            folder = folder_of(folder)
            if folder in self._folders:
                return True
        return False

    def sources(self, draft: Draft) -> list[str]:
        """The source files of a component, in the languages of its stack; other components' are left out."""
        return self._files[draft.stack, draft.path]

    def owners_of_place(self, folder: str, stack: StackName) -> tuple[Draft, ...]:
        """As `owners`; a folder outside all components speaks of the whole repository."""
        key = (folder, stack)
        if key not in self._owners:
            self._owners[key] = self.owners(folder, stack) or self.owners(".", stack)
        return self._owners[key]

    def invoked(self, draft: Draft, pattern: re.Pattern[str]) -> tuple[Invocation, ...]:
        """The commands matching a pattern that run in a component."""
        matching = self.matching(pattern)
        return tuple(one for one in matching if draft in self.owners_of_place(one.folder, draft.stack))

    def matching(self, pattern: re.Pattern[str]) -> tuple[Invocation, ...]:
        """The commands matching a pattern, wherever they run; asked of many components, found once."""
        if pattern not in self._matching:
            self._matching[pattern] = tuple(one for one in self.invocations if pattern.match(one.command))
        return self._matching[pattern]

    @cached_property
    def _matching(self) -> dict[re.Pattern[str], tuple[Invocation, ...]]:
        return {}

    @cached_property
    def _owners(self) -> dict[tuple[str, StackName], tuple[Draft, ...]]:
        return {}


def depth_of(path: str) -> int:
    """How many folders deep a path is; the root is 0."""
    return 0 if path == "." else path.count("/") + 1


def package_pattern(name: str) -> str:
    """A regular expression that finds a package's name as a manifest writes it, `-`, `_` and `.` being the same."""
    parts = [re.escape(part) for part in re.split(r"[-_.]+", name)]
    return r"(?i)(?<![\w./@-])" + r"[-_.]+".join(parts) + r"(?![\w./@-])"
