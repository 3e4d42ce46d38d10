"""A test changes what other tests see, and does not put it back.

**Why it matters** Environment variables, the working directory, attributes of modules and classes, lists of the
module and files with fixed names outlive the test. Whether the next one passes depends on the order and on what runs
beside it: the failure comes and goes, and does not show where its cause is.
**How to fix** Let pytest put it back: `monkeypatch.setenv`, `monkeypatch.setattr`, `monkeypatch.setitem`,
`monkeypatch.chdir`; write below `tmp_path`; make the value anew for each test in a fixture.
**Example** `os.environ["MODE"] = "fast"` becomes `monkeypatch.setenv("MODE", "fast")`, with `monkeypatch` among the
test's parameters.
"""

import ast
import re
from collections.abc import Iterator

from cicd_defs.facts.findings import Edit, Family, Fix, Severity
from cicd_defs.judge.python.code import FUNCTIONS, ModuleCode, ProjectCode, bound_in, code_of, text_of
from cicd_defs.judge.python.shared_state import ENVIRONMENT, FOLDER, Changes, Write
from cicd_defs.judge.python.tests import SuiteFunction, suite_of
from cicd_defs.judge.repository import PythonModule, Repository
from cicd_defs.judge.rule import About, Found

_SHARED = re.compile(r"/tmp\b")  # noqa: S108
ABOUT = About(Family.FLAKY_CODE, Severity.MEDIUM, subject="python")


def find(module: PythonModule, repository: Repository) -> Iterator[Found]:
    """Changes by tests that outlive them."""
    project = code_of(repository)
    code = project.by_path[module.path]
    suite = suite_of(code)
    if suite is None or code.path.endswith("conftest.py"):
        return
    for function in suite.run_by_pytest:
        seen: set[int] = set()
        for write in Changes(function, project).leaks():
            if write.node.lineno in seen:
                continue
            seen.add(write.node.lineno)
            start, end = module.span(write.node)
            message = f"`{function.node.name}` {write.message}, {_lasts(write)}"
            yield Found(module.source, start, end, message, _fix(function, write, project))


def _lasts(write: Write) -> str:
    if write.how == "file":
        return "which runs beside it or after it meet"
    return "and other tests see it, since nothing puts it back"


def _fix(function: SuiteFunction, write: Write, project: ProjectCode) -> Fix | None:
    sure = _is_there(function.file.code, write, project)
    make = _into_cleanup if function.in_unittest else _into_monkeypatch
    edits = make(function, write, sure)
    return Fix("Put it back when the test is over", edits) if edits else None


def _is_there(code: ModuleCode, write: Write, project: ProjectCode) -> bool:
    """Whether an attribute that is set surely had a value before: what is not this project's own counts as such."""
    if write.owner is None or not isinstance(write.key, ast.Constant):
        return False
    name = str(write.key.value)
    if isinstance(write.owner, ast.Name) and write.owner.id in code.classes:
        return _binds(code.classes[write.owner.id], name)
    dotted = code.dotted(write.owner)
    if dotted is None:
        return False
    defined = project.defined(dotted, code)
    if defined is None:
        return True
    module, rest = defined
    if not rest:
        return any(name in held for held in (module.bound, module.functions, module.classes, module.origins))
    return rest in module.classes and _binds(module.classes[rest], name)


def _binds(node: ast.ClassDef, name: str) -> bool:
    own = (one.name for one in node.body if isinstance(one, FUNCTIONS))
    return name in bound_in(node.body) or name in own


def _into_monkeypatch(function: SuiteFunction, write: Write, sure: bool) -> tuple[Edit, ...] | None:
    if write.how == "file":
        return _into_tmp_path(function, write)
    text = _patched(function, write, sure)
    statement = write.statement
    if text is None or statement is None or not (statement is write.node or isinstance(statement, ast.Expr)):
        return None
    if isinstance(statement, ast.Expr) and statement.value is not write.node:
        return None
    taken = function.with_parameter("monkeypatch", "pytest.MonkeyPatch")
    if taken is None:
        return None
    source = function.file.code.module.source
    start, end = function.file.code.module.span(statement)
    return (*taken, Edit(source.path, start, end, text))


