"""CI runs a check that nobody can run at home with one word.

**Why it matters** Who wants to know whether CI will be green has to read a workflow file and copy its commands, with
all their arguments. So people push to find out, and agents guess.
**How to fix** Give each check a name in a Makefile, Taskfile, justfile, `package.json`, tox, nox or hatch, and have CI
call that name. What the language's own tool runs (`cargo test`, `go vet ./...`, `mvn verify`) needs no other.
**Example** A Makefile with `lint:` and `ruff check src --select E,F`, and `make lint` in the workflow.
"""

import re
from collections.abc import Iterator

from cicd_defs.facts.findings import Edit, Family, Fix, Severity
from cicd_defs.facts.script import Command
from cicd_defs.facts.sources import Role, role_of
from cicd_defs.facts.survey import name_of
from cicd_defs.facts.workflow import WrittenStep
from cicd_defs.judge.commands.purposes import purpose_of
from cicd_defs.judge.hooks import QUICK, commands_of_ci, program_of
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found
from cicd_defs.judge.written_settings import appended
from cicd_defs.plan.kinds import StepKind

ABOUT = About(Family.HYGIENE, Severity.LOW, subject="repository", strict=True)

_PLACES = re.compile(
    r"(?:GNU)?[Mm]akefile|[\w.-]+\.mk|[Tt]askfile(?:\.dist)?\.ya?ml|\.?[Jj]ustfile|[\w-]+\.just|package\.json|tox\.(?:ini|toml)"
    r"|noxfile\.py|pyproject\.toml|hatch\.toml|setup\.cfg|\.pre-commit-config\.ya?ml|prek\.toml|\.?lefthook\.ya?ml"
    r"|duties\.py|tasks\.py|dodo\.py|magefile\.go|build\.(?:sh|zig|xml|cake)|pavement\.py|fabfile\.py|mise\.toml"
    r"|\.mise\.toml|pixi\.toml|deno\.jsonc?|Rakefile|composer\.json|turbo\.json|nx\.json|project\.json|Earthfile"
    r"|CONTRIBUTING\.\w+|DEVELOPMENT\.\w+|HACKING\.\w+|DEVELOPING\.\w+|README\.\w+|AGENTS\.md|CLAUDE\.md"
)
_FOLDERS = re.compile(r"(?:scripts?|bin|hack|tools?|ci|\.ci|dev|build|make|\.husky)/[\w./-]+")
_NATIVE = frozenset({
    "npm", "pnpm", "yarn", "bun", "make", "just", "task", "tox", "nox", "hatch", "pre-commit", "prek", "cargo", "go",
})  # fmt: skip
"""What a repository's own names are called by, or languages' own tools."""

_PROGRAMS = QUICK | {
    "mypy", "pyright", "basedpyright", "pyrefly", "ty", "tsc", "vue-tsc", "svelte-check", "pytest", "unittest", "nose2",
    "jest", "vitest", "mocha", "ava", "playwright", "cypress", "phpunit", "phpstan", "rspec", "behave", "lint-imports",
}  # fmt: skip

_CHECKS = frozenset({StepKind.LINT, StepKind.FORMAT, StepKind.TYPECHECK, StepKind.TEST})


def find(repository: Repository) -> Iterator[Found]:
    """The first call of each checking program that no file with commands speaks of."""
    first: dict[str, tuple[WrittenStep, Command]] = {}
    for step, command in commands_of_ci(repository):
        program = program_of(command)
        if program not in first and _is_check(program, command):
            first[program] = step, command
    if not first:
        return
    told = _told(repository)
    nameless = {
        program: place
        for program, place in first.items()
        if not re.search(rf"(?<![\w-]){re.escape(program)}(?![\w-])", told)
    }
    fix = _fix(repository, {program: command for program, (_, command) in nameless.items()})
    for program, (step, command) in nameless.items():
        start, end = step.place(command.start, command.end)
        message = f"CI runs `{program}`, and no Makefile or the like gives it a name to run it by at home"
        mends = fix is not None and any(
            re.search(rf"\b{re.escape(program)}\b", edit.text) for edit in fix.edits
        )
        yield Found(step.source, start, end, message, fix if mends else None)


def _is_check(program: str, command: Command) -> bool:
    """Whether it is a check by a program that is called by its own name."""
    written = command.words[0] if command.words else ""
    if program not in _PROGRAMS or written in _NATIVE or "/" in written:
        return False
    purpose = purpose_of(command)
    return purpose is not None and purpose.kind in _CHECKS


def _told(repository: Repository) -> str:
    """All commands that the repository's files tell people, in one text."""
    texts = []
    for path in repository.tree.paths:
        if path.count("/") > 3 or path.startswith(".github/") or role_of(path) > Role.TEST:
            continue
        if _PLACES.fullmatch(name_of(path)) or _FOLDERS.fullmatch(path):
            source = repository.source(path)
            if source is not None:
                texts.append(_commands_in(source.path, source.text))
    return "\n".join(texts)


def _commands_in(path: str, text: str) -> str:
    """What of a file can be a command: dependencies and settings are none."""
    if path.endswith("pyproject.toml"):
        found = re.findall(
            r"^\[tool\.(?:hatch|tox|poe|pdm|taskipy|nox|pixi|rye)[^\n]*\n(?:(?!\[).*\n?)*", text, re.MULTILINE
        )
        return "".join(found)
    if path.endswith("package.json"):
        found = re.findall(r"\"scripts\"\s*:\s*\{[^{}]*\}", text)
        return "".join(found)
    return text


def _fix(repository: Repository, nameless: dict[str, Command]) -> Fix | None:
    """The files with commands that we would write; else a target for each check in the Makefile."""
    names = [name for name in ("Makefile", "ci.mk", "Taskfile.yml") if name in repository.offered]
    if names and not any(name in repository.paths for name in (*names, "Makefile")):
        return Fix(f"Write {names[0]}", tuple(Edit(name, 0, 0, repository.offered[name]) for name in names))
    there = next(
        (one for name in ("Makefile", "makefile", "GNUmakefile") if (one := repository.source(name))), None
    )
    text = there.text if there else ""
    targets = [
        f".PHONY: {program}\n{program}:\n\t{command.text}\n"
        for program, command in nameless.items()
        if re.fullmatch(r"[\w ./=:,@+\"'*\[\]-]+", command.text)
        and not re.search(rf"^{program}\s*:", text, re.MULTILINE)
    ]
    if not targets:
        return None
    if there is not None:
        return Fix(f"Give it a target in {there.path}", (appended(there, "\n".join(targets)),))
    return Fix("Write a Makefile", (Edit("Makefile", 0, 0, "\n".join(targets)),))
