"""The type checker's settings make it overlook what it is there to find.

**Why it matters** With `ignore_errors`, or with types of all imports taken for `Any`, the check is green whatever the
code says: it costs its time, and people believe that it guards something.
**How to fix** Take the setting away, mend what shows, and say per module what cannot be mended yet, as in
`[[tool.mypy.overrides]]` with the names of the packages that have no types. Such exceptions are let be.
**Example** `ignore_missing_imports = true` below `[tool.mypy]` goes; a table for `module = ["boto3.*"]` holds it.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from cicd_defs.facts.findings import Edit, Family, Fix, Severity
from cicd_defs.facts.source import Source
from cicd_defs.facts.sources import Role, role_of
from cicd_defs.facts.survey import name_of
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found
from cicd_defs.judge.written_settings import Setting, settings_of, without

ABOUT = About(Family.HYGIENE, Severity.MEDIUM, subject="repository")

_MYPY_FILES = {"pyproject.toml", "mypy.ini", ".mypy.ini", "setup.cfg", "mypy.toml"}
_TSCONFIG = re.compile(r"tsconfig(?:\.[\w-]+)*\.json")
_PARTS = {"strictNullChecks": "false", "noImplicitAny": "false"}
_TRUE = {"true", "True", "1", "yes", "on"}
_EVERYTHING = re.compile(r"[\[\s\"'r]*(?:\^?\.\*?\$?|\^|/|\*\*?(?:/\*)?)[\]\s\"',]*")
_JSON = re.compile(
    r"\"(strict|noCheck|typeCheckingMode|strictNullChecks|noImplicitAny)\"(\s*:\s*)(\"\w+\"|\w+)"
)
_LISTED = re.compile(r"\"(ignore|exclude)\"\s*:\s*(\[[^\]]*\])")
_WORD = re.compile(r"[\"']([^\"']*)[\"']")
_DEMANDS = {"strict", "check_untyped_defs", "disallow_untyped_defs", "disallow_incomplete_defs"}
CORE = frozenset({
    "arg-type", "return-value", "assignment", "attr-defined", "union-attr", "call-arg", "name-defined", "index",
    "operator", "call-overload", "override", "return", "misc", "list-item", "dict-item", "type-var",
})  # fmt: skip
"""What mypy is run for."""

_MANY = 4
"""Codes of mypy's core that are turned off for all modules: fewer are a choice, for a while."""
_HEAD = re.compile(
    r"^#[ \t]*(?:mypy:[ \t]*ignore[-_]errors(?:[ \t]*=[ \t]*[Tt]rue)?|type:[ \t]*ignore(?:[ \t]*#.*)?)[ \t]*$",
    re.MULTILINE,
)
_OF_OTHERS = re.compile(r"(?i)\b(?:copied|vendored|generated|borrowed|taken from|third.party|upstream)\b")
"""What says of a file that somebody else writes it."""

_CODE = re.compile(r"^(?![ \t]*#)(?=[ \t]*\S)", re.MULTILINE)


def find(repository: Repository) -> Iterator[Found]:
    """Settings that hold for the whole project, and files of it that are not checked."""
    checks_python = False
    for path in repository.tree.paths:
        name = name_of(path)
        if name in _MYPY_FILES and (source := _project_source(repository, path)):
            named = ("mypy", "pyright", "tool.ty")
            found = list(_mypy(source, repository) if any(one in source.text for one in named) else ())
            checks_python = checks_python or "mypy" in source.text
            yield from found
        elif name == "pyrightconfig.json" and (source := _project_source(repository, path)):
            yield from _json(source, {"typeCheckingMode": '"off"'})
            yield from _left_out(source, repository)
        elif _TSCONFIG.fullmatch(name) and (source := _project_source(repository, path)):
            yield from _json(source, {"strict": "false", "noCheck": "true", **_PARTS})
    if checks_python:
        yield from _heads(repository)


def _project_source(repository: Repository, path: str) -> Source | None:
    return repository.source(path) if role_of(path) is Role.PROJECT else None


def _mypy(source: Source, repository: Repository) -> Iterator[Found]:
    settings = settings_of(source)
    yield from _of_own_packages(source, settings, repository)
    demanding = {one.section for one in settings if one.name in _DEMANDS and one.word in _TRUE}
    toml = source.path.endswith(".toml")
    for_all = {
        one.table
        for one in settings
        if one.key == "tool.mypy.overrides.module" and _EVERYTHING.fullmatch(one.value)
    }
    for one in settings:
        if not _is_global(one, source.path, toml, for_all):
            continue
        value = one.word
        if one.name in {"ignore_errors", "ignore_missing_imports"} and value in _TRUE:
            message = f"`{one.name} = {value}` for all modules hides what mypy is there to find"
            chosen = one.name == "ignore_missing_imports" and one.section in demanding
            yield replace(_setting(source, one, message), strict=chosen)
        elif one.name == "follow_imports" and value == "skip":
            yield _setting(
                source, one, "`follow_imports = skip` for all modules: what is imported is taken for `Any`"
            )
        elif one.name in {"exclude", "ignore"} and _covers_all(one, repository):
            yield _setting(source, one, f"`{one.name} = {one.value}` leaves everything out of the type check")
        elif one.name == "disable_error_code" and len(CORE & set(re.findall(r"[\w-]+", one.value))) >= _MANY:
            yield _setting(source, one, f"`disable_error_code` turns off what mypy is run for: {one.value}")
        elif one.name == "typeCheckingMode" and value == "off":
            yield _setting(source, one, '`typeCheckingMode = "off"` turns the type check off')


