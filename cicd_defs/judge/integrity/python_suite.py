"""The tests of a Python file by its syntax, as pytest and unittest find them.

What is in a string, under `if False:` or behind a `return` does not run, and does not count.
"""

import ast
import re
from collections.abc import Iterable, Iterator

from cicd_defs.judge.integrity.suite import Suite, Test

LARGEST = 400_000
"""Characters. Longer files are read by patterns."""

_SKIP = re.compile(r"(?:^|\.)(?:skip|skipif|skipIf|skipUnless|xfail|expectedFailure)$")
_SKIP_CALL = re.compile(r"(?:^|\.)(?:skip|skipTest|xfail|importorskip|SkipTest)$")
_CLAIM = re.compile(r"(?:^|\.)(?:assert\w*|fail|raises|warns|expect|check)$")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def read_python(text: str) -> Suite | None:
    """The tests of a file; None where it is no Python, or too long or too deep to be read."""
    if len(text) > LARGEST:
        return None
    try:
        tree = ast.parse(text.removeprefix("\ufeff"))
        all_skipped = any(map(_skips_module, tree.body))
        tests = tuple(_tests(tree.body, "", skipped=all_skipped))
        loose = sum(1 for call in _calls(tree) if _SKIP_CALL.search(_dotted(call.func)))
        loose -= sum(1 for mark in _marks(tree) if _SKIP_CALL.search(_dotted(mark.func)))
        return Suite(tests=tests, claims=sum(test.claims or 0 for test in tests), skips=loose)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _tests(body: Iterable[ast.stmt], owner: str, *, skipped: bool) -> Iterator[Test]:
    """The tests of a module or class. A later definition of the same name takes the place of an earlier one."""
    found: dict[str, Test] = {}
    classes: dict[str, ast.ClassDef] = {}
    for node in _statements(body):
        if isinstance(node, Function) and node.name.startswith("test"):
            off = skipped or any(map(_is_skip, node.decorator_list)) or _skips_first(node)
            found[node.name] = Test(
                name=f"{owner}{node.name}", line=node.lineno, claims=_claims(node.body), skipped=off
            )
        elif isinstance(node, ast.ClassDef):
            classes[node.name] = node
        elif isinstance(node, ast.Assign | ast.Delete):
            for target in node.targets:
                found.pop(_dotted(target), None)
                classes.pop(_dotted(target), None)
    yield from found.values()
    for name, owned in classes.items():
        if _is_collected(owned):
            off = skipped or any(map(_is_skip, owned.decorator_list)) or any(map(_skips_module, owned.body))
            yield from _tests(owned.body, f"{name}.", skipped=off)


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a body that run: those under conditions too, unless the condition is false as it is written."""
    for node in body:
        if isinstance(node, ast.If):
            never = isinstance(node.test, ast.Constant) and not node.test.value
            yield from _statements([*([] if never else node.body), *node.orelse])
        elif isinstance(node, ast.Try):
            yield from _statements([*node.body, *node.orelse, *node.finalbody])
        elif isinstance(node, ast.With | ast.AsyncWith | ast.For | ast.AsyncFor | ast.While):
            never = (
                isinstance(node, ast.While) and isinstance(node.test, ast.Constant) and not node.test.value
            )
            yield node
            yield from _statements([] if never else node.body)
        else:
            yield node
            if isinstance(node, ast.Return | ast.Raise | ast.Break | ast.Continue):
                return


def _is_collected(node: ast.ClassDef) -> bool:
    """Whether a runner looks into a class: by its name, or as one of unittest's."""
    return node.name.startswith("Test") or any("Test" in _dotted(base) for base in node.bases)


def _skips_module(node: ast.stmt) -> bool:
    """Whether a statement of a module or class skips all of it: a mark, `__test__ = False`, a call of `skip`."""
    if isinstance(node, ast.Assign):
        names = {_dotted(target) for target in node.targets}
        if "pytestmark" in names:
            marks = node.value.elts if isinstance(node.value, ast.List | ast.Tuple) else [node.value]
            return any(map(_is_skip, marks))
        return "__test__" in names and isinstance(node.value, ast.Constant) and not node.value.value
    return _is_skip_statement(node)


def _skips_first(node: Function) -> bool:
    """Whether a test begins by skipping itself."""
    for statement in node.body:
        if _is_skip_statement(statement):
            return True
        if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
            return False
    return False


def _is_skip_statement(node: ast.stmt) -> bool:
    value = node.value if isinstance(node, ast.Expr) else node.exc if isinstance(node, ast.Raise) else None
    return isinstance(value, ast.Call) and bool(_SKIP_CALL.search(_dotted(value.func)))


def _is_skip(node: ast.expr) -> bool:
    return bool(_SKIP.search(_dotted(node.func if isinstance(node, ast.Call) else node)))


def _claims(body: Iterable[ast.stmt]) -> int:
    """What a test can fail by, of what runs: assertions that are not about a constant, calls that assert."""
    return sum(_claims_of(node) for node in _statements(_not_swallowed(body)))


def _not_swallowed(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """A body without what is in a `try` that forgets a failed assertion."""
    for node in body:
        if not (isinstance(node, ast.Try) and any(map(_forgets, node.handlers))):
            yield node


def _forgets(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    wide = any(kind is None or _dotted(kind) in _WIDE for kind in kinds)
    return wide and not any(isinstance(node, ast.Raise) or _is_claim(node) for node in ast.walk(handler))


_WIDE = frozenset({"Exception", "BaseException", "AssertionError"})


def _claims_of(node: ast.stmt) -> int:
    if isinstance(node, ast.Assert):
        return 0 if isinstance(node.test, ast.Constant) else 1
    if isinstance(node, ast.With | ast.AsyncWith):
        return sum(_is_claim(item.context_expr) for item in node.items)
    if isinstance(node, ast.For | ast.AsyncFor | ast.While | ast.ClassDef | Function):
        return 0
    return sum(_is_claim(inner) for inner in ast.walk(node))


def _is_claim(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or not _CLAIM.search(_dotted(node.func)):
        return False
    about_a_constant = len(node.args) == 1 and isinstance(node.args[0], ast.Constant)
    return not (about_a_constant and _dotted(node.func).rpartition(".")[2].startswith("assert"))


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _marks(tree: ast.AST) -> Iterator[ast.Call]:
    """The calls among decorators: marks of single tests, which are counted with the tests."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | Function):
            yield from (mark for mark in node.decorator_list if isinstance(mark, ast.Call))


def _dotted(node: ast.AST) -> str:
    """A dotted name as it is written; what is called on something else begins with a dot."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return ".".join([node.id if isinstance(node, ast.Name) else "", *reversed(names)])
