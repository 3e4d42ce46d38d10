"""A repository as the audit looks at it. Everything is read when a rule first asks for it, and once."""

import ast
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cicd_defs.facts.source import Source, UnreadableSource
from cicd_defs.facts.tree import Tree
from cicd_defs.facts.workflow import ACTION_PATH, WORKFLOW_PATH, WrittenWorkflow
from cicd_defs.facts.yaml_nodes import UnreadableYaml

if TYPE_CHECKING:
    from cicd_defs.facts.stacks import Stacks


_OF_CODE = (".py", ".pyi", ".toml", ".cfg", ".ini", ".json", "py.typed")
"""Files that findings in Python code may hang on: the code itself, and how its tools are configured."""

_NOT_AT_HAND = "its rights forbid it, it is a link, or it has more bytes than are read"


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that could not be read, where, and why."""

    source: Source
    offset: int
    reason: str


@dataclass(eq=False)
class PythonModule:
    """A Python file and its tree."""

    source: Source
    tree: ast.Module

    @property
    def path(self) -> str:
        """Where it is in the repository."""
        return self.source.path

    def span(self, node: ast.AST) -> tuple[int, int]:
        """From where to where a node stands, in characters: Python counts columns in bytes of UTF-8."""
        return self._offset(node, "lineno", "col_offset"), self._offset(node, "end_lineno", "end_col_offset")

    def _offset(self, node: ast.AST, line_name: str, column_name: str) -> int:
        line, column = getattr(node, line_name), getattr(node, column_name)
        begin = self.source.starts[line - 1]
        text = self.source.text[begin : self.source.line_end(begin)]
        if not text.isascii():
            column = len(text.encode("utf-8")[:column].decode("utf-8", "ignore"))
        return int(begin + column + (line == 1 and self.source.text.startswith("\ufeff")))


class Repository:
    """What rules ask. `whole` is False where only some files are at hand: nothing follows from what is not there.

    `offers` gives the files that a declaration of the repository would have us write, by path: what is missing can
    be put there. It is asked only where something is missing. `workflow_paths` says which files are workflows, where
    that does not follow from their names. `found_in_code` keeps what each rule found in Python code, by the rule's
    name and the `code_state`: the files of it that are in another state than they were.
    """

    def __init__(
        self,
        tree: Tree,
        *,
        whole: bool = True,
        workflow_paths: Collection[str] | None = None,
        offers: Callable[[], Mapping[str, str]] | None = None,
        stacks: "Stacks | None" = None,
    ) -> None:
        self.tree, self.whole = tree, whole
        self._workflow_paths = workflow_paths
        self._offers, self._stacks = offers, stacks
        self._stacks_of: Repository | None = None
        self._sources: dict[str, Source | None] = {}
        self._read: dict[str, WrittenWorkflow] = {}
        self._parsed: dict[str, PythonModule | None] = {}
        self.unread: list[Unread] = []
        self.notes: dict[str, Any] = {}
        self.code_state: frozenset[tuple[str, str]] = frozenset()
        self.found_in_code: dict[tuple[str, frozenset[tuple[str, str]]], tuple[Any, ...]] = {}

    @cached_property
    def paths(self) -> frozenset[str]:
        """All paths."""
        return frozenset(self.tree.paths)

    @cached_property
    def offered(self) -> Mapping[str, str]:
        """What we would write there."""
        if self._stacks_of is not None:
            return self._stacks_of.offered
        return self._offers() if self._offers else {}

    @cached_property
    def stacks(self) -> "Stacks":
        """What is detected in it."""
        if self._stacks_of is not None:
            return self._stacks_of.stacks
        if self._stacks is None:
            from cicd_defs.facts.detect import (
                detect,  # most of what it knows is needed for whole repositories only
            )

            self._stacks = detect(self.tree)
        return self._stacks

    @classmethod
    def of_workflows(cls, workflows: Iterable[WrittenWorkflow]) -> "Repository":
        """Some workflows that were read already, perhaps of several repositories, and nothing else."""
        read = {one.path: one for one in workflows}
        held = Tree(tuple(read), lambda path: read[path].source.text.encode() if path in read else None)
        repository = cls(held, whole=False, workflow_paths=frozenset(read))
        repository._read = read
        repository._sources = {path: one.source for path, one in read.items()}
        return repository

    def changed(self, state: Mapping[str, str]) -> "Repository":
        """The same with some files in another state. What it is made of counts as it was.

        What was read here is not read again; what was found in Python code is kept as long as nothing of it changes.
        """
        if not state:
            return self
        paths = tuple(sorted({*self.tree.paths, *state}))
        read = self.tree.read
        tree = Tree(paths, lambda path: state[path].encode() if path in state else read(path))
        now = Repository(tree, whole=self.whole, workflow_paths=self._workflow_paths, offers=self._offers)
        now._stacks_of = self
        now.found_in_code = self.found_in_code
        now.code_state = self.code_state | {
            (path, text) for path, text in state.items() if path.endswith(_OF_CODE)
        }
        # What could not be read is read again, so that it is told again.
        now._sources = {path: held for path, held in self._sources.items() if held and path not in state}
        now._read = {path: held for path, held in self._read.items() if path not in state}
        now._parsed = {path: held for path, held in self._parsed.items() if path not in state}
        return now

    def source(self, path: str) -> Source | None:
        """A file's text; None where it is not there or cannot be read."""
        if path not in self._sources:
            data = self.tree.read(path)
            try:
                self._sources[path] = None if data is None else Source.of(path, data)
            except UnreadableSource as error:
                self._sources[path] = None
                begun = Source(path, "\n" * (error.line - 1))
                self.unread.append(Unread(begun, error.line - 1, str(error)))
        return self._sources[path]

    @cached_property
    def workflows(self) -> tuple[WrittenWorkflow, ...]:
        """Its workflow files, and the files of its own actions, in order of their paths."""
        return tuple(self._read_workflows())

    @cached_property
    def workflow_at(self) -> Mapping[str, WrittenWorkflow]:
        """The same by their paths."""
        return {workflow.path: workflow for workflow in self.workflows}

    def action_in(self, folder: str) -> WrittenWorkflow | None:
        """The action in a folder of this repository; None where there is none that can be read."""
        names = (f"{folder}/{name}".lstrip("/") for name in ("action.yml", "action.yaml"))
        return next(filter(None, map(self.workflow_at.get, names)), None)

    @cached_property
    def callers(self) -> Mapping[str, tuple[WrittenWorkflow, ...]]:
        """The workflow files of which a job calls the workflow at a path of this repository, by that path."""
        calling: dict[str, dict[str, WrittenWorkflow]] = {}
        for workflow in self.workflows:
            for job in workflow.jobs:
                called = job.uses.text.strip() if job.uses else ""
                if called.startswith("./"):
                    calling.setdefault(called[2:], {})[workflow.path] = workflow
        return {path: tuple(held.values()) for path, held in calling.items()}

    def _read_workflows(self) -> Iterator[WrittenWorkflow]:
        for path in self.tree.paths:
            if not self._is_workflow(path):
                continue
            source = self.source(path)
            if source is None:
                if self.tree.read(path) is None:
                    self.unread.append(Unread(Source(path, ""), 0, _NOT_AT_HAND))
                continue
            try:
                if path not in self._read:
                    self._read[path] = WrittenWorkflow.read(source)
                yield self._read[path]
            except UnreadableYaml as error:
                self.unread.append(Unread(source, error.offset, str(error)))

    def _is_workflow(self, path: str) -> bool:
        if self._workflow_paths is not None:
            return path in self._workflow_paths
        if not path.endswith((".yml", ".yaml")):
            return False
        # GitHub runs the workflows of the root only.
        in_root = path.startswith(".github/") and WORKFLOW_PATH.fullmatch(path)
        return bool(in_root or ACTION_PATH.fullmatch(path))

    @cached_property
    def modules(self) -> tuple[PythonModule, ...]:
        """Its Python files; what is no Python is left to Python's own tools."""
        return tuple(filter(None, (self._module(path) for path in self.tree.paths if path.endswith(".py"))))

    def _module(self, path: str) -> PythonModule | None:
        if path not in self._parsed:
            self._parsed[path] = self._parse(path)
        return self._parsed[path]

    def _parse(self, path: str) -> PythonModule | None:
        source = self.source(path)
        if source is None:
            return None
        try:
            return PythonModule(source, ast.parse(source.text.removeprefix("\ufeff")))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
