"""A test runner is told to run no test: it selects nothing, only lists, only compiles, or skips.

**Why it matters** The step is called a test and is green, and not one test ran.
**How to fix** Take the option away, or name tests that exist.
**Example** `pytest -k "slow and not slow"` becomes `pytest`; `mvn test -DskipTests` becomes `mvn test`.
"""

import re
from collections.abc import Iterator
from itertools import product

from cicd_defs.facts.findings import Confidence, Family, Fix, Severity
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.remembered import remembered
from cicd_defs.facts.script import Command, Fate
from cicd_defs.facts.workflow import WrittenStep, WrittenWorkflow
from cicd_defs.judge.commands.purposes import purpose_of
from cicd_defs.judge.edits import edit_script
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found
from cicd_defs.plan.kinds import StepKind

ABOUT = About(Family.CANNOT_FAIL, Severity.HIGH)

_MENTIONS = regex(
    r"pytest|py\.test|go test|cargo|mvn|gradle|jest|vitest|ctest|dotnet|npm|pnpm|yarn|npx|mocha|playwright|rspec"
    r"|phpunit|pest|swift"
)
_MOST_NAMES = 6
_WORDS = regex(r"\(|\)|[^\s()]+")
_LISTS: tuple[tuple[re.Pattern[str], frozenset[str]], ...] = (
    (
        regex(r"(?:pytest|py\.test)\b"),
        frozenset({"--collect-only", "--co", "--fixtures", "--markers", "--setup-plan"}),
    ),
    (regex(r"cargo (?:\+\S+ )?(?:test|nextest run)\b"), frozenset({"--no-run"})),
    (regex(r"cargo (?:\+\S+ )?test\b.* -- "), frozenset({"--list"})),
    (regex(r"go test\b"), frozenset({"-list", "-c"})),
    (regex(r"playwright test\b"), frozenset({"--list"})),
    (regex(r"vitest list\b"), frozenset({"list"})),
    (regex(r"swift test list\b"), frozenset({"list"})),
    (regex(r"(?:bundle exec )?rspec\b"), frozenset({"--dry-run"})),
    (
        regex(r"(?:phpunit|pest|paratest)\b"),
        frozenset({"--list-tests", "--list-groups", "--list-suites"}),
    ),
    (regex(r"gradlew?\b.* \S*[tT]est\w*"), frozenset({"--dry-run", "-m"})),
    (
        regex(r"(?:jest|npm (?:run )?test|yarn (?:run )?test|pnpm (?:run )?test)\b"),
        frozenset({"--listTests"}),
    ),
    (regex(r"dotnet test\b"), frozenset({"--list-tests", "-t"})),
    (regex(r"ctest\b"), frozenset({"-N", "--show-only"})),
    (regex(r"mocha\b"), frozenset({"--dry-run"})),
)
_MAVEN_SKIPS = regex(r"-D(?:skipTests|maven\.test\.skip)(?:=true)?")
_GO_TEST = regex(r"^func ((?:Test|Example|Fuzz|Benchmark)\w*)\(", re.MULTILINE)
_PLAIN_PATTERN = regex(r"\^?\(?[\w|]{3,}\)?\$?")
_MAY_BE_NONE = regex(r"-D(?:failIfNoTests|surefire\.failIfNoSpecifiedTests)=false")
_CARGO_VALUES = frozenset(
    {
        *(
            "-p",
            "--package",
            "--exclude",
            "-F",
            "--features",
            "--test",
            "--bin",
            "--example",
            "--bench",
            "-j",
            "--jobs",
        ),
        *(
            "--target",
            "--target-dir",
            "--manifest-path",
            "--profile",
            "--color",
            "--config",
            "-Z",
            "--message-format",
        ),
    }
)
_NO_VALUE = regex(
    r"--(?:passWithNoTests|ci|coverage|run|silent|verbose|runInBand|no-\w+|watch=false|bail|forceExit|)|-i|-w|run|test|--"
)
_PATTERNS = ("--testPathPattern", "--testPathPatterns", "--findRelatedTests")


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Test runs without tests."""
    for step in workflow.steps:
        if step.run is None or not _MENTIONS.search(step.run.text):
            continue
        for command in step.commands:
            yield from _judged(step, command, repository)


def _judged(step: WrittenStep, command: Command, repository: Repository) -> Iterator[Found]:
    plain = command.plain
    if plain.startswith(("pytest", "py.test")):
        yield from _unsatisfiable(step, command, repository)
    elif plain.startswith("go test"):
        yield from _matches_nothing(step, command, repository)
    elif re.match(r"mvnw?(?:\.cmd)?\b|mvnd\b", plain) and _is_to_test(step, command):
        yield from _words(step, command, lambda word: bool(_MAVEN_SKIPS.fullmatch(word)), "skips all tests")
        yield from _no_such_class(step, command, repository)
    elif plain.startswith("cargo"):
        yield from _no_such_function(step, command, repository)
    elif re.match(r"gradlew?\b", plain):
        yield from _excluded(step, command)
    if "--passWithNoTests" in command.text:
        yield from _no_such_file(step, command, repository)
    if command.fate in {Fate.CAPTURED, Fate.PIPED} or command.redirects or _is_preparation(step, command):
        return
    for runner, flags in _LISTS:
        if runner.match(plain):
            yield from _words(step, command, lambda word, flags=flags: word in flags, "runs no test")


def _is_to_test(step: WrittenStep, command: Command) -> bool:
    """Whether Maven is to test: it is told so, or to verify in a step that is called a test."""
    return "test" in command.words or ("verify" in command.words and _is_called_test(step))


def _is_called_test(step: WrittenStep) -> bool:
    """Whether the step, else its job, is called a test, and not a build of tests, or a list of them."""
    name = step.name or f"{step.job.id} {step.job.node.text('name') or ''}"
    called = re.search(r"test", name, re.IGNORECASE)
    return bool(called) and not re.search(
        r"build|compil|check|list|collect|prepare|doc|generat|binar", name, re.IGNORECASE
    )


def _is_preparation(step: WrittenStep, command: Command) -> bool:
    """Whether it lists tests before the script runs some, or compiles them, and does not claim to be a test."""
    compiles = "--no-run" in command.words or (command.name == "go" and "-c" in command.words)
    if compiles and _is_run_later(step, command):
        return True
    if compiles and not _is_called_test(step):
        return True
    steps = step.job.steps if compiles else (step,)
    others = (one for other in steps for one in other.commands if one is not command)
    return any((purpose := purpose_of(one)) is not None and purpose.kind is StepKind.TEST for one in others)


def _is_run_later(step: WrittenStep, command: Command) -> bool:
    """Whether what `go test -c -o FILE` makes has its name in what follows in the job."""
    at = next((at for at, word in enumerate(command.words[:-1]) if word == "-o"), None)
    if at is None:
        return False
    name = command.words[at + 1].rpartition("/")[2]
    here = [one.text for one in step.commands if one.start > command.end]
    there = [one.run.text for one in step.job.steps[step.index + 1 :] if one.run is not None]
    return any(name in text for text in (*here, *there))


def _unsatisfiable(step: WrittenStep, command: Command, repository: Repository) -> Iterator[Found]:
    for at, word in enumerate(command.words):
        option, equals, value = word.partition("=")
        if option not in {"-k", "-m"}:
            continue
        if not equals:
            value = command.words[at + 1] if at + 1 < len(command.words) else ""
        if at and command.words[at - 1].startswith("python") and option == "-m":
            continue
        last = at if equals else at + 1
        if not value or "$" in value or last >= len(command.words):
            continue
        value = value.strip("'\"")
        gone = _undeclared(step, value, repository) if option == "-m" else frozenset()
        if _never_holds(value, gone):
            why = (
                f"no test has the mark `{sorted(gone)[0]}`"
                if gone and not _never_holds(value)
                else "it never holds"
            )
            yield _option(step, command, at, last, f"selects no test: {why}")


def _never_holds(expression: str, gone: frozenset[str] = frozenset()) -> bool:
    """Whether a selection holds for no test. Text that cannot be read holds."""
    words = [word for word in _WORDS.findall(expression) if word not in {"(", ")", "and", "or", "not"}]
    names = sorted(set(words))
    if (
        not names
        or len(names) > _MOST_NAMES
        or not all(re.fullmatch(r"[\w.\[\]:-]+", name) for name in names)
    ):
        return False
    if any(a != b and a.lower() in b.lower() for a in names for b in names):
        return False
    return not any(
        _holds(expression, dict(zip(names, values, strict=True)))
        for values in product((False, True), repeat=len(names))
        if not any(value and name in gone for name, value in zip(names, values, strict=True))
    )


def _holds(expression: str, known: dict[str, bool]) -> bool:
    try:
        return _Selection(_WORDS.findall(expression), known).whole()
    except (IndexError, RecursionError):
        return True


class _Selection:
    """Works out `a and not (b or c)`. Raises IndexError where it is none."""

    def __init__(self, words: list[str], known: dict[str, bool]) -> None:
        self._words, self._known, self._at = words, known, 0

    def whole(self) -> bool:
        held = self._either()
        if self._at != len(self._words):
            raise IndexError
        return held

    def _next(self, word: str) -> bool:
        if self._at < len(self._words) and self._words[self._at] == word:
            self._at += 1
            return True
        return False

    def _either(self) -> bool:
        held = self._both()
        while self._next("or"):
            held = self._both() or held
        return held

    def _both(self) -> bool:
        held = self._one()
        while self._next("and"):
            held = self._one() and held
        return held

    def _one(self) -> bool:
        if self._next("not"):
            return not self._one()
        if self._next("("):
            held = self._either()
            if not self._next(")"):
                raise IndexError
            return held
        self._at += 1
        return (
            self._known[self._words[self._at - 1]] if self._words[self._at - 1] in self._known else _no_name()
        )


def _no_name() -> bool:
    raise IndexError


def _undeclared(step: WrittenStep, expression: str, repository: Repository) -> frozenset[str]:
    """The marks of an expression that nothing in the repository speaks of."""
    if not repository.whole:
        return frozenset()
    names = {word for word in re.findall(r"\w+", expression) if word not in {"and", "or", "not"}}
    own = any(path.endswith(".py") and "test" in path for path in repository.tree.paths)
    if not own and (
        _fetches_others(step) or all(path.startswith(".github/") for path in repository.tree.paths)
    ):
        return frozenset()
    for path in repository.tree.paths:
        if not names:
            break
        if not path.endswith((".py", ".toml", ".cfg", ".ini", ".pyi")):
            continue
        source = repository.source(path)
        text = source.text if source else ""
        names = {name for name in names if name not in text}
    return frozenset(names)


def _fetches_others(step: WrittenStep) -> bool:
    """Whether the job brings another repository, of which the tests may be."""
    return any(
        before.given("repository") or (before.run is not None and "clone" in before.run.text)
        for before in step.job.steps[: step.index + 1]
    )


def _matches_nothing(step: WrittenStep, command: Command, repository: Repository) -> Iterator[Found]:
    if any(word.startswith(("-bench", "-fuzz", "--bench")) for word in command.words):
        return
    for at, word in enumerate(command.words):
        option, equals, value = word.partition("=")
        if option not in {"-run", "--run"}:
            continue
        last = at if equals else at + 1
        value = value if equals else command.words[last] if last < len(command.words) else ""
        if value.strip("'\"") in {"^$", "$^", "XXX", "NONE", "^NONE$", "^XXX$"}:
            yield _option(step, command, at, last, "selects no test")
        elif last < len(command.words) and _no_go_test_has(repository, value.strip("'\"")):
            yield _option(step, command, at, last, "selects no test: none has such a name")


@remembered
def _go_tests(repository: Repository) -> frozenset[str]:
    """The names of all tests in Go."""
    texts = (repository.tree.text(path) or "" for path in repository.tree.paths if path.endswith("_test.go"))
    return frozenset(found[1] for text in texts for found in _GO_TEST.finditer(text))


def _no_go_test_has(repository: Repository, pattern: str) -> bool:
    """Whether a pattern for names of tests, its part before the first `/`, fits no test of the repository."""
    first = pattern.partition("/")[0]
    if not repository.whole or not _PLAIN_PATTERN.fullmatch(first) or not (names := _go_tests(repository)):
        return False
    try:
        wanted = re.compile(first)
    except re.error:
        return False
    return not any(map(wanted.search, names))


def _no_such_class(step: WrittenStep, command: Command, repository: Repository) -> Iterator[Found]:
    """`mvn test -Dtest=NoSuchTest -DfailIfNoTests=false`."""
    if not repository.whole or not any(_MAY_BE_NONE.fullmatch(word) for word in command.words):
        return
    for at, word in enumerate(command.words):
        found = re.fullmatch(r"-Dtest=([A-Z]\w+)(?:#\w+)?", word)
        if found and not any(f"{found[1]}." in path for path in repository.tree.paths):
            yield _option(step, command, at, at, "selects no test: there is no such class")


def _no_such_function(step: WrittenStep, command: Command, repository: Repository) -> Iterator[Found]:
    """`cargo test name`: the name is looked for in the names of all tests, and their modules."""
    words = command.words
    at = next((at + 1 for at, word in enumerate(words) if word == "test"), len(words))
    while at < len(words) and words[at].startswith("-"):
        if words[at] == "--":
            return
        at += 1 if "=" in words[at] or words[at] not in _CARGO_VALUES else 2
    if at >= len(words) or not re.fullmatch(r"[a-z_]\w*(?:::\w+)*", words[at]):
        return
    sought = words[at].rpartition("::")[2]
    if repository.whole and not _is_in_rust(repository, sought):
        yield _option(step, command, at, at, "selects no test: nothing has such a name")


def _is_in_rust(repository: Repository, name: str) -> bool:
    """Whether the code in Rust speaks of a name, or there is none at hand."""
    paths = [path for path in repository.tree.paths if path.endswith(".rs")]
    return not paths or any(name in path or name in (repository.tree.text(path) or "") for path in paths)


def _excluded(step: WrittenStep, command: Command) -> Iterator[Found]:
    """`gradle test -x test`."""
    for at, word in enumerate(command.words[:-1]):
        task = command.words[at + 1]
        others = command.words[:at] + command.words[at + 2 :]
        if word in {"-x", "--exclude-task"} and task in others and "test" in task.lower():
            yield _option(step, command, at, at + 1, "skips the task that it is to run")


def _no_such_file(step: WrittenStep, command: Command, repository: Repository) -> Iterator[Found]:
    """`--passWithNoTests` beside a pattern that no file has in its path."""
    if not repository.whole:
        return
    runner = re.match(r"(?:jest|vitest|(?:npm|pnpm|yarn) (?:run )?test)\b", command.plain)
    begin = next((at for at, word in enumerate(command.words) if word in {"jest", "vitest", "test"}), 0)
    for at in range(begin + 1, len(command.words)) if runner else ():
        word, before = command.words[at].removeprefix("./"), command.words[at - 1]
        bare = before.partition("=")[0]
        is_value = before.startswith("-") and "=" not in before and not _NO_VALUE.fullmatch(bare)
        if (
            is_value
            or word in {"run", "watch", "related", "--"}
            or not re.fullmatch(r"[\w/-]+(?:\.\w+)*", word)
        ):
            continue
        if word[0] != "-" and not any(word.lower() in path.lower() for path in repository.tree.paths):
            yield _option(step, command, at, at, f"selects no test: no file has `{word}` in its path")
            return
    for at, word in enumerate(command.words):
        option, equals, value = word.partition("=")
        last = at if equals else at + 1
        value = value if equals else command.words[last] if last < len(command.words) else ""
        value = value.strip("'\"").removeprefix("./")
        if option not in _PATTERNS or not re.fullmatch(r"[\w/-]+", value):
            continue
        if not any(value.lower() in path.lower() for path in repository.tree.paths):
            yield _option(step, command, at, last, f"selects no test: no file has `{value}` in its path")


def _words(step: WrittenStep, command: Command, matches: object, why: str) -> Iterator[Found]:
    assert callable(matches)
    for at, word in enumerate(command.words):
        if at and (matches(word.partition("=")[0]) or matches(word)):
            yield _option(step, command, at, at, why)
            return


def _option(step: WrittenStep, command: Command, first: int, last: int, why: str) -> Found:
    begin, end = command.spans[first][0], command.spans[last][1]
    assert step.run is not None
    written = step.run.text[begin:end]
    edit = edit_script(step, command.spans[first - 1][1], end, "") if first else None
    start, stop = step.place(begin, end)
    runner = " ".join(
        command.plain.split()[:2]
        if command.plain.startswith(("go ", "cargo ", "dotnet "))
        else command.plain.split()[:1]
    )
    return Found(
        step.source,
        start,
        stop,
        f"`{runner}` tests nothing: `{written}` {why}",
        Fix(f"Take `{written}` away", (edit,)) if edit else None,
        confidence=Confidence.HIGH,
    )
