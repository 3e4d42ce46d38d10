"""Importing a module connects, asks the network, starts something or waits.

**Why it matters** Every test that only imports the module needs the server, the network and the time: tests fail
when a service is slow or not there, cannot be collected without it, and cannot replace it, since it has happened
before they begin. Type checkers, documentation and command lines that import it pay as well.
**How to fix** Do it in a function that the program calls when it starts, or when the value is first needed
(`functools.cache`). What begins the program belongs under `if __name__ == "__main__":`. Constructors that connect only
when they are used, as `create_engine(…)` alone, may stay.
**Example** `connection = psycopg.connect(URL)` becomes
`@cache` / `def connection() -> psycopg.Connection: return psycopg.connect(URL)`.
"""

import ast
from collections.abc import Iterator

from cicd_defs.facts.findings import Edit, Family, Fix, Severity
from cicd_defs.judge.python.code import (
    FUNCTIONS,
    Function,
    ModuleCode,
    ProjectCode,
    bound_in,
    code_of,
    run_nodes,
    statements_of,
)
from cicd_defs.judge.python.outside_calls import LOOPS, RUNS, SERVES, WAITS, Outside, Scope, written
from cicd_defs.judge.python.places import folders_of, is_product
from cicd_defs.judge.repository import PythonModule, Repository
from cicd_defs.judge.rule import About, Found

ABOUT = About(Family.FLAKY_CODE, Severity.MEDIUM, subject="python")

_DEEPEST = 3
_APPS = frozenset({"FastAPI", "Flask", "Starlette", "Celery", "Sanic", "Quart", "Litestar", "Dash"})
_CHOSEN = frozenset({"environ", "getenv", "argv", "__name__", "TYPE_CHECKING", "version_info", "platform"})


def find(module: PythonModule, repository: Repository) -> Iterator[Found]:
    """Calls that are made when a module is imported, and reach out of the program."""
    if not is_product(module.source) or module.source.text.startswith("#!"):
        return
    project = code_of(repository)
    code = project.by_path[module.path]
    if not _is_imported(code, project):
        return
    scope = Scope(code, project, code.bound)
    for statement in _run_at_import(code.body):
        for call in _calls_of(statement):
            found = scope.outside(call) or _in_own(call, scope)
            if found:
                yield _told(code, statement, call, found)
                break


def _told(code: ModuleCode, statement: ast.stmt, call: ast.Call, outside: Outside) -> Found:
    start, end = code.module.span(call)
    name = written(call.func)
    by = "" if outside.call is call else f" by `{outside.name}`"
    message = f"importing this module {outside.does}{by}: `{name}(…)` is called at its top level"
    return Found(code.module.source, start, end, message, _fix(code, statement, call, outside))


def _is_imported(code: ModuleCode, project: ProjectCode) -> bool:
    """Whether anything imports the file: what stands alone, without a package and an application, is a script."""
    folders = folders_of(code.path)
    if code.package or any(
        "/".join([*folders[:n], "__init__.py"]) in project.by_path for n in range(1, len(folders) + 1)
    ):
        return True
    return code.path in project.importers or any(
        isinstance(value, ast.Call) and written(value.func).rpartition(".")[2] in _APPS
        for value in code.bound.values()
    )


