"""A test file as pytest sees it: tests, fixtures, marks, what is replaced, and the edits that tests are mended with."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from cicd_defs.facts.findings import Edit
from cicd_defs.judge.python.code import (
    FUNCTIONS,
    Function,
    ModuleCode,
    ProjectCode,
    bound_in,
    keyword,
    statements_of,
    text_of,
)
from cicd_defs.judge.python.outside_calls import written
from cicd_defs.judge.python.places import has_test_name, is_test_data, stem_of

SETUPS = frozenset(
    {
        *("setUp", "setUpClass", "setup_method", "setup_class", "setup_function", "setup_module"),
        *("asyncSetUp", "setUpModule", "setUpTestData"),
    }
)
TEARDOWNS = frozenset(
    {
        *("tearDown", "tearDownClass", "teardown_method", "teardown_class", "teardown_function"),
        *("teardown_module", "asyncTearDown", "tearDownModule", "doCleanups"),
    }
)
_FIXTURES = frozenset({"pytest.fixture", "pytest.yield_fixture", "pytest_asyncio.fixture"})
_UNITTEST = re.compile(r"TestCase$|^unittest\.|TestCaseMixin$|TransactionTestCase$")


@dataclass(frozen=True, eq=False)
class SuiteFunction:
    """A function of a test file that pytest runs by itself: a test, a fixture, or what sets a class up."""

    file: "SuiteFile"
    node: Function
    owner: ast.ClassDef | None

    @property
    def is_test(self) -> bool:
        """Whether it is a test."""
        return self.node.name.startswith("test")

    @property
    def is_fixture(self) -> bool:
        """Whether it is a fixture."""
        return self.scope is not None

    @cached_property
    def scope(self) -> str | None:
        """How long a fixture's value lives: `function`, `session`; empty where it is not written out."""
        for decorator in self.node.decorator_list:
            call = decorator if isinstance(decorator, ast.Call) else None
            if self.file.code.dotted(call.func if call else decorator) in _FIXTURES:
                given = keyword(call, "scope") if call else None
                return (text_of(given) or "") if given is not None else "function"
        return None

    @property
    def is_for_all(self) -> bool:
        """Whether it is a fixture that every test gets unasked."""
        return self.is_fixture and re.search(r"autouse\s*=\s*True", self.text) is not None

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """Its parameters by name."""
        given = self.node.args
        return tuple(one.arg for one in [*given.posonlyargs, *given.args, *given.kwonlyargs])

    @cached_property
    def statements(self) -> tuple[ast.stmt, ...]:
        """All its statements, however deep, those of functions inside of it too."""
        return tuple(statements_of(self.node.body))

    @cached_property
    def bound(self) -> Mapping[str, ast.expr]:
        """What its names are first given."""
        return bound_in(self.statements)

    @cached_property
    def in_unittest(self) -> bool:
        """Whether its class is one of unittest's: it gets no fixtures by their names."""
        return self.owner is not None and self.file.is_unittest(self.owner)

    @cached_property
    def text(self) -> str:
        """How it is written, its decorators too."""
        start, end = self.file.code.module.span(self.node)
        decorators = self.node.decorator_list
        return self.file.text[self.file.code.module.span(decorators[0])[0] if decorators else start : end]

    def with_parameter(self, name: str, kind: str) -> tuple[Edit, ...] | None:
        """The edits by which it takes a fixture. None where that cannot be; nothing where it takes it already."""
        if name in self.parameters:
            return ()
        given = self.node.args
        if (
            self.in_unittest
            or given.defaults
            or given.posonlyargs
            or not (self.is_test or self.scope == "function")
        ):
            return None
        if name in self.bound or any(
            isinstance(one, ast.Global | ast.Nonlocal) and name in one.names for one in self.statements
        ):
            return None
        typed = [one for one in given.args if one.arg not in {"self", "cls"}]
        everywhere = bool(typed or self.node.returns) and all(one.annotation for one in typed)
        text = f"{name}: {kind}" if everywhere and self.file.code.origins.get("pytest") == "pytest" else name
        return self._put_parameter(text)

    def _put_parameter(self, text: str) -> tuple[Edit, ...] | None:
        module, given, source = self.file.code.module, self.node.args, self.file.code.module.source
        if given.args:
            end = module.span(given.args[-1])[1]
            return (Edit(source.path, end, end, f", {text}"),)
        head = source.text[module.span(self.node)[0] :]
        found = re.match(r"(?:async[ \t]+)?def[ \t]+\w+[ \t]*\(", head)
        if found is None:
            return None
        at = module.span(self.node)[0] + found.end()
        more = ", " if given.vararg or given.kwonlyargs or given.kwarg else ""
        return (Edit(source.path, at, at, text + more),)


