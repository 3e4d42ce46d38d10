"""A test reaches the network, and nothing marks it.

**Why it matters** It fails when somebody else's server is slow, away or has changed, or when a fork has no key: a red
run that says nothing about the change. Without a mark it cannot be left out of the runs that guard pull requests.
**How to fix** Answer from a recording or a mock (`responses`, `respx`, `vcrpy`), or from a server on this machine.
Where the network is the point, mark the test and run marked tests on a schedule: `pytest -m "not network"`.
**Example** `def test_rates():` that calls `requests.get("https://api.rates.io/latest")` gets `@pytest.mark.network`.
"""

import ast
import re
from collections.abc import Iterator

from cicd_defs.facts.findings import Edit, Family, Fix, Severity
from cicd_defs.judge.python.code import ModuleCode, ProjectCode, bound_in, code_of, statements_of
from cicd_defs.judge.python.marks import declared_mark
from cicd_defs.judge.python.network_use import NetworkUse
from cicd_defs.judge.python.outside_calls import Scope, written
from cicd_defs.judge.python.tests import SETUPS, SuiteFile, SuiteFunction, conftests, suite_of
from cicd_defs.judge.repository import PythonModule, Repository
from cicd_defs.judge.rule import About, Found

ABOUT = About(Family.FLAKY_CODE, Severity.MEDIUM, subject="python")

_HINT = re.compile(
    r"requests|httpx|urllib|urlopen|aiohttp|socket|subprocess|_KEY|TOKEN|SECRET|PASSWORD|connect\(|http|smtplib|ftplib"
    r"|imaplib|telnetlib|boto3|paramiko|[Rr]edis|[Mm]ongo|[Ee]lasticsearch|[Kk]afka|pika"
)
_REPLACED = re.compile(
    r"\b(?:responses|respx|httpretty|vcr|requests_mock|httpx_mock|aioresponses|pook|betamax|moto|HTTMock|aresponses|"
    r"mock_aws|patch|Mocker|MockTransport|ASGITransport)\b"
)
_BLOCKS = re.compile(
    r"\b(?:disable_socket|socket\.socket|responses\.|respx|httpretty|vcr|requests_mock|httpx_mock|aioresponses|mock_aws|"
    r"urlopen|block_network|no_network|no_internet)\b|setattr\([^)]*\b(?:requests|httpx|urllib3?|socket|aiohttp)\b"
)
_MOCK = re.compile(
    r"(?i)mock|patch|vcr|cassette|respons|respx|httpretty|betamax|recorder|stub|fake|raises|moto|socket"
)
_MOCK_FIXTURES = re.compile(
    r"(?i)monkeypatch|mocker|.*mock.*|.*vcr.*|.*cassette.*|responses|respx.*|httpserver|httpbin.*|.*fake.*|.*stub.*|"
    r"aioresponses|betamax.*|.*patch.*|disable_socket|http"
)
_NEUTRAL_MARKS = frozenset(
    {
        *("parametrize", "asyncio", "anyio", "trio", "usefixtures", "filterwarnings", "timeout", "django_db"),
        *("tryfirst", "order", "run", "dependency", "xdist_group", "flaky", "repeat", "twisted", "gen_test"),
    }
)
_STANDS_IN = re.compile(rf"pytest\.skip\(|skipTest\(|importorskip|SkipTest|{_REPLACED.pattern}")


def find(module: PythonModule, repository: Repository) -> Iterator[Found]:
    """Calls to other machines in tests that nothing marks."""
    if not _HINT.search(module.source.text):
        return
    project = code_of(repository)
    suite = suite_of(project.by_path[module.path])
    if suite is None or module.path.endswith("conftest.py") or _is_marked_as_a_whole(suite):
        return
    if _is_answered_elsewhere(suite.code, project, repository):
        return
    use = NetworkUse(Scope(suite.code, project, suite.code.bound))
    for node, what in _reached(suite.code.body, use):
        start, end = module.span(node)
        yield Found(
            module.source, start, end, f"collecting this file depends on what is outside of CI: {what}"
        )
    yield from _by_helpers(suite, project)
    for function in suite.run_by_pytest:
        if not _is_free(function):
            continue
        use = NetworkUse(
            Scope(suite.code, project, {**suite.code.bound, **_of_self(function), **function.bound})
        )
        for node, what in _reached(function.node.body, use):
            start, end = module.span(node)
            message = f"`{function.node.name}` depends on what is outside of CI: {what}, and no mark says so"
            yield Found(module.source, start, end, message, _fix(function, repository))


def _by_helpers(suite: SuiteFile, project: ProjectCode) -> Iterator[Found]:
    """What functions of the file reach, of those that a test calls plainly."""
    known = {id(one.node) for one in suite.run_by_pytest}
    plain = {name: node for name, node in suite.code.functions.items() if id(node) not in known}
    for name, node in plain.items():
        own = bound_in(statements_of(node.body))
        given = {one.arg for one in [*node.args.args, *node.args.kwonlyargs]}
        if node.decorator_list or _STANDS_IN.search(suite.code.module.source.text):
            continue
        use = NetworkUse(
            Scope(
                suite.code, project, {**{k: v for k, v in suite.code.bound.items() if k not in given}, **own}
            )
        )
        reached = list(_reached(node.body, use))
        caller = (
            next(filter(None, (_calls_plainly(one, name) for one in suite.run_by_pytest)), None)
            if reached
            else None
        )
        for call, what in reached if caller else ():
            start, end = suite.code.module.span(call)
            message = f"`{caller}` depends on what is outside of CI by `{name}`: {what}, and no mark says so"
            yield Found(suite.code.module.source, start, end, message)


