"""The Python files of a repository as one: what each name in them stands for, and who imports whom.

Each file's statements are walked once, the first time that something is asked of it. Expressions are not walked here.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from weakref import WeakKeyDictionary

from cicd_defs.judge.python.places import folders_of
from cicd_defs.judge.repository import PythonModule, Repository

Function = ast.FunctionDef | ast.AsyncFunctionDef
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
_DEEPEST = 40


def statements_of(body: Iterable[ast.stmt], *, functions: bool = True) -> Iterator[ast.stmt]:
    """All statements below some statements, in order; without `functions`, not those inside of functions."""
    return _below(body, () if functions else FUNCTIONS)


def _below(body: Iterable[ast.stmt], closed: tuple[type[ast.stmt], ...]) -> Iterator[ast.stmt]:
    """The statements below some statements, in order, but for those inside of what is closed."""
    stack = [iter(body)]
    while stack:
        statement = next(stack[-1], None)
        if statement is None:
            stack.pop()
            continue
        if isinstance(statement, ast.stmt):
            yield statement
        if not isinstance(statement, closed):
            stack += [iter(below) for name in reversed(_BLOCKS) if (below := getattr(statement, name, None))]


def run_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """What is run where a node is run, outermost first: not what stands inside of functions and lambdas."""
    stack = [node]
    while stack:
        one = stack.pop()
        yield one
        if isinstance(one, FUNCTIONS):
            stack += [*one.decorator_list, *one.args.defaults, *filter(None, one.args.kw_defaults)]
        elif not isinstance(one, ast.Lambda):
            stack += reversed(list(ast.iter_child_nodes(one)))


def calls_in(nodes: Iterable[ast.AST]) -> Iterator[ast.Call]:
    """The calls that are made where some nodes are run, the outermost of a chain first."""
    for node in nodes:
        for one in run_nodes(node):
            if isinstance(one, ast.Call):
                yield one


def text_of(node: ast.AST | None) -> str | None:
    """A string that is written out; None where it is none."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    """A call's argument of a name."""
    return next((one.value for one in call.keywords if one.arg == name), None)


def root_name(node: ast.AST) -> str | None:
    """The name that a chain begins with: `a` in `a.b[0].c()`."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


@dataclass(eq=False)
class ModuleCode:
    """A file's names. `origins` is what imported names stand for, with dots; relative ones begin with `/`."""

    module: PythonModule
    package: bool = field(init=False)

    def __post_init__(self) -> None:
        self.package = self.path.endswith("__init__.py")

    @property
    def path(self) -> str:
        """Where it is in the repository."""
        return self.module.path

    @property
    def body(self) -> list[ast.stmt]:
        """Its statements."""
        return self.module.tree.body

    @cached_property
    def statements(self) -> tuple[ast.stmt, ...]:
        """All its statements, however deep."""
        return tuple(statements_of(self.body))

    @cached_property
    def at_import(self) -> tuple[ast.stmt, ...]:
        """Its statements that are no part of a function or class."""
        return tuple(_below(self.body, (*FUNCTIONS, ast.ClassDef)))

    @cached_property
    def origins(self) -> Mapping[str, str]:
        """What imported names stand for: `np` is `numpy`, `get` is `requests.get`."""
        names: dict[str, str] = {}
        for statement in self.statements:
            if isinstance(statement, ast.Import):
                for one in statement.names:
                    names[one.asname or one.name.partition(".")[0]] = (
                        one.name if one.asname else one.name.partition(".")[0]
                    )
            elif isinstance(statement, ast.ImportFrom):
                base = self._base(statement)
                for one in statement.names:
                    names[one.asname or one.name] = _joined(base, one.name)
        return names

    def _base(self, statement: ast.ImportFrom) -> str:
        if not statement.level:
            return statement.module or ""
        folders = folders_of(self.path)
        folders = folders[: len(folders) - statement.level + 1]
        return "/" + ".".join(filter(None, [*folders, statement.module or ""]))

    @cached_property
    def imported(self) -> frozenset[str]:
        """Everything that its imports name: modules, and what is taken from them."""
        names: set[str] = set()
        for statement in self.statements:
            if isinstance(statement, ast.Import):
                names |= {one.name for one in statement.names}
            elif isinstance(statement, ast.ImportFrom):
                base = self._base(statement)
                names.add(base)
                names |= {_joined(base, one.name) for one in statement.names}
        return frozenset(names)

    @cached_property
    def roots(self) -> frozenset[str]:
        """The packages that it imports from, by their first name."""
        return frozenset(name.partition(".")[0] for name in self.imported)

    @cached_property
    def functions(self) -> Mapping[str, Function]:
        """Its own functions, by name."""
        return {one.name: one for one in self.at_import if isinstance(one, FUNCTIONS)}

    @cached_property
    def classes(self) -> Mapping[str, ast.ClassDef]:
        """Its own classes, by name."""
        return {one.name: one for one in self.at_import if isinstance(one, ast.ClassDef)}

    @cached_property
    def bound(self) -> Mapping[str, ast.expr]:
        """What its own names are first given: `engine = create_engine(…)`."""
        return bound_in(self.at_import)

    def dotted(self, node: ast.AST) -> str | None:
        """What a name or a chain of attributes stands for, where it begins with an import: `requests.get`."""
        names: list[str] = []
        while isinstance(node, ast.Attribute) and len(names) < _DEEPEST:
            names.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id not in self.origins:
            return None
        return ".".join([self.origins[node.id], *reversed(names)])