def _run_at_import(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The simple statements, and the heads of others, that are run by an import whatever the surroundings are."""
    for statement in body:
        if isinstance(statement, ast.If):
            if not _is_chosen(statement.test):
                yield statement
                yield from _run_at_import(statement.body)
                yield from _run_at_import(statement.orelse)
        elif isinstance(statement, ast.Try | ast.TryStar):
            for part in (statement.body, statement.orelse, statement.finalbody):
                yield from _run_at_import(part)
        elif isinstance(statement, ast.ClassDef):
            yield from map(ast.Expr, statement.decorator_list)
            yield from _run_at_import(statement.body)
        elif isinstance(statement, ast.With | ast.For | ast.While):
            yield statement
            yield from _run_at_import(statement.body)
        elif not isinstance(statement, ast.Import | ast.ImportFrom):
            yield statement


def _is_chosen(test: ast.expr) -> bool:
    """Whether a condition is about how the file is run: as a program, where, and with which settings."""
    return any(
        (isinstance(node, ast.Name) and node.id in _CHOSEN)
        or (isinstance(node, ast.Attribute) and node.attr in _CHOSEN)
        for node in ast.walk(test)
    )


def _calls_of(statement: ast.stmt) -> Iterator[ast.Call]:
    for head in _heads(statement):
        yield from (node for node in run_nodes(head) if isinstance(node, ast.Call))


def _heads(statement: ast.stmt) -> list[ast.expr] | list[ast.stmt]:
    """What a statement itself runs, apart from the statements below it."""
    if isinstance(statement, ast.With):
        return [item.context_expr for item in statement.items]
    if isinstance(statement, ast.For):
        return [statement.iter]
    if isinstance(statement, FUNCTIONS):  # its decorators and the values that stand for what is not given
        given = statement.args
        return [*statement.decorator_list, *given.defaults, *filter(None, given.kw_defaults)]
    return [statement.test] if isinstance(statement, ast.If | ast.While) else [statement]


def _in_own(call: ast.Call, scope: Scope, depth: int = _DEEPEST) -> Outside | None:
    """What a function or a class of the project reaches for when it is called; running programs is left to it."""
    if depth == 0 or not isinstance(call.func, ast.Name | ast.Attribute):
        return None
    place = _own_function(call.func, scope)
    if place is None:
        return None
    code, function = place
    key = (code.path, function.lineno)
    known = scope.project.reaches
    if key not in known:
        known[key] = None
        known[key] = _reached(code, function, scope.project, depth)
    found = known[key]
    return found if isinstance(found, Outside) else None


def _own_function(name: ast.expr, scope: Scope) -> tuple[ModuleCode, Function] | None:
    code, own = scope.code, None
    if isinstance(name, ast.Name) and (name.id in code.functions or name.id in code.classes):
        own = name.id
    elif dotted := code.dotted(name):
        place = scope.project.defined(dotted, code)
        if place:
            code, own = place
    if not own:
        return None
    function: Function | None = code.functions.get(own)
    if own in code.classes:
        function = next(
            (one for one in code.classes[own].body if isinstance(one, FUNCTIONS) and one.name == "__init__"),
            None,
        )
    if not isinstance(function, ast.FunctionDef) or _waits_to_be_asked(function):
        return None
    return code, function


def _waits_to_be_asked(function: ast.FunctionDef) -> bool:
    """Whether calling it does not run it: a generator, or something that a decorator makes of it."""
    if any(
        written(one).rpartition(".")[2] not in {"cache", "lru_cache(…)"} for one in function.decorator_list
    ):
        return True
    return any(
        isinstance(node, ast.Yield | ast.YieldFrom)
        for statement in statements_of(function.body, functions=False)
        if isinstance(statement, ast.Expr | ast.Assign)
        for node in run_nodes(statement)
    )


def _reached(code: ModuleCode, function: Function, project: ProjectCode, depth: int) -> Outside | None:
    inside = list(statements_of(function.body, functions=False))
    scope = Scope(code, project, {**code.bound, **bound_in(inside)})
    given = {one.arg for one in [*function.args.args, *function.args.kwonlyargs]}
    scope = Scope(code, project, {name: value for name, value in scope.bound.items() if name not in given})
    for statement in _always(function.body):
        for call in _calls_of(statement):
            found = scope.outside(call)
            if found and found.does not in {RUNS, WAITS}:
                return found
            if not found and (found := _in_own(call, scope, depth - 1)):
                return found
    return None


def _always(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a function that are run whenever it is called."""
    for statement in body:
        if isinstance(statement, ast.Try | ast.TryStar):
            yield from _always(statement.body)
        elif isinstance(statement, ast.With | ast.For | ast.While):
            yield statement
            yield from _always(statement.body)
        elif not isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
            yield statement
        if isinstance(statement, ast.Return | ast.Raise):
            return


def _fix(code: ModuleCode, statement: ast.stmt, call: ast.Call, outside: Outside) -> Fix | None:
    """What runs the whole program as the file's last statement goes under the guard of programs."""
    if (
        outside.does not in {LOOPS, SERVES}
        or statement is not code.body[-1]
        or not isinstance(statement, ast.Expr)
    ):
        return None
    if statement.value is not call:
        return None
    source = code.module.source
    start, end = code.module.span(statement)
    if source.line_start(start) != start or source.text[end : source.line_end(end)].strip(" \t;"):
        return None
    text = f'if __name__ == "__main__":{source.newline}    '
    return Fix("Run it only where the file is the program", (Edit(source.path, start, start, text),))
