"""A workflow file or an action's file as people wrote it: jobs and steps that know their place.

Anybody's file becomes this, however odd: what is not there counts as empty, what has the wrong shape is left out.
Syntax: https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax
"""

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any, Literal

from cicd_defs.facts.scalar_map import places_in
from cicd_defs.facts.script import Command, Script, read_script
from cicd_defs.facts.source import Source
from cicd_defs.facts.yaml_nodes import (
    Mapping,
    Node,
    Scalar,
    Sequence,
    nothing_in,
    read_yaml,
    scalars,
    texts_of,
)

WORKFLOW_PATH = re.compile(r"(?:^|.*/)\.github/workflows/[^/]+\.ya?ml")
ACTION_PATH = re.compile(r"(?:^|.*/)action\.ya?ml")
FileKind = Literal["workflow", "action"]

_POSIX = {"bash": (True, True), "sh": (True, False)}
_OTHER_SHELLS = ("pwsh", "powershell", "cmd", "python", "node", "perl", "ruby", "nu", "fish")
_WHOLE = re.compile(r"\s*\$\{\{(.*)}}\s*", re.DOTALL)


class WrittenStep:
    """One step. `uses` and `run` are what it runs, `index` counts from 0."""

    def __init__(self, job: "WrittenJob", node: Mapping, index: int) -> None:
        self.job, self.node, self.index = job, node, index
        self.id = node.text("id")
        self.name = node.text("name")
        self.uses = node.scalar("uses")
        self.run = node.scalar("run")
        self.condition = node.scalar("if")
        self.notes: dict[str, Any] = {}

    @property
    def source(self) -> Source:
        """The file that it stands in."""
        return self.job.file.source

    @cached_property
    def action(self) -> str:
        """The action without its version, in lower case: `actions/checkout`; empty where it uses none."""
        return self.uses.text.partition("@")[0].strip().lower() if self.uses else ""

    @cached_property
    def version(self) -> str:
        """What stands behind the action's `@`."""
        return self.uses.text.partition("@")[2].strip() if self.uses else ""

    @cached_property
    def inputs(self) -> dict[str, Scalar]:
        """What is given to the action under `with`, by name in lower case."""
        given = self.node.mapping("with")
        pairs = given.pairs if given else []
        return {key.text.lower(): node for key, node in pairs if isinstance(node, Scalar)}

    def given(self, name: str) -> str:
        """The text of an input; empty where it is not given."""
        node = self.inputs.get(name)
        return node.text.strip() if node else ""

    @cached_property
    def shell(self) -> str:
        """The shell that runs the script; empty where nothing says so, and the runner's default counts."""
        written = self.node.text("shell")
        if written is None:
            written = self.job.default("shell") or self.job.file.default("shell")
        return (written or "").strip()

    @cached_property
    def script(self) -> Script | None:
        """The commands of `run`; None where there are none, or its shell is none like sh."""
        if self.run is None:
            return None
        shell = self.shell
        first = shell.split(" ")[0].rpartition("/")[2]
        if first.startswith(_OTHER_SHELLS) or (not shell and self.job.on_windows):
            return None
        errexit, pipefail = _POSIX.get(shell, (True, False))
        if " " in shell and first in {"bash", "sh", "zsh"}:
            errexit = bool(re.search(r"\s-\w*e|errexit", shell))
            pipefail = "pipefail" in shell
        return read_script(self.run.text, errexit, pipefail)

    @property
    def commands(self) -> tuple[Command, ...]:
        """The commands of `run`."""
        return self.script.commands if self.script else ()

    @cached_property
    def _places(self) -> list[int] | None:
        return places_in(self.source, self.run) if self.run else None

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where a part of the script stands in the file; the whole script where that cannot be told."""
        assert self.run is not None
        places = self._places
        if places is None or end >= len(places):
            return self.run.start, self.run.end
        last = places[end - 1] + 1 if end > start else places[end]
        return places[start], max(last, places[start])

    @property
    def can_be_edited(self) -> bool:
        """Whether each character of the script has its own place in the file, and is seen from here only."""
        return self.run is not None and self._places is not None and not self.run.aliased

    @cached_property
    def directory(self) -> str:
        """The folder that the script runs in, relative to the repository."""
        written = self.node.text("working-directory")
        if written is None:
            written = self.job.default("working-directory") or self.job.file.default("working-directory")
        return (written or ".").strip().strip("/") or "."


class WrittenJob:
    """One job; of an action's file, what it runs. `key` is its name in the file, None for an action."""

    def __init__(self, file: "WrittenWorkflow", key: Scalar | None, node: Mapping) -> None:
        self.file, self.key, self.node = file, key, node
        self.id = key.text if key else ""
        self.condition = node.scalar("if")
        self.uses = node.scalar("uses")
        self.notes: dict[str, Any] = {}

    @cached_property
    def needs(self) -> tuple[Scalar, ...]:
        """The jobs that it waits for, as written."""
        return tuple(texts_of(self.node.get("needs")))

    @cached_property
    def steps(self) -> tuple[WrittenStep, ...]:
        """Its steps."""
        listed = self.node.sequence("steps")
        items = listed.items if listed else []
        return tuple(
            WrittenStep(self, item, at) for at, item in enumerate(items) if isinstance(item, Mapping)
        )

    def default(self, key: str) -> str | None:
        """`defaults.run.KEY` of the job."""
        return _default(self.node, key)

    @cached_property
    def labels(self) -> tuple[Scalar, ...]:
        """What `runs-on` asks for, as written."""
        node = self.node.get("runs-on")
        return tuple(texts_of(node.get("labels") if isinstance(node, Mapping) else node))

    @cached_property
    def on_windows(self) -> bool:
        """Whether it certainly runs on Windows."""
        return any(label.text.lower().startswith("windows") for label in self.labels)

    @cached_property
    def matrix(self) -> Mapping | None:
        """`strategy.matrix`, where it is written out."""
        strategy = self.node.mapping("strategy")
        return strategy.mapping("matrix") if strategy else None

    @cached_property
    def axes(self) -> dict[str, Sequence]:
        """The matrix' own lists, by name."""
        pairs = self.matrix.pairs if self.matrix else []
        return {
            key.text: node
            for key, node in pairs
            if isinstance(node, Sequence) and key.text not in {"include", "exclude"}
        }

    @cached_property
    def environment(self) -> str | None:
        """The environment that it deploys to; None where it has none."""
        node = self.node.get("environment")
        return (
            node.text("name")
            if isinstance(node, Mapping)
            else node.text
            if isinstance(node, Scalar)
            else None
        )

    @cached_property
    def has_deployment(self) -> bool:
        """Whether it names an environment."""
        return not nothing_in(self.node.get("environment"))