def _covers_all(one: Setting, repository: Repository) -> bool:
    """Whether what a list leaves out is everything, or, for pyright, each package of the repository."""
    if _EVERYTHING.fullmatch(one.value):
        return True
    return one.name == "ignore" and _names_packages(one.value, repository)


def _names_packages(listed: str, repository: Repository) -> bool:
    names = {re.sub(r"^\./|^src/|(?:/\*\*?(?:/\*)?|/)$", "", word) for word in _WORD.findall(listed)}
    own = _own_packages(repository)
    return bool(own) and own <= names


def _own_packages(repository: Repository) -> frozenset[str]:
    """The packages that the repository itself is: their folders at its top, or in `src`."""
    inits = (path.removeprefix("src/") for path in repository.tree.paths if path.endswith("/__init__.py"))
    tops = {path.partition("/")[0] for path in inits if path.count("/") == 1}
    return frozenset(one for one in tops if role_of(f"{one}/x.py") is Role.PROJECT)


def _of_own_packages(
    source: Source, settings: tuple[Setting, ...], repository: Repository
) -> Iterator[Found]:
    """`ignore_errors` for the whole of a package of the repository's own, in a table for its modules."""
    toml = source.path.endswith(".toml")
    wholes = {form for name in _own_packages(repository) for form in (name, f"{name}.*")}
    tables = {
        one.table
        for one in settings
        if one.key == "tool.mypy.overrides.module"
        and any(w.endswith("*") and w in wholes for w in _WORD.findall(one.value))
    }
    for one in settings:
        if one.name != "ignore_errors" or one.word not in _TRUE:
            continue
        inside = one.section.removeprefix("mypy-").split(",") if one.section.startswith("mypy-") else ()
        if (
            one.table in tables
            if toml
            else any(part.strip() in wholes and part.endswith("*") for part in inside)
        ):
            yield _setting(
                source,
                one,
                f"`ignore_errors = {one.word}` holds for the whole of the repository's own package",
            )


def _left_out(source: Source, repository: Repository) -> Iterator[Found]:
    """Lists in pyright's own file that leave everything out."""
    for found in _LISTED.finditer(source.text):
        everything = _EVERYTHING.fullmatch(found[2])
        if everything or (found[1] == "ignore" and _names_packages(found[2], repository)):
            listed = " ".join(found[2].split())
            message = f'`"{found[1]}": {listed}` leaves everything out of the type check'
            yield Found(source, found.start(), found.end(), message)


def _is_global(one: Setting, path: str, toml: bool, for_all: set[int]) -> bool:
    if not toml:
        return one.section in {"mypy", "mypy-*"}
    if one.key.startswith("tool.mypy.overrides."):
        return one.table in for_all
    owner = one.key.rpartition(".")[0]
    return owner in {"tool.mypy", "tool.pyright", "tool.basedpyright", "tool.ty.src"} or (
        path.endswith("mypy.toml") and owner == "mypy"
    )


def _setting(source: Source, one: Setting, message: str) -> Found:
    edit = without(source, one)
    fix = Fix(f"Take `{one.name}` away", (edit,)) if edit else None
    return Found(source, one.start, one.end, message, fix)


def _json(source: Source, bad: dict[str, str]) -> Iterator[Found]:
    bare = partial(re.compile(r"^[^\"\n]*//|^\s*\*|/\*").search)
    for found in _JSON.finditer(source.text):
        name, value = found[1], found[3]
        before = source.text[source.line_start(found.start()) : found.start()]
        if bad.get(name) != value or bare(before):
            continue
        start, end = found.start(3), found.end(3)
        instead = {"noCheck": "false", "typeCheckingMode": '"standard"'}.get(name, "true")
        message = f'`"{name}": {value}` turns off what the type check is there for'
        yield Found(
            source,
            found.start(),
            found.end(),
            message,
            Fix(f'Set `"{name}": {instead}`', (Edit(source.path, start, end, instead),)),
            strict=name in _PARTS,  # one check of several, which many turn off knowingly
        )


def _heads(repository: Repository) -> Iterator[Found]:
    """Files of the project that begin with the words that turn mypy off for them."""
    for path in repository.tree.paths:
        if not path.endswith(".py") or role_of(path) is not Role.PROJECT:
            continue
        source = repository.source(path)
        if source is None or not (
            "ignore" in source.text and ("mypy:" in source.text or "type:" in source.text)
        ):
            continue
        code = _CODE.search(source.text)
        found = _HEAD.search(source.text, 0, code.start() if code else len(source.text))
        if found and not _OF_OTHERS.search(_comment_at(source, found.start())):
            edit = Edit(source.path, found.start(), source.next_line(found.start()), "")
            message = f"`{found[0].strip()}` keeps mypy from this whole file"
            yield Found(source, found.start(), found.end(), message, Fix("Let mypy check this file", (edit,)))


def _comment_at(source: Source, at: int) -> str:
    """The lines of comments that lead to a place, without a blank one between them, and its own."""
    begin = source.line_start(at)
    while begin and source.text.startswith("#", source.line_start(begin - 1)):
        begin = source.line_start(begin - 1)
    return source.text[begin : source.line_end(at)]