def _calls_plainly(one: SuiteFunction, name: str) -> str | None:
    called = one.is_test and re.search(rf"(?<![\w.]){name}\(", one.text) is not None
    return one.node.name if called and _is_free(one) else None


def _of_self(function: SuiteFunction) -> dict[str, ast.expr]:
    """What the functions that set a class up keep in `self`, by how it is read: `self.client`."""
    made: dict[str, ast.expr] = {}
    for one in function.file.functions if function.owner is not None else ():
        if one.owner is function.owner and one.node.name in SETUPS:
            for statement in one.statements:
                if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Attribute):
                    made.setdefault(written(statement.targets[0]), statement.value)
    return made


def _reached(body: list[ast.stmt], use: NetworkUse) -> Iterator[tuple[ast.expr, str]]:
    """What some statements reach, but for what stands where something is replaced or expected to fail."""
    lines: set[int] = set()
    for statement in _open_statements(body):
        for node, what in use.found_in(statement):
            if node.lineno not in lines:
                lines.add(node.lineno)
                yield node, what


def _open_statements(body: list[ast.stmt]) -> Iterator[ast.stmt | ast.expr]:
    for statement in body:
        if isinstance(statement, ast.With | ast.AsyncWith):
            heads = [one.context_expr for one in statement.items]
            if not any(_MOCK.search(written(one)) for one in heads):
                yield from heads
                yield from _open_statements(statement.body)
        elif isinstance(statement, ast.If | ast.For | ast.AsyncFor | ast.While):
            yield statement.iter if isinstance(statement, ast.For | ast.AsyncFor) else statement.test
            yield from _open_statements([*statement.body, *statement.orelse])
        elif isinstance(statement, ast.Try | ast.TryStar):
            if not _is_to_fail(statement):
                yield from _open_statements([*statement.body, *statement.orelse])
            yield from _open_statements(statement.finalbody)
        elif not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield statement


def _is_to_fail(statement: ast.Try | ast.TryStar) -> bool:
    """Whether a `try` is there to see its call fail: what follows the call says that it should have."""
    calls = (
        one.value for one in statement.body if isinstance(one, ast.Expr) and isinstance(one.value, ast.Call)
    )
    return any(written(one.func) in {"pytest.fail", "self.fail"} for one in calls)


def _is_free(function: SuiteFunction) -> bool:
    """Whether a function is run in every run, and meets the real network there."""
    if any(_MOCK_FIXTURES.fullmatch(name) for name in function.parameters) or _STANDS_IN.search(
        function.text
    ):
        return False
    owner = function.owner
    decorators = [*function.node.decorator_list, *(owner.decorator_list if owner else ())]
    if any(_says_something(one) for one in decorators):
        return False
    marked_class = owner is not None and any(
        isinstance(one, ast.Assign) and "pytestmark" in {written(target) for target in one.targets}
        for one in owner.body
    )
    if marked_class:
        return False
    if function.is_fixture:
        return _has_free_user(function)
    beside = (one for one in function.file.functions if one.owner is owner and one.node.name in SETUPS)
    return not any(_MOCK.search(one.text) for one in beside if one is not function)


def _has_free_user(fixture: SuiteFunction) -> bool:
    name = fixture.node.name
    users = [one for one in fixture.file.run_by_pytest if one.is_test and name in one.parameters]
    return any(_is_free(one) for one in users)


def _says_something(decorator: ast.expr) -> bool:
    """Whether a decorator is a mark that tells the test apart, or replaces what it reaches."""
    name = written(decorator)
    found = re.search(r"mark\.(\w+)", name)
    if found:
        return found[1] not in _NEUTRAL_MARKS
    return (
        bool(_MOCK.search(name))
        or "skip" in name.lower()
        or "requires" in name.lower()
        or "needs" in name.lower()
    )


def _is_marked_as_a_whole(suite: SuiteFile) -> bool:
    mark = suite.code.bound.get("pytestmark")
    if mark is None:
        return False
    marks = mark.elts if isinstance(mark, ast.List | ast.Tuple) else [mark]
    return any(_says_something(one) for one in marks)


def _is_answered_elsewhere(code: ModuleCode, project: ProjectCode, repository: Repository) -> bool:
    """Whether something stands in the network's way for every test: a fixture for all, or an option of pytest."""
    for file in (SuiteFile(code), *(SuiteFile(one) for one in conftests(code, project))):
        if any(one.is_for_all and _BLOCKS.search(one.text) for one in file.functions):
            return True
    return any(
        flag in (source.text if (source := repository.source(path)) else "")
        for path in ("pyproject.toml", "pytest.ini", "setup.cfg", "tox.ini")
        if path in repository.paths
        for flag in ("--disable-socket", "--block-network", "--allow-hosts")
    )


def _fix(function: SuiteFunction, repository: Repository) -> Fix | None:
    """The test gets a mark; where pytest has not heard of it, its configuration declares it."""
    mark = declared_mark(repository, function.file.code.path)
    if mark is None or not function.is_test or function.file.code.origins.get("pytest", "pytest") != "pytest":
        return None
    module = function.file.code.module
    source = module.source
    start = module.span(function.node)[0]
    begin = source.line_start(start)
    indent = source.text[begin:start]
    if indent.strip():
        return None
    text = f"{indent}@pytest.mark.{mark.name}{source.newline}"
    edits = (*mark.edits, *function.file.import_of_pytest(), Edit(source.path, begin, begin, text))
    return Fix(f"Mark it as a test that needs the network: `{mark.name}`", edits)
