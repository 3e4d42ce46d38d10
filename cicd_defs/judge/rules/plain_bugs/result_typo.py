"""A condition compares something with a value that it can never have.

**Why it matters** The comparison always goes the same way: a notice of failure that is never sent, a deployment that
never starts, a gate that never closes. No error is given.
**How to fix** Use one of the values that there are: results are `success`, `failure`, `cancelled` and `skipped`;
`github.ref` begins with `refs/heads/` or `refs/tags/`; inputs of the kind `boolean` are `true`, not `'true'`.
**Example** `if: needs.test.result == 'failed'` becomes `if: needs.test.result == 'failure'`.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from cicd_defs.facts.findings import Family, Fix, Severity
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.workflow import WrittenStep, WrittenWorkflow
from cicd_defs.facts.yaml_nodes import Mapping as YamlMapping
from cicd_defs.facts.yaml_nodes import Scalar
from cicd_defs.judge.edits import edit_script, with_all
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found
from cicd_defs.judge.workflows.placed import Placed, expressions
from cicd_defs.judge.workflows.possible import RESULTS, TRUTHS, never, values_of

ABOUT = About(Family.PLAIN_BUGS, Severity.HIGH)

_PATH = r"(?:github|needs|steps|job|jobs|runner|inputs|env|vars)(?:\s*\.\s*(?:[\w-]+|\*)|\[\s*'[^']*'\s*])+"
_WORD = r"'((?:[^']|'')*)'"
_EQUALS = regex(rf"(?<![\w.'])({_PATH})\s*(?:==|!=)\s*{_WORD}", re.IGNORECASE)
_EQUALLED = regex(rf"{_WORD}\s*(?:==|!=)\s*({_PATH})(?![\w.('])", re.IGNORECASE)
_BEGINS = regex(rf"startsWith\(\s*({_PATH})\s*,\s*{_WORD}\s*\)", re.IGNORECASE)
_HOLDS = regex(
    rf"contains\(\s*(?:join\(\s*)?((?:needs|steps)\s*\.\s*\*\s*\.\s*\w+)(?:\s*,\s*'[^']*'\s*\))?\s*,\s*{_WORD}\s*\)",
    re.IGNORECASE,
)
_AMONG = regex(rf"contains\(\s*fromJSON\(\s*'(\[[^']*\])'\s*\)\s*,\s*({_PATH})\s*\)", re.IGNORECASE)
_TRUE = regex(rf"(?<![\w.'])({_PATH})\s*(?:==|!=)\s*(true)\b", re.IGNORECASE)
_TEXTS = regex(
    r"(?:needs|steps|jobs)\.[\w-]+\.outputs\.[\w-]+|env\.\w+|vars\.\w+|github\.event\.inputs\.[\w-]+"
)
_IN_SHELL = regex(
    r"""(?<![\w$])(["']?)(?:\$\{\{\s*(?P<path>[\w.*-]+)\s*}}|\$\{?(?P<name>\w+)\}?)\1\s*(?:==|!=|=)\s*(?P<quote>["']?)"""
    r"""(?P<word>[\w./-]+)(?P=quote)(?=[\s\])};]|$)"""
)
_OF_RUNNER = {
    "RUNNER_OS": "runner.os",
    "RUNNER_ARCH": "runner.arch",
    "GITHUB_REF": "github.ref",
    "GITHUB_REF_TYPE": "github.ref_type",
    "GITHUB_REF_NAME": "github.ref_name",
    "GITHUB_EVENT_NAME": "github.event_name",
}
_WHOLE = regex(r"\s*\$\{\{\s*([\w.*-]+)\s*}}\s*")

Told = tuple[int, int, str, str | None]
"""From where to where in an expression, what is wrong, and what stands in for it."""


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Comparisons in conditions and expressions, and in scripts, with values that cannot be."""
    booleans = _booleans(workflow)
    dispatched = "repository_dispatch" in workflow.events
    for one in expressions(workflow):
        if "'" not in one.text and "true" not in one.text:
            continue
        for start, end, message, instead in _told(one.text, booleans, dispatched):
            yield _found(one, start, end, message, instead)
    for step in workflow.steps:
        if step.run and step.script is not None:
            yield from _in_script(step)


def _found(one: Placed, start: int, end: int, message: str, instead: str | None) -> Found:
    edits = with_all(one.edit(start, end, instead)) if instead is not None else None
    fix = Fix(f"Write `{instead}`", edits) if edits else None
    return Found(one.source, *one.span(start, end), message, fix)


def _told(text: str, booleans: frozenset[str], dispatched: bool) -> Iterator[Told]:
    for path, word, start, end, exact in _comparisons(text):
        if path == "github.event.action" and dispatched:
            continue
        if path in booleans or TRUTHS.fullmatch(path):
            truth = word.lower() if word.lower() in {"true", "false"} else None
            if word:
                yield start - 1, end + 1, f"`{path}` is true or false, and never the text `'{word}'`", truth
            continue
        told = never(path, word, exact)
        if told:
            yield start, end, told[0], told[1]
    for found in _TRUE.finditer(text) if "true" in text else ():
        path = _dotted(found[1])
        if path.startswith(("needs.", "steps.", "job.")) and values_of(path) is not None:
            yield found.start(2), found.end(2), f"`{path}` is a word, and never `true`", "'success'"
        elif _TEXTS.fullmatch(path):
            yield (
                found.start(2),
                found.end(2),
                f"`{path}` is a text, and never equals `true`",
                f"'{found[2]}'",
            )


def _comparisons(text: str) -> Iterator[tuple[str, str, int, int, bool]]:
    """Each context with a word that it is compared with, where that stands, and whether it has to be all of it."""
    for found in _EQUALS.finditer(text):
        yield _dotted(found[1]), found[2], found.start(2), found.end(2), True
    for found in _EQUALLED.finditer(text):
        yield _dotted(found[2]), found[1], found.start(1), found.end(1), True
    for found in _BEGINS.finditer(text):
        yield _dotted(found[1]), found[2], found.start(2), found.end(2), False
    for found in _HOLDS.finditer(text):
        if "join(" in found[0].lower() and _is_part(found[2]):
            continue
        yield _dotted(found[1]), found[2], found.start(2), found.end(2), True
    for found in _AMONG.finditer(text):
        for word in re.finditer(r'"([^"]*)"', found[1]):
            at = found.start(1)
            yield _dotted(found[2]), word[1], at + word.start(1), at + word.end(1), True


def _is_part(word: str) -> bool:
    """Whether a word stands within results that are joined to one text."""
    return "," in word or any(word.lower() in value for value in RESULTS)


@lru_cache(maxsize=2048)
def _dotted(path: str) -> str:
    """A context's name as one word: `needs['a'].result` is `needs.a.result`."""
    return re.sub(r"\s", "", re.sub(r"\[\s*'([^']*)'\s*]", r".\1", path)).lower()


def _booleans(workflow: WrittenWorkflow) -> frozenset[str]:
    """The inputs that are true or false however the workflow is started."""
    kinds: dict[str, set[str]] = {}
    for event in ("workflow_dispatch", "workflow_call"):
        node = workflow.event(event)
        inputs = node.mapping("inputs") if node else None
        for key, held in inputs.pairs if inputs else ():
            kind = held.text("type") if isinstance(held, YamlMapping) else None
            kinds.setdefault(key.text.lower(), set()).add(kind or "string")
    return frozenset(f"inputs.{name}" for name, held in kinds.items() if held == {"boolean"})


def _in_script(step: WrittenStep) -> Iterator[Found]:
    """Comparisons in a shell, which looks at the case of letters too."""
    assert step.run is not None
    text = step.run.text
    if "=" not in text or ("[" not in text and "test" not in text):
        return
    named: Mapping[str, str] | None = None
    for found in _IN_SHELL.finditer(text):
        line = text[text.rfind("\n", 0, found.start()) + 1 : found.start()]
        if not re.search(r"\[|\btest\b", line) or line.lstrip().startswith("#"):
            continue
        if found["path"]:
            path = _dotted(found["path"])
        else:
            named = _variables(step) if named is None else named
            path = named.get(found["name"], "")
        told = _never_in_shell(path, found["word"]) if path else None
        if told:
            start, end = found.span("word")
            edits = with_all(edit_script(step, start, end, told[1])) if told[1] else None
            fix = Fix(f"Write `{told[1]}`", edits) if edits else None
            yield Found(step.source, *step.place(start, end), told[0], fix)


def _never_in_shell(path: str, word: str) -> tuple[str, str | None] | None:
    told = never(path, word)
    values = values_of(path)
    if told or values is None or word in values:
        return told
    right = next(value for value in values if value.lower() == word.lower())
    return f"`{path}` is `{right}`, and a shell tells small letters from large ones", right


def _variables(step: WrittenStep) -> dict[str, str]:
    """The variables that hold a context as it is."""
    named = dict(_OF_RUNNER)
    for owner in (step.job.file.root, step.job.node, step.node):
        given = owner.mapping("env")
        for key, node in given.pairs if given else ():
            named.pop(key.text, None)
            if isinstance(node, Scalar) and (whole := _WHOLE.fullmatch(node.text)):
                named[key.text] = _dotted(whole[1])
    return named
