"""A repository as the audit looks at it. Everything is read when a rule first asks for it, and once."""

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from cicd_defs.facts.detect import detect
from cicd_defs.facts.source import Source, UnreadableSource
from cicd_defs.facts.stacks import Stacks
from cicd_defs.facts.tree import Tree
from cicd_defs.facts.workflow import ACTION_PATH, WORKFLOW_PATH, WrittenWorkflow
from cicd_defs.facts.yaml_nodes import UnreadableYaml


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
    be put there. It is asked only where something is missing.
    """

    def __init__(
        self,
        tree: Tree,
        *,
        whole: bool = True,
        offers: Callable[[], Mapping[str, str]] | None = None,
        stacks: Stacks | None = None,
    ) -> None:
        self.tree, self.whole = tree, whole
        self._offers, self._stacks = offers, stacks
        self._sources: dict[str, Source | None] = {}
        self.unread: list[Unread] = []

    @cached_property
    def paths(self) -> frozenset[str]:
        """All paths."""
        return frozenset(self.tree.paths)

    @cached_property
    def offered(self) -> Mapping[str, str]:
        """What we would write there."""
        return self._offers() if self._offers else {}

    @cached_property
    def stacks(self) -> Stacks:
        """What is detected in it."""
        return self._stacks if self._stacks is not None else detect(self.tree)

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

    def _read_workflows(self) -> Iterator[WrittenWorkflow]:
        for path in self.tree.paths:
            if not path.endswith((".yml", ".yaml")):
                continue
            if not (WORKFLOW_PATH.fullmatch(path) or ACTION_PATH.fullmatch(path)):
                continue
            source = self.source(path)
            if source is None:
                continue
            try:
                yield WrittenWorkflow.read(source)
            except UnreadableYaml as error:
                self.unread.append(Unread(source, error.offset, str(error)))

    @cached_property
    def modules(self) -> tuple[PythonModule, ...]:
        """Its Python files; what is no Python is left to Python's own tools."""
        return tuple(filter(None, (self._module(path) for path in self.tree.paths if path.endswith(".py"))))

    def _module(self, path: str) -> PythonModule | None:
        source = self.source(path)
        if source is None:
            return None
        try:
            return PythonModule(source, ast.parse(source.text.removeprefix("\ufeff")))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