def _patched(function: SuiteFunction, write: Write, sure: bool) -> str | None:
    """The same change, made by monkeypatch."""
    key, value, owner = (_source(function, one) for one in (write.key, write.value, write.owner))
    of_environment = write.owner is not None and function.file.code.dotted(write.owner) == ENVIRONMENT
    if write.target == FOLDER and isinstance(write.node, ast.Call) and len(write.node.args) == 1:
        return f"monkeypatch.chdir({value})"
    if of_environment:
        return _patched_environment(function, write, key, value)
    if write.how == "set" and value and owner:
        if isinstance(write.key, ast.Constant) and not key:
            return f'monkeypatch.setattr({owner}, "{write.key.value!s}", {value}{"" if sure else ", raising=False"})'
        return f"monkeypatch.setitem({owner}, {key}, {value})" if key else None
    if (
        write.how == "delete"
        and owner
        and isinstance(write.node, ast.Delete)
        and len(write.node.targets) == 1
    ):
        if isinstance(write.key, ast.Constant) and not key:
            return f'monkeypatch.delattr({owner}, "{write.key.value!s}")'
        return f"monkeypatch.delitem({owner}, {key})" if key else None
    return None


def _patched_environment(
    function: SuiteFunction, write: Write, key: str | None, value: str | None
) -> str | None:
    if write.how == "set":
        return f"monkeypatch.setenv({key}, {value})" if key and value else None
    if isinstance(write.node, ast.Delete):
        return f"monkeypatch.delenv({key})" if key and len(write.node.targets) == 1 else None
    call = write.node
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return None
    if call.func.attr == "pop" and key:
        return f"monkeypatch.delenv({key}{', raising=False' if len(call.args) > 1 else ''})"
    return _patched_update(function, call, write) if call.func.attr == "update" else None


def _patched_update(function: SuiteFunction, call: ast.Call, write: Write) -> str | None:
    pairs = [(f'"{one.arg}"', _source(function, one.value)) for one in call.keywords if one.arg]
    if len(pairs) != len(call.keywords) or len(call.args) > 1:
        return None
    if call.args:
        given = call.args[0]
        if not isinstance(given, ast.Dict) or not all(given.keys):
            return None
        pairs = [
            (_source(function, k) or "", _source(function, v))
            for k, v in zip(given.keys, given.values, strict=True)
        ] + pairs
    source = function.file.code.module.source
    start = function.file.code.module.span(call)[0]
    indent = source.text[source.line_start(start) : start]
    if indent.strip() or not pairs:
        return None
    lines = [f"monkeypatch.setenv({key}, {value})" for key, value in pairs]
    return f"{source.newline}{indent}".join(lines)


def _source(function: SuiteFunction, node: ast.expr | None) -> str | None:
    """How an expression is written; None for one that is not written anywhere."""
    if node is None or not hasattr(node, "lineno"):
        return None
    start, end = function.file.code.module.span(node)
    return function.file.text[start:end]


def _into_tmp_path(function: SuiteFunction, write: Write) -> tuple[Edit, ...] | None:
    """Each use of the path in the test goes below `tmp_path`, where the path is one name below the shared folder."""
    found = re.fullmatch(r"(?:/private)?(?:/tmp|/var/tmp)/([\w.-]+)", write.target)
    if not found or len(_SHARED.findall(function.text)) != function.text.count(write.target):
        return None
    constants = [
        node
        for node in ast.walk(function.node)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and write.target in node.value
    ]
    if not constants or any(text_of(one) != write.target for one in constants):
        return None
    taken = function.with_parameter(
        "tmp_path", "Path" if function.file.code.origins.get("Path") == "pathlib.Path" else "object"
    )
    if taken is None:
        return None
    module = function.file.code.module
    edits = [Edit(module.path, *module.span(one), f'str(tmp_path / "{found[1]}")') for one in constants]
    return (*taken, *edits)


def _into_cleanup(function: SuiteFunction, write: Write, sure: bool) -> tuple[Edit, ...] | None:
    """In a class of unittest: `self.addCleanup` before the change, and before what is said of it."""
    statement = write.statement
    if statement is None or "self" not in function.parameters:
        return None
    owner = _source(function, write.owner)
    if write.target == FOLDER:
        text = "self.addCleanup(os.chdir, os.getcwd())"
    elif write.owner is not None and function.file.code.dotted(write.owner) == ENVIRONMENT:
        text = f"self.addCleanup(lambda was=dict({owner}): ({owner}.clear(), {owner}.update(was)))"
    elif (
        isinstance(write.key, ast.Constant)
        and not hasattr(write.key, "lineno")
        and write.how == "set"
        and sure
    ):
        text = f'self.addCleanup(setattr, {owner}, "{write.key.value!s}", {owner}.{write.key.value!s})'
    else:
        return None
    source = function.file.code.module.source
    start = function.file.code.module.span(statement)[0]
    indent = source.text[source.line_start(start) : start]
    if indent.strip() or (write.target == FOLDER and function.file.code.origins.get("os") != "os"):
        return None
    begin = source.line_start(start)
    while begin and source.text[source.line_start(begin - 1) : begin].startswith(indent + "#"):
        begin = source.line_start(begin - 1)
    return (Edit(source.path, begin, begin, f"{indent}{text}{source.newline}"),)
