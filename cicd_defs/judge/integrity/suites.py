"""The tests that a file holds, as its runner would find them: by syntax for Python, by pattern for others."""

import re
from typing import NamedTuple

from cicd_defs.judge.integrity.python_suite import read_python
from cicd_defs.judge.integrity.suite import Suite, Test


class _Language(NamedTuple):
    """How a language writes tests. `test` names it in its first group that is filled."""

    test: str
    skipped: str
    focused: str
    claim: str


_LANGUAGES = {
    "js": _Language(
        r"^[ \t]*(?:it|test)(?:\.(?:each|concurrent|only)\b(?:\([^\n)]*\)|`[^`]{0,2000}`)?){0,3}"
        r"\s*\(\s*(['\"`])(?P<name>.{1,200}?)\1",
        r"\b(?:it|test|describe|context|suite)\.(?:skip|todo|fixme|skipIf|runIf|fails|failing)\b"
        r"|^[ \t]*x(?:it|test|describe|context)\s*\(|\bthis\.skip\(",
        r"\b(?:it|test|describe|context|suite)\.only\b|^[ \t]*f(?:it|describe)\s*\(",
        r"\bexpect(?:\.\w+)?\(|\bassert(?:\.\w+)?\(|\.should\b",
    ),
    "go": _Language(
        r"^func (?P<name>(?:Test|Fuzz|Example)\w*)\(",
        r"\b[tbf]\.Skip(?:f|Now)?\(|^//go:build |^// \+build ",
        r"(?!)",
        r"\b[tbf]\.(?:Error|Errorf|Fatal|Fatalf|Fail|FailNow)\(|\b(?:assert|require|is)\.\w+\(",
    ),
    "rs": _Language(
        r"#\[(?:\w+::)*(?:test|rstest|test_case)\b[^\]\n]*\](?:\s*#\[[^\]\n]*\]){0,10}\s*"
        r"(?:pub )?(?:async )?fn (?P<name>\w+)",
        r"#\[(?:cfg_attr\([^\n]*)?ignore\b|#!?\[cfg\((?:any\(\)|not\(test\))",
        r"(?!)",
        r"\b(?:debug_)?assert\w*!\s*[(\[{]|\bpanic!|should_panic|\.unwrap\(\)",
    ),
    "java": _Language(
        r"@(?:[\w.]{1,80}\.)?(?:Parameterized|Repeated)?Test\b(?:\([^\n)]{0,300}\))?\s+(?:@[^\n]{0,300}\n\s*){0,10}"
        r"(?:(?:public|void|fun|final|static|internal) ){0,5}"
        r"(?P<name>\w+|`[^`\n]+`)\s*\(",
        r"@(?:Disabled|Ignore)\w*\b|\bassume\w*\(",
        r"(?!)",
        r"\bassert\w*\s*[(.]|\bverify\(|\bexpect\w*\(|\bshould\w*",
    ),
    "rb": _Language(
        r"^[ \t]*(?:def (?P<name>test_\w+)|(?:it|specify|test) (['\"])(?P<name2>.{1,200}?)\2)",
        r"^[ \t]*(?:xit|xdescribe|xcontext|pending|skip)\b",
        r"\b(?:fit|fdescribe)\b|focus: true",
        r"\bassert\w*|\bexpect\b|\.should\b",
    ),
}
_ENDINGS = {
    **dict.fromkeys(("js", "jsx", "ts", "tsx", "mjs", "cjs", "mts", "cts"), "js"),
    **dict.fromkeys(("java", "kt", "kts", "scala", "groovy"), "java"),
    "go": "go",
    "rs": "rs",
    "rb": "rb",
}
LONGEST = 400_000
"""Characters of a file that are looked at."""
_LINE_COMMENTS = re.compile(r"^[ \t]*(?://(?!go:build|[ ]\+build)|#(?![!\[])).*", re.M)


def suite_of(path: str, text: str) -> Suite:
    """The tests of a file. Of a language that is not known here it holds none."""
    ending = path.rpartition(".")[2].lower()
    if ending == "py":
        read = read_python(text)
        return read if read is not None else _python_by_pattern(text)
    language = _LANGUAGES.get(_ENDINGS.get(ending, ""))
    if language is None:
        return Suite()
    plain = _LINE_COMMENTS.sub("", _without_comments(text[:LONGEST]))
    return _by_pattern(language, plain)


def _without_comments(text: str) -> str:
    """A text with `/* … */` blanked; lines keep their numbers."""
    kept, at = [], 0
    while (start := text.find("/*", at)) >= 0 and (end := text.find("*/", start + 2)) >= 0:
        kept += [text[at:start], "\n" * text.count("\n", start, end)]
        at = end + 2
    return "".join(kept) + text[at:]


def _by_pattern(language: _Language, text: str) -> Suite:
    names = []
    for found in re.finditer(language.test, text, re.M):
        groups = found.groupdict()
        names.append(
            (groups.get("name") or groups.get("name2") or "?", text.count("\n", 0, found.start()) + 1)
        )
    tests = tuple(Test(name=name, line=line) for name, line in names)
    return Suite(
        tests=tests,
        claims=len(re.findall(language.claim, text, re.M)),
        skips=len(re.findall(language.skipped, text, re.M)),
        focused=len(re.findall(language.focused, text, re.M)),
    )


_PYTHON = _Language(
    r"^[ \t]*(?:async )?def (?P<name>test\w*)\(",
    r"pytest\.(?:mark\.)?(?:skip|xfail)|unittest\.skip",
    r"(?!)",
    r"^[ \t]*assert\b|self\.assert\w+\(|pytest\.raises",
)


def _python_by_pattern(text: str) -> Suite:
    """What is no Python any more, or too much of it."""
    return _by_pattern(_PYTHON, text[:LONGEST])