@dataclass(eq=False)
class SuiteFile:
    """A file in which pytest or unittest looks for tests, or a conftest."""

    code: ModuleCode

    @property
    def text(self) -> str:
        """What is written in it."""
        return self.code.module.source.text

    @cached_property
    def functions(self) -> tuple[SuiteFunction, ...]:
        """Its functions and the methods of its classes, in order."""
        return tuple(self._functions(self.code.body, None))

    def _functions(self, body: list[ast.stmt], owner: ast.ClassDef | None) -> Iterator[SuiteFunction]:
        for statement in body:
            if isinstance(statement, FUNCTIONS):
                yield SuiteFunction(self, statement, owner)
            elif isinstance(statement, ast.ClassDef):
                yield from self._functions(statement.body, statement)
            elif isinstance(statement, ast.If | ast.Try):
                yield from self._functions(statement.body, owner)

    @cached_property
    def run_by_pytest(self) -> tuple[SuiteFunction, ...]:
        """Tests, fixtures, and what sets up."""
        return tuple(
            one
            for one in self.functions
            if one.is_fixture or one.node.name in SETUPS or (one.is_test and self._is_collected(one))
        )

    def _is_collected(self, one: SuiteFunction) -> bool:
        if stem_of(self.code.path) == "conftest":
            return False
        return one.owner is None or "est" in one.owner.name or self.is_unittest(one.owner)

    def is_unittest(self, owner: ast.ClassDef, depth: int = 5) -> bool:
        """Whether a class is one of unittest's, as far as its bases say it in this file."""
        for base in owner.bases:
            name = self.code.dotted(base) or written(base)
            if _UNITTEST.search(name):
                return True
            if depth and name in self.code.classes and self.is_unittest(self.code.classes[name], depth - 1):
                return True
        return any(
            isinstance(one, FUNCTIONS) and one.name in {"setUp", "tearDown", "setUpClass"}
            for one in owner.body
        )

    def import_of_pytest(self) -> tuple[Edit, ...]:
        """The edit by which the file imports pytest; nothing where it does."""
        if self.code.origins.get("pytest") == "pytest":
            return ()
        source = self.code.module.source
        first = next(
            (
                one
                for one in self.code.body
                if isinstance(one, ast.Import | ast.ImportFrom)
                and not (isinstance(one, ast.ImportFrom) and one.module == "__future__")
            ),
            None,
        )
        if first is not None:
            at, behind = self.code.module.span(first)[0], ""
        else:
            head = [one for one in self.code.body if _is_head(one)]
            at = source.next_line(self.code.module.span(head[-1])[1]) if head else 0
            behind = source.newline
        return (Edit(source.path, at, at, f"import pytest{source.newline}{behind}"),)


def _is_head(statement: ast.stmt) -> bool:
    docstring = isinstance(statement, ast.Expr) and text_of(statement.value) is not None
    return docstring or (isinstance(statement, ast.ImportFrom) and statement.module == "__future__")


def suite_of(code: ModuleCode) -> SuiteFile | None:
    """A module as a file of tests; None where it is none, or one that tests are tried on."""
    path = code.path
    if not (has_test_name(path) or stem_of(path) == "conftest") or is_test_data(path):
        return None
    return SuiteFile(code)


def conftests(code: ModuleCode, project: ProjectCode) -> Iterator[ModuleCode]:
    """The conftest files that hold for a file, the nearest first."""
    folder = code.path.rpartition("/")[0]
    while True:
        path = f"{folder}/conftest.py" if folder else "conftest.py"
        if path in project.by_path:
            yield project.by_path[path]
        if not folder:
            return
        folder = folder.rpartition("/")[0]