def _joined(base: str, name: str) -> str:
    return base + name if base in {"", "/"} else f"{base}.{name}"


def bound_in(statements: Iterable[ast.stmt]) -> dict[str, ast.expr]:
    """What names are first given in some statements, `with … as name` among them."""
    found: dict[str, ast.expr] = {}
    for statement in statements:
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, statement.value)
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            if statement.value is not None:
                found.setdefault(statement.target.id, statement.value)
        elif isinstance(statement, ast.With | ast.AsyncWith):
            for item in statement.items:
                if isinstance(item.optional_vars, ast.Name):
                    found.setdefault(item.optional_vars.id, item.context_expr)
    return found


class ProjectCode:
    """All modules of a repository, found by the names under which they are imported."""

    def __init__(self, modules: Iterable[PythonModule]) -> None:
        self.by_path = {module.path: ModuleCode(module) for module in modules}
        self._whole: dict[str, ModuleCode] = {}
        self._named: dict[str, list[ModuleCode]] = {}
        self.reaches: dict[tuple[str, int], object] = {}
        packages = {path.rpartition("/")[0] for path in self.by_path if path.endswith("__init__.py")}
        for path, code in self.by_path.items():
            parts = path.removesuffix(".py").split("/")
            parts = parts[:-1] if code.package else parts
            if not parts:
                continue
            self._whole["/" + ".".join(parts)] = code
            for at in range(min(len(parts), 12)):
                if not at or "/".join(parts[:at]) not in packages:
                    self._named.setdefault(".".join(parts[at:]), []).append(code)

    @cached_property
    def importers(self) -> Mapping[str, frozenset[str]]:
        """The paths of the files that import a file, by its path; a package's files do not count as imported by it."""
        found: dict[str, set[str]] = {}
        for code in self.by_path.values():
            for name in code.imported:
                place = self.split(name, code)
                if place and place[0] is not code:
                    found.setdefault(place[0].path, set()).add(code.path)
        return {path: frozenset(by) for path, by in found.items()}

    @cached_property
    def stems_by_folder(self) -> Mapping[str, frozenset[str]]:
        """The names of the modules in each folder."""
        found: dict[str, set[str]] = {}
        for path in self.by_path:
            folder, _, name = path.rpartition("/")
            found.setdefault(folder, set()).add(name.removesuffix(".py"))
        return {folder: frozenset(names) for folder, names in found.items()}

    def module(self, name: str, near: ModuleCode) -> ModuleCode | None:
        """The project's module of a name, as one of its files imports it; the nearest of several."""
        if name.startswith("/"):
            return self._whole.get(name)
        found = self._named.get(name, [])
        if "." not in name:
            found = [
                one
                for one in found
                if one.package or folders_of(one.path) in _ROOTS | {folders_of(near.path)}
            ]
        if len(found) < 2:
            return found[0] if found else None
        return max(found, key=lambda one: _shared(one.path, near.path))

    def split(self, name: str, near: ModuleCode) -> tuple[ModuleCode, str] | None:
        """The project's module that a dotted name goes into, and the name of what is taken from it, else empty."""
        rest: list[str] = []
        while name and name != "/":
            module = self.module(name, near)
            if module is not None:
                return module, ".".join(reversed(rest))
            name, _, last = name.rpartition(".")
            rest.append(last)
        return None

    def defined(self, name: str, near: ModuleCode, depth: int = 6) -> tuple[ModuleCode, str] | None:
        """Where a dotted name is defined, through re-exports: the module, and its name there."""
        found = self.split(name, near)
        if found is None or not found[1]:
            return found
        module, rest = found
        first, _, more = rest.partition(".")
        if (
            depth
            and first not in module.functions
            and first not in module.classes
            and first in module.origins
        ):
            onward = module.origins[first] + (f".{more}" if more else "")
            return self.defined(onward, module, depth - 1) or found
        return found


_ROOTS: frozenset[tuple[str, ...]] = frozenset({(), ("src",)})


def _shared(one: str, other: str) -> tuple[int, int]:
    """How many folders two paths have in common; of two equals, the shorter path is nearer."""
    count = 0
    for left, right in zip(folders_of(one), folders_of(other), strict=False):
        if left != right:
            break
        count += 1
    return count, -len(one)


_KNOWN: WeakKeyDictionary[Repository, ProjectCode] = WeakKeyDictionary()


def code_of(repository: Repository) -> ProjectCode:
    """A repository's Python code, read together once."""
    if repository not in _KNOWN:
        _KNOWN[repository] = ProjectCode(repository.modules)
    return _KNOWN[repository]
