"""A public function has no type annotations, though its package has them.

**Why it matters** Type checkers do not look into a function without annotations, and take what it returns for
anything: a wrong call is found when it runs, in some test or in none.
**How to fix** Write the types of its parameters and of what it returns: `-> None` where it returns nothing. mypy says
it by itself with `disallow_untyped_defs`.
**Example** `def close(self):` becomes `def close(self) -> None:`.
"""

import ast
import re
from collections.abc import Iterator
from weakref import WeakKeyDictionary

from cicd_defs.facts.findings import Edit, Family, Fix, Severity
from cicd_defs.judge.python.code import FUNCTIONS, Function, run_nodes, statements_of
from cicd_defs.judge.python.outside_calls import written
from cicd_defs.judge.python.places import folders_of, is_product
from cicd_defs.judge.repository import PythonModule, Repository
from cicd_defs.judge.rule import About, Found

ABOUT = About(Family.FLAKY_CODE, Severity.LOW, subject="python", strict=True)

_STRICT_INI = re.compile(r"(?mi)^(?:strict|disallow_untyped_defs|disallow_incomplete_defs)\s*=\s*true")
_CHECKED_BY = {
    "pyproject.toml": re.compile(
        r"(?m)^(?:strict|disallow_untyped_defs|disallow_incomplete_defs)\s*=\s*true|^typeCheckingMode\s*=\s*[\"']strict"
    ),
    "setup.cfg": _STRICT_INI,
    "tox.ini": _STRICT_INI,
    "mypy.ini": _STRICT_INI,
    ".mypy.ini": _STRICT_INI,
    "pyrightconfig.json": re.compile(r"\"typeCheckingMode\"\s*:\s*\"strict\""),
}
_NO_TYPES_ASKED = frozenset({"overload", "no_type_check", "singledispatchmethod"})
_OWN = frozenset({"self", "cls", "mcs", "metacls", "mcls"})
_RETURNS_NOTHING = frozenset({"__init__", "__post_init__", "__init_subclass__"})


def find(module: PythonModule, repository: Repository) -> Iterator[Found]:
    """Public functions and methods that lack types."""
    if not is_product(module.source):
        return
    functions = list(_public(module.tree.body))
    if not functions or not (_claims(repository, module.path) or _is_mostly_typed(functions)):
        return
    for function, method in functions:
        missing = _missing(function, method)
        if missing and "no-untyped" not in module.source.line_text(function.lineno):
            begin = module.span(function)[0]
            end = module.source.text.find(function.name, begin) + len(function.name)
            message = f"`{function.name}` is public and has no type for {missing}"
            yield Found(module.source, begin, end, message, _fix(module, function, missing))


def _public(body: list[ast.stmt], method: bool = False) -> Iterator[tuple[Function, bool]]:
    for statement in body:
        if isinstance(statement, FUNCTIONS):
            names = {written(one).removesuffix("(…)").rpartition(".")[2] for one in statement.decorator_list}
            public = not statement.name.startswith("_") or statement.name in {"__init__", "__call__"}
            if public and not names & _NO_TYPES_ASKED:
                yield statement, method and "staticmethod" not in names
        elif isinstance(statement, ast.ClassDef) and not statement.name.startswith("_"):
            yield from _public(statement.body, method=True)
        elif isinstance(statement, ast.If | ast.Try):
            yield from _public([*statement.body, *statement.orelse], method)


def _missing(function: Function, method: bool) -> str:
    """What has no type, for people."""
    given = function.args
    named = [*given.posonlyargs, *given.args]
    if method and named and (named[0].arg in _OWN or not named[0].annotation):
        named = named[1:]
    everything = [*named, *given.kwonlyargs, *filter(None, (given.vararg, given.kwarg))]
    bare = [f"`{one.arg}`" for one in everything if one.annotation is None and not one.arg.startswith("_")]
    typed = any(one.annotation for one in everything)
    if function.returns is None and not (function.name in _RETURNS_NOTHING and (typed or bare)):
        bare.append("what it returns")
    return ", ".join(bare)


def _is_mostly_typed(functions: list[tuple[Function, bool]]) -> bool:
    """Whether at least half of a file's public functions, two or more, have all their types."""
    typed = sum(1 for function, method in functions if not _missing(function, method))
    return typed >= 2 and typed * 2 >= len(functions)


_CLAIMS: WeakKeyDictionary[Repository, tuple[frozenset[str], frozenset[str]]] = WeakKeyDictionary()


def _claims(repository: Repository, path: str) -> bool:
    """Whether the file is in a package that ships its types, or where a type checker asks for every type."""
    if repository not in _CLAIMS:
        shipped = frozenset(
            one.rpartition("/")[0] for one in repository.paths if one.rpartition("/")[2] == "py.typed"
        )
        checked = frozenset(_checked_folders(repository))
        _CLAIMS[repository] = (shipped, checked)
    shipped, checked = _CLAIMS[repository]
    folders = folders_of(path)
    above = {"/".join(folders[:count]) for count in range(len(folders) + 1)}
    return bool(above & (shipped | checked))


def _checked_folders(repository: Repository) -> Iterator[str]:
    for path in repository.paths:
        folder, _, name = path.rpartition("/")
        pattern = _CHECKED_BY.get(name)
        if pattern and (source := repository.source(path)) and pattern.search(source.text):
            yield folder


def _fix(module: PythonModule, function: Function, missing: str) -> Fix | None:
    """`-> None`, where that is all that is missing, and nothing is ever returned."""
    if missing != "what it returns" or not _returns_nothing(function):
        return None
    colon = _colon(module, function)
    if colon is None:
        return None
    return Fix("Say that it returns nothing", (Edit(module.path, colon, colon, " -> None"),))


def _returns_nothing(function: Function) -> bool:
    if function.decorator_list or _is_unfinished(function.body):
        return False
    for statement in statements_of(function.body, functions=False):
        if isinstance(statement, ast.Return) and statement.value is not None:
            return False
        if not isinstance(statement, (*FUNCTIONS, ast.ClassDef)) and any(
            isinstance(node, ast.Yield | ast.YieldFrom) for node in run_nodes(statement)
        ):
            return False
    return True


def _is_unfinished(body: list[ast.stmt]) -> bool:
    """A body that others are to fill, or that never comes to its end."""
    return all(
        isinstance(one, ast.Raise | ast.Pass)
        or (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))
        for one in body
    ) or isinstance(body[-1], ast.Raise)


def _colon(module: PythonModule, function: Function) -> int | None:
    """Where the head's colon stands: behind the brackets of the parameters, which hold no annotations here."""
    source = module.source
    begin = module.span(function)[0]
    arguments = [*function.args.args, *function.args.kwonlyargs, *function.args.posonlyargs]
    at = max([begin, *(module.span(one)[1] for one in arguments)])
    at = max(
        [
            at,
            *(
                module.span(one)[1]
                for one in [*function.args.defaults, *filter(None, function.args.kw_defaults)]
            ),
        ]
    )
    stop = module.span(function.body[0])[0]
    found = re.compile(r"\)[ \t]*:").search(source.text, at, stop)
    if found is None or "#" in source.text[at : found.start()]:
        return None
    return found.start() + 1