class WrittenWorkflow:
    """One file. `root` is None where it is empty or no map."""

    def __init__(self, source: Source, root: Node | None, kind: FileKind) -> None:
        self.source, self.kind = source, kind
        self.root = root if isinstance(root, Mapping) else Mapping(0, 0, False)
        self.path = source.path
        self.notes: dict[str, Any] = {}

    @classmethod
    def read(cls, source: Source) -> "WrittenWorkflow":
        """Read a file. Raises `UnreadableYaml`."""
        kind: FileKind = "action" if ACTION_PATH.fullmatch(source.path) else "workflow"
        return cls(source, read_yaml(source), kind)

    @cached_property
    def name(self) -> str:
        """Its name, else its path."""
        return self.root.text("name") or self.path

    @cached_property
    def events(self) -> dict[str, tuple[Scalar, Node | None]]:
        """What starts it: each event's name as written, and what stands below it."""
        node = self.root.get("on")
        if isinstance(node, Mapping):
            return {key.text: (key, below) for key, below in node.pairs}
        return {scalar.text: (scalar, None) for scalar in texts_of(node)}

    def event(self, name: str) -> Mapping | None:
        """What stands below an event, where it is a map."""
        pair = self.events.get(name)
        return pair[1] if pair and isinstance(pair[1], Mapping) else None

    @cached_property
    def jobs(self) -> tuple[WrittenJob, ...]:
        """Its jobs; an action has none."""
        jobs = self.root.mapping("jobs") if self.kind == "workflow" else None
        pairs = jobs.pairs if jobs else []
        return tuple(WrittenJob(self, key, node) for key, node in pairs if isinstance(node, Mapping))

    @cached_property
    def by_id(self) -> dict[str, WrittenJob]:
        """Its jobs by name."""
        return {job.id: job for job in self.jobs}

    @cached_property
    def steps(self) -> tuple[WrittenStep, ...]:
        """All steps of all jobs; of an action, its own."""
        if self.kind == "action":
            runs = self.root.mapping("runs")
            return WrittenJob(self, None, runs).steps if runs else ()
        return tuple(step for job in self.jobs for step in job.steps)

    def default(self, key: str) -> str | None:
        """`defaults.run.KEY` of the file."""
        return _default(self.root, key)

    @cached_property
    def is_called(self) -> bool:
        """Whether other workflows call it, and nothing else starts it."""
        return set(self.events) == {"workflow_call"}

    def needed_by(self, job: WrittenJob) -> Iterator[WrittenJob]:
        """The jobs that wait for a job directly."""
        return (other for other in self.jobs if any(need.text == job.id for need in other.needs))

    def waits_for(self, job: WrittenJob) -> frozenset[str]:
        """The names of all jobs that come before a job, also through others."""
        seen: set[str] = set()
        waiting = [need.text for need in job.needs]
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                above = self.by_id.get(name)
                waiting.extend(need.text for need in above.needs) if above else None
        return frozenset(seen)


def _default(node: Mapping, key: str) -> str | None:
    defaults = node.mapping("defaults")
    run = defaults.mapping("run") if defaults else None
    return run.text(key) if run else None


def bare_condition(scalar: Scalar | None) -> str | None:
    """An `if:` without its `${{ }}`, which it may leave out; None where there is none."""
    if scalar is None:
        return None
    whole = _WHOLE.fullmatch(scalar.text)
    return whole[1].strip() if whole and "${{" not in whole[1] else scalar.text.strip()


def speaks_of(node: Node | None, word: str) -> bool:
    """Whether any text below a node has a word in it, such as `matrix.`."""
    return any(word in scalar.text for scalar in scalars(node))
