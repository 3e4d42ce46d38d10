"""A type check is told to overlook errors by the flags that it is called with.

**Why it matters** With `--ignore-missing-imports` or `--follow-imports=skip` everything that comes from another
package, or one whose name is mistyped, is `Any`: calls into it are not checked, and nobody learns that they are not.
**How to fix** Take the flag away and install the types (`types-requests`, `--install-types`). For a package that has
none, say so for that package alone: `[[tool.mypy.overrides]]` with `module = ["boto3.*"]`.
**Example** `mypy src --ignore-missing-imports` becomes `mypy src`.
"""

import re
from collections.abc import Iterator

from cicd_defs.facts.findings import Edit, Family, Fix, Severity
from cicd_defs.facts.script import Command
from cicd_defs.facts.source import Source
from cicd_defs.facts.sources import Role, role_of
from cicd_defs.facts.workflow import WrittenStep, WrittenWorkflow
from cicd_defs.judge.edits import edit_script
from cicd_defs.judge.hooks import Hooks, hooks_of
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found
from cicd_defs.judge.rules.hygiene.type_checker_neutered import CORE

ABOUT = About(Family.HYGIENE, Severity.MEDIUM, subject="repository")

_MYPY_PROGRAMS = frozenset({"mypy", "dmypy"})
_TYPESCRIPT = frozenset({"tsc", "vue-tsc", "tsgo"})
_PROGRAMS = _MYPY_PROGRAMS | _TYPESCRIPT

MYPY = ("--ignore-missing-imports", "--ignore-errors")
TSC = ("--noCheck",)
OF_HOOKS = ("--ignore-errors", "--follow-imports=skip")
"""The hook of mypy itself is given `--ignore-missing-imports`, since it has an environment of its own."""


_FILES = re.compile(
    r"(?:.*/)?(?:[Mm]akefile|GNUmakefile|[\w-]+\.mk|package\.json|tox\.ini|[Jj]ustfile|Taskfile\.ya?ml)"
)
_WRITTEN = re.compile(
    r"(?<![\w./-])(?:(?:mypy|dmypy)\b[^\n|;&\"]*?(?P<mypy>[ \t](?:--ignore-errors|--follow-imports[= ]skip))"
    r"|(?:vue-)?tsc\b[^\n|;&\"]*?(?P<tsc>[ \t]--noCheck))(?![\w-])"
)


def find(repository: Repository) -> Iterator[Found]:
    """Flags of mypy and tsc that hide errors: in workflows, in hooks, and where commands have names."""
    for workflow in repository.workflows:
        yield from _in_workflow(workflow)
    if hooks := hooks_of(repository):
        yield from _in_hooks(hooks)
    for path in repository.tree.paths:
        if _FILES.fullmatch(path) and role_of(path) <= Role.AUXILIARY and (source := repository.source(path)):
            yield from _in_file(source)


def _in_hooks(hooks: Hooks) -> Iterator[Found]:
    for hook in hooks.hooks:
        for word in hook.arguments if hook.tool == "mypy" else ():
            if word.text in OF_HOOKS:
                message = f"`{word.text}` makes the type check overlook errors"
                yield Found(hooks.source, word.start, word.end, message)


def _in_file(source: Source) -> Iterator[Found]:
    if "mypy" not in source.text and "tsc" not in source.text:
        return
    for found in _WRITTEN.finditer(source.text):
        around = re.split(
            r"[|;&\"]", source.text[found.start() : source.line_end(found.start())], maxsplit=1
        )[0]
        if found["tsc"] and "--noEmit" not in around:
            continue  # it writes JavaScript or declarations; that it checks nothing is not hidden
        start, end = found.span("mypy" if found["mypy"] else "tsc")
        flag = source.text[start:end].strip()
        edit = Edit(source.path, start, end, "")
        message = f"`{flag}` makes the type check overlook errors"
        yield Found(source, start + 1, end, message, Fix(f"Take `{flag}` away", (edit,)))


def _in_workflow(workflow: WrittenWorkflow) -> Iterator[Found]:
    for step in workflow.steps:
        for command in step.commands:
            for first, last in _flags(command):
                yield _found(step, command, first, last)


def _flags(command: Command) -> Iterator[tuple[int, int]]:
    """The numbers of the first and last word of each such flag."""
    words = command.words
    if command.calls_script:
        return
    begin = next((at for at, word in enumerate(words) if word.rpartition("/")[2] in _PROGRAMS), None)
    if begin is None:
        return
    program = words[begin].rpartition("/")[2]
    if "install" in words[:begin]:
        return
    for at in range(begin + 1, len(words)):
        word, following = words[at], words[at + 1] if at + 1 < len(words) else ""
        if program in _TYPESCRIPT:
            if word in TSC or (word == "--strict" and following == "false"):
                yield at, at + (following in {"false", "true"})
        elif word in MYPY or word == "--follow-imports=skip":
            yield at, at
        elif word.partition("=")[0] == "--disable-error-code" and _are_many(words[begin:]):
            yield at, at + ("=" not in word)
        elif word == "--follow-imports" and following == "skip":
            yield at, at + 1


def _are_many(words: tuple[str, ...]) -> bool:
    """Whether more than one kind of error that mypy is run for is turned off."""
    codes = re.findall(r"--disable-error-code[= ]([\w,-]+)", " ".join(words))
    return len({code for one in codes for code in one.split(",")} & CORE) > 1


def _found(step: WrittenStep, command: Command, first: int, last: int) -> Found:
    assert step.run is not None
    text = step.run.text
    start, end = command.spans[first][0], command.spans[last][1]
    begin = start - (len(text[:start]) - len(text[:start].rstrip(" \t")))
    if text[:begin].endswith(("\n", "\\")):  # the flag begins a line: the blanks and the next word stay
        stop = end + (len(text[end:]) - len(text[end:].lstrip(" \t")))
        edit = edit_script(step, start, stop, "") if text[stop : stop + 1] not in {"", "\n", "\\"} else None
        if edit is None and text[stop : stop + 2] == "\\\n":
            edit = edit_script(step, text.rfind("\n", 0, start) + 1, stop + 2, "")
        elif edit is None and begin >= 2 and text[:begin].endswith("\\\n"):
            edit = edit_script(
                step, begin - 2 - (len(text[: begin - 2]) - len(text[: begin - 2].rstrip(" \t"))), end, ""
            )
    else:
        edit = edit_script(step, begin, end, "")
    flag = " ".join(command.words[first : last + 1])
    place = step.place(start, end)
    message = f"`{flag}` makes the type check overlook errors"
    return Found(step.source, *place, message, Fix(f"Take `{flag}` away", (edit,)) if edit else None)
