"""The type checker's settings make it overlook what it is there to find.

**Why it matters** With `ignore_errors`, or with types of all imports taken for `Any`, the check is green whatever the
code says: it costs its time, and people believe that it guards something.
**How to fix** Take the setting away, mend what shows, and say per module what cannot be mended yet, as in
`[[tool.mypy.overrides]]` with the names of the packages that have no types. Such exceptions are let be.
**Example** `ignore_missing_imports = true` below `[tool.mypy]` goes; a table for `module = ["boto3.*"]` holds it.
"""

import re
from collections.abc import Iterator
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
_TRUE = {"true", "True", "1", "yes", "on"}
_EVERYTHING = re.compile(r"[\[\s\"'r]*(?:\^?\.\*?\$?|\^|/|\*\*?(?:/\*)?)[\]\s\"',]*")
_JSON = re.compile(r"\"(strict|noCheck|typeCheckingMode)\"(\s*:\s*)(\"\w+\"|\w+)")
_HEAD = re.compile(
    r"^#[ \t]*(?:mypy:[ \t]*ignore[-_]errors(?:[ \t]*=[ \t]*[Tt]rue)?|type:[ \t]*ignore(?:[ \t]*#.*)?)[ \t]*$",
    re.MULTILINE,
)
_CODE = re.compile(r"^(?![ \t]*#)(?=[ \t]*\S)", re.MULTILINE)


def find(repository: Repository) -> Iterator[Found]:
    """Settings that hold for the whole project, and files of it that are not checked."""
    checks_python = False
    for path in repository.tree.paths:
        name = name_of(path)
        if name in _MYPY_FILES and (source := _project_source(repository, path)):
            found = list(_mypy(source) if "mypy" in source.text or "pyright" in source.text else ())
            checks_python = checks_python or "mypy" in source.text
            yield from found
        elif name == "pyrightconfig.json" and (source := _project_source(repository, path)):
            yield from _json(source, {"typeCheckingMode": '"off"'})
        elif _TSCONFIG.fullmatch(name) and (source := _project_source(repository, path)):
            yield from _json(source, {"strict": "false", "noCheck": "true"})
    if checks_python:
        yield from _heads(repository)


def _project_source(repository: Repository, path: str) -> Source | None:
    return repository.source(path) if role_of(path) is Role.PROJECT else None


def _mypy(source: Source) -> Iterator[Found]:
    settings = settings_of(source)
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
            yield _setting(
                source, one, f"`{one.name} = {value}` for all modules hides what mypy is there to find"
            )
        elif one.name == "follow_imports" and value == "skip":
            yield _setting(
                source, one, "`follow_imports = skip` for all modules: what is imported is taken for `Any`"
            )
        elif one.name == "exclude" and _EVERYTHING.fullmatch(one.value):
            yield _setting(source, one, f"`exclude = {one.value}` leaves everything out of the type check")
        elif one.name == "typeCheckingMode" and value == "off":
            yield _setting(source, one, '`typeCheckingMode = "off"` turns the type check off')


def _is_global(one: Setting, path: str, toml: bool, for_all: set[int]) -> bool:
    if not toml:
        return one.section in {"mypy", "mypy-*"}
    if one.key.startswith("tool.mypy.overrides."):
        return one.table in for_all
    owner = one.key.rpartition(".")[0]
    return owner in {"tool.mypy", "tool.pyright", "tool.basedpyright"} or (
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
        instead = {"strict": "true", "noCheck": "false", "typeCheckingMode": '"standard"'}[name]
        message = f'`"{name}": {value}` turns off what the type check is there for'
        yield Found(
            source,
            found.start(),
            found.end(),
            message,
            Fix(f'Set `"{name}": {instead}`', (Edit(source.path, start, end, instead),)),
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
        if found:
            edit = Edit(source.path, found.start(), source.next_line(found.start()), "")
            message = f"`{found[0].strip()}` keeps mypy from this whole file"
            yield Found(source, found.start(), found.end(), message, Fix("Let mypy check this file", (edit,)))
