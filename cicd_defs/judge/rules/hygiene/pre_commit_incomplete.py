"""Hooks and CI check different things: CI runs a linter that no hook has, or a hook has one that CI never runs.

**Why it matters** What only CI knows is found after the push; what only the hooks know is found by those who have
installed them, and goes in through everybody else.
**How to fix** Give each fast check of CI a hook, or have CI run the hooks: `pre-commit run --all-files`. Where CI runs
them, or pre-commit.ci does, nothing is said.
**Example** CI runs `ruff check .`, and the hooks are only those that trim blanks.
"""

import re
from collections.abc import Iterator

from cicd_defs.facts.findings import Edit, Family, Fix, Severity
from cicd_defs.facts.sources import CI_FILES
from cicd_defs.facts.workflow import WrittenStep
from cicd_defs.facts.yaml_nodes import Mapping
from cicd_defs.judge.commands.purposes import purpose_of
from cicd_defs.judge.hooks import (
    ACTIONS,
    QUICK,
    Hook,
    Hooks,
    commands_of_ci,
    hook_run_by,
    hooks_of,
    program_of,
    runs_hooks,
)
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found
from cicd_defs.plan.kinds import StepKind

ABOUT = About(Family.HYGIENE, Severity.LOW, subject="repository", strict=True)

_CHECKING = QUICK | {"mypy", "pyright"}
_OWN = re.compile(
    r"\b(?:make|npm|pnpm|yarn|bun|just|task|tox|nox|hatch|cargo|mvn|gradle|bash|sh)\b|[\w./-]+\.(?:sh|py)\b|scripts/"
)


def find(repository: Repository) -> Iterator[Found]:
    """Checks that one of the two has alone."""
    held = hooks_of(repository)
    if held is None or not held.hooks or not repository.workflows or runs_hooks(repository):
        return
    tools = {_tool(hook) for hook in held.hooks}
    entries = " ".join(hook.entry for hook in held.hooks)
    seen: dict[str, WrittenStep] = {}
    through_others = False
    by_id = {hook_run_by(command) for _, command in commands_of_ci(repository)}
    for step, command in commands_of_ci(repository):
        program = program_of(command)
        purpose = purpose_of(command)
        through_others = through_others or (
            program not in _CHECKING and bool(purpose and purpose.kind in _LINTS)
        )
        quick = program in QUICK and purpose is not None and purpose.kind in {*_LINTS, StepKind.SCAN}
        if not quick or program in seen:
            seen.setdefault(program, step)
            continue
        seen[program] = step
        if program in tools or re.search(rf"\b{re.escape(program)}\b", entries) or _runs_anything(held.hooks):
            continue
        start, end = step.place(command.start, command.end)
        message = f"CI runs `{program}`, and none of the hooks does"
        yield Found(step.source, start, end, message, _fix(held, program, command.text))
    actions = {ACTIONS.get(step.action, "") for workflow in repository.workflows for step in workflow.steps}
    if through_others or "super-linter" in actions or _linted_elsewhere(repository):
        return  # what `make lint` or a script runs is not read
    for hook in held.hooks:
        tool = _tool(hook)
        if tool in _CHECKING and tool not in seen and tool not in actions and hook.id.text not in by_id:
            yield Found(
                held.source,
                hook.id.start,
                hook.id.end,
                f"the hook `{hook.id.text}` is there, and CI never runs {tool}",
            )


def _linted_elsewhere(repository: Repository) -> bool:
    """Whether another CI than GitHub's, which is not read, runs linters."""
    return any(
        source is not None and re.search(r"lint|ruff|black|mypy|pre-commit|format", source.text) is not None
        for path in repository.tree.paths
        if not path.startswith(".github/") and CI_FILES.fullmatch(path)
        for source in (repository.source(path),)
    )


_LINTS = frozenset({StepKind.LINT, StepKind.FORMAT, StepKind.TYPECHECK})


def _tool(hook: Hook) -> str:
    if hook.tool or hook.is_local:
        words = re.sub(
            r"^(?:(?:uv|poetry|pdm|hatch|rye) run|npx|uvx|python -m|bunx|pnpm exec)\s+", "", hook.entry
        ).split()
        return hook.tool or (words[0].rpartition("/")[2] if words else hook.id.text)
    return hook.id.text.removesuffix("-check").removesuffix("-format").removesuffix("-docker")


def _runs_anything(hooks: tuple[Hook, ...]) -> bool:
    """Whether a hook runs a script or a target, of which nobody knows what it checks."""
    return any(hook.is_local and _OWN.search(hook.entry) for hook in hooks)


def _fix(held: Hooks, program: str, command: str) -> Fix | None:
    """A hook of the repository's own with CI's command."""
    repos = held.root.sequence("repos")
    if (
        repos is None
        or repos.flow
        or repos.aliased
        or not repos.items
        or not re.fullmatch(r"[\w ./=:,@-]+", command)
    ):
        return None
    if ": " in command or command != command.strip():
        return None
    last, source = repos.items[-1], held.source
    if not isinstance(last, Mapping):
        return None
    begin = source.line_start(repos.items[0].start)
    dash = source.text[begin : repos.items[0].start]
    if dash.strip() != "-":
        return None
    lead, inner = dash[: dash.index("-")], " " * len(dash)
    lines = (
        f"{dash}repo: local",
        f"{inner}hooks:",
        f"{inner}  - id: {program}",
        f"{inner}    name: {program}",
        f"{inner}    entry: {command}",
        f"{inner}    language: system",
        f"{inner}    pass_filenames: false",
    )
    at = source.next_line(max(last.end - 1, last.start))
    # Comments that belong to the last entry stay with it.
    while at < len(source.text) and source.text[at : source.line_end(at)].startswith(
        (lead + " #", lead + "  ")
    ):
        at = source.next_line(at)
    ended = source.text[:at].endswith("\n")
    text = ("" if ended else source.newline) + "".join(line + source.newline for line in lines)
    return Fix(f"Add a hook for {program}", (Edit(source.path, at, at, text),))
