"""No test reaches a module.

**Why it matters** Whatever goes wrong in it goes wrong for users first; a green run says nothing about it.
**How to fix** Write a test that imports it and tries what it promises. Where a test reaches it in a way that cannot
be seen, as through a running program, name the test after it: `test_<module>.py`.
**Example** `shop/discounts.py`, which neither a test nor anything that tests import knows, gets
`tests/test_discounts.py`.
"""

import ast
import re
from collections.abc import Iterator

from cicd_defs.facts.findings import Family, Severity
from cicd_defs.judge.python.code import FUNCTIONS, Function, ModuleCode, ProjectCode, code_of
from cicd_defs.judge.python.places import is_product, is_test_file, stem_of
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found

ABOUT = About(Family.FLAKY_CODE, Severity.LOW, subject="repository", strict=True)

_DOTTED = re.compile(r"""["'](/?[A-Za-z_]\w*(?:\.\w+)+)(?::\w+)?["']""")
_FILE = re.compile(r"""["'/](\w+)\.py["']""")
_COMMAND = re.compile(r"""call_command\(\s*["'](\w+)["']""")
_NOT_TO_TRY = frozenset(
    {"__main__", "_version", "version", "__version__", "__about__", "constants", "types", "typing", "apps"}
)


def find(repository: Repository) -> Iterator[Found]:
    """Modules of packages that no test imports, neither by themselves nor through what it imports."""
    project = code_of(repository)
    tests = [code for code in project.by_path.values() if is_test_file(code.path)]
    if not tests:
        return
    commands = {word for code in tests for word in _COMMAND.findall(code.module.source.text)}
    names = commands | {re.sub(r"^test_|_tests?$", "", stem_of(code.path)) for code in tests}
    named = [code for path, code in project.by_path.items() if _is_named(path, names)]
    first = _reached(project, tests)
    roots = {path.partition("/")[0] for path in first}
    reached = _reached(project, named, first)
    loose = {path.rpartition("/")[0] for path in reached if not is_test_file(path)}
    for path, code in sorted(project.by_path.items()):
        folder = path.rpartition("/")[0]
        near = folder in loose or (
            f"{folder}/__init__.py" in project.by_path and path.partition("/")[0] in roots
        )
        if path in reached or not near or not _is_to_be_tried(code, project):
            continue
        stem = stem_of(path)
        start, end = code.module.span(code.body[0])
        end = min(end, code.module.source.line_end(start))
        yield Found(
            code.module.source,
            start,
            end,
            f"no test imports `{stem}`, neither directly nor through another module",
        )


def _is_named(path: str, names: set[str]) -> bool:
    """Whether a test or a command in one is named after a module, alone or with its folder."""
    folder, stem = path.rpartition("/")[0].rpartition("/")[2], stem_of(path)
    return stem in names or f"{folder}_{stem}" in names


def _is_to_be_tried(code: ModuleCode, project: ProjectCode) -> bool:
    """Whether a file is a module of a package, and does something."""
    if not is_product(code.module.source) or code.package or stem_of(code.path) in _NOT_TO_TRY:
        return False
    if code.path.rpartition("/")[0] + "/__init__.py" not in project.by_path and _is_run(code):
        return False
    return any(_does_something(one) for one in code.body)


def _is_run(code: ModuleCode) -> bool:
    """Whether a file is a program by itself."""
    text = code.module.source.text
    return text.startswith("#!") or "__main__" in text or "argparse" in text


def _does_something(statement: ast.stmt) -> bool:
    """A function, or a class with a method that is more than a declaration."""
    if isinstance(statement, FUNCTIONS):
        return True
    if not isinstance(statement, ast.ClassDef):
        return False
    return any(isinstance(one, FUNCTIONS) and not _only_declares(one) for one in statement.body)


def _only_declares(function: Function) -> bool:
    """Whether a method has nothing in it but a docstring, `…`, `pass`, or that it is not there."""
    return all(
        isinstance(one, ast.Pass | ast.Raise)
        or (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))
        for one in function.body
    )


def _reached(
    project: ProjectCode, tests: list[ModuleCode], known: frozenset[str] = frozenset()
) -> frozenset[str]:
    """The files that tests import, and those that these import; names in strings of tests count as imports.

    `known` are those of which that has been asked.
    """
    waiting = [code for code in tests if code.path not in known]
    seen = {*known, *(code.path for code in waiting)}
    while waiting:
        code = waiting.pop()
        for found in _reached_from(code, project):
            if found.path not in seen:
                seen.add(found.path)
                waiting.append(found)
    return frozenset(seen)


def _reached_from(code: ModuleCode, project: ProjectCode) -> Iterator[ModuleCode]:
    """What a file imports, what its texts name with dots, as settings do, and the files beside it that it names."""
    text = code.module.source.text
    for name in code.imported | set(_DOTTED.findall(text)):
        yield from _named(project, name, code)
    folder = code.path.rpartition("/")[0]
    for stem in _FILE.findall(text):
        beside = project.by_path.get(f"{folder}/{stem}.py")
        if beside is not None:
            yield beside


def _named(project: ProjectCode, name: str, near: ModuleCode) -> Iterator[ModuleCode]:
    """The module of a name, and the packages above it, which are imported with it."""
    place = project.split(name, near)
    if place is None:
        return
    yield place[0]
    folder = place[0].path.rpartition("/")[0]
    while folder and (package := project.by_path.get(f"{folder}/__init__.py")):
        yield package
        folder = folder.rpartition("/")[0]
