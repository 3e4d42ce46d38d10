"""What people do to a generated file. Each edit says what has to be found afterwards."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

INDENT = re.compile(r" *")
TEXT_BLOCK = re.compile(r".*(?::|-) [|>][-+]?(?: #.*)?$")


@dataclass(frozen=True)
class Edited:
    """A file after an edit. `inserted` are texts that must be found, and without which the file is as it was."""

    text: str
    inserted: tuple[str, ...] = ()
    gone: str = ""
    tokens: tuple[str, ...] = field(default=())


Edit = Callable[[random.Random, str, str], Edited | None]


def in_script(lines: list[str]) -> set[int]:
    """The numbers of the lines that belong to a block of text."""
    inside: set[int] = set()
    limit = None
    for number, line in enumerate(lines):
        if limit is not None and (not line.strip() or indent(line) > limit):
            inside.add(number)
            continue
        limit = None
        if TEXT_BLOCK.match(line.rstrip("\r\n")):
            key = line.lstrip(" ")
            limit = indent(line) + (2 if key.startswith("- ") else 0)
    return inside


def indent(line: str) -> int:
    return len(INDENT.match(line)[0])  # type: ignore[index]


def spots(lines: list[str], pattern: str) -> list[int]:
    """The lines outside of scripts that match."""
    inside = in_script(lines)
    return [at for at, line in enumerate(lines) if at not in inside and re.match(pattern, line)]


def put(lines: list[str], at: int, new: str) -> Edited:
    return Edited("".join([*lines[:at], new, *lines[at:]]), inserted=(new,))


def picked(order: random.Random, found: list[int]) -> int | None:
    return order.choice(found) if found else None


def comment_line(order: random.Random, text: str, token: str) -> Edited | None:
    lines = text.splitlines(keepends=True)
    at = picked(order, spots(lines, r"[ #\w.\[-]"))
    if at is None:
        return None
    width = order.choice([indent(lines[at]), indent(lines[at - 1]), 0])
    return put(lines, at, " " * width + f"# {token}\n")


def comment_at_the_end(order: random.Random, text: str, token: str) -> Edited | None:
    return Edited(f"{text}# {token}\n", inserted=(f"# {token}\n",))


def yaml_trailing_comment(order: random.Random, text: str, token: str) -> Edited | None:
    lines = text.splitlines(keepends=True)
    at = picked(order, [at for at in spots(lines, r" *[\w\"'-]") if "#" not in lines[at]])
    if at is None:
        return None
    lines[at] = lines[at].rstrip("\n") + f" # {token}\n"
    return Edited("".join(lines), inserted=(f" # {token}",))


def blank_lines(order: random.Random, text: str, token: str) -> Edited | None:
    lines = text.splitlines(keepends=True)
    at = picked(order, spots(lines, r" *[\w\"'-]"))
    return None if at is None else Edited("".join([*lines[:at], "\n" * order.randint(1, 3), *lines[at:]]))


def yaml_command(order: random.Random, text: str, token: str) -> Edited | None:
    lines = text.splitlines(keepends=True)
    at = picked(order, spots(lines, r" *(- )?(run|entry): [^|>\"'{\[]"))
    if at is None:
        return None
    lines[at] = lines[at].rstrip("\n") + f" --{token}\n"
    return Edited("".join(lines), inserted=(f" --{token}",))


def yaml_script_line(order: random.Random, text: str, token: str) -> Edited | None:
    lines = text.splitlines(keepends=True)
    inside = [at for at in in_script(lines) if lines[at].strip() and not lines[at].rstrip().endswith("'")]
    at = picked(order, sorted(inside))
    return None if at is None else put(lines, at, " " * indent(lines[at]) + f"echo {token}\n")


STEPS = (
    "      - name: {0}\n        run: echo {0}\n\n",
    "      - name: Mine\n        id: {0}\n        run: |\n          echo a\n\n          echo {0}\n\n",
    "      - run: echo {0}\n",
    "      - uses: ./actions/{0}\n        with:\n          # why\n          key: '{0}'\n\n",
    "      - {{run: echo {0}}}\n",
    "      -\n        run: echo {0}\n",
)


def extra_step(order: random.Random, text: str, token: str) -> Edited | None:
    lines = text.splitlines(keepends=True)
    at = picked(order, spots(lines, r"      - name:"))
    return None if at is None else put(lines, at, order.choice(STEPS).format(token))


JOB = """\
  {0}:
    runs-on: ubuntu-24.04
    # by hand
    steps: [{{run: make}}]

"""


def extra_job(order: random.Random, text: str, token: str) -> Edited | None:
    lines = text.splitlines(keepends=True)
    jobs = [at for at in spots(lines, r"  [\w-]+:\n") if at > _first(lines, "jobs:")]
    if "jobs:\n" not in lines:
        return None
    at = picked(order, [*jobs, len(lines)])
    return put(
        lines, len(lines) if at is None else at, ("\n" if at == len(lines) else "") + JOB.format(token)
    )


def _first(lines: list[str], start: str) -> int:
    return next((at for at, line in enumerate(lines) if line.startswith(start)), len(lines))


def extra_key(order: random.Random, text: str, token: str) -> Edited | None:
    lines = text.splitlines(keepends=True)
    at = picked(order, spots(lines, r" *(with|env|permissions|outputs|concurrency|jobs|on):\n"))
    return None if at is None else put(lines, at + 1, f"{' ' * (indent(lines[at]) + 2)}{token}: 'yes'\n")


def extra_list_item(order: random.Random, text: str, token: str) -> Edited | None:
    lines = text.splitlines(keepends=True)
    at = picked(order, spots(lines, r" *(needs|branches):\n"))
    if at is None:
        return None
    end = next(n for n in range(at + 1, len(lines) + 1) if n == len(lines) or "- " not in lines[n])
    width = indent(lines[at + 1])
    return put(lines, order.choice([at + 1, end]), f"{' ' * width}- {token}\n")


def _steps(lines: list[str]) -> list[tuple[int, int]]:
    """The lines of each step of the workflow: the first, and the one behind the last."""
    starts = spots(lines, r"      - name:")
    stops = [at for at in spots(lines, r" {0,6}[\w-]") if at not in starts]
    return [(at, min([n for n in (*starts, *stops) if n > at], default=len(lines))) for at in starts]


def deleted_step(order: random.Random, text: str, token: str) -> Edited | None:
    lines = text.splitlines(keepends=True)
    found = [step for step in _steps(lines) if (step[1] < len(lines) and "- name" in lines[step[1]])]
    if not found:
        return None
    first, stop = order.choice(found)
    return Edited("".join([*lines[:first], *lines[stop:]]), gone="".join(lines[first:stop]))


def swapped_steps(order: random.Random, text: str, token: str) -> Edited | None:
    lines = text.splitlines(keepends=True)
    steps = _steps(lines)
    pairs = [(a, b) for a, b in pairwise(steps) if a[1] == b[0]]
    pairs = [(a, b) for a, b in pairs if not lines[b[1] - 1].strip()]
    if not pairs:
        return None
    (start, middle), (_, stop) = order.choice(pairs)
    return Edited("".join([*lines[:start], *lines[middle:stop], *lines[start:middle], *lines[stop:]]))


def swapped_keys(order: random.Random, text: str, token: str) -> Edited | None:
    lines = text.splitlines(keepends=True)
    single = spots(lines, r" +[\w-]+: [^|>\n]+\n")
    pairs = [at for at in single if at + 1 in single and indent(lines[at]) == indent(lines[at + 1])]
    at = picked(order, pairs)
    return None if at is None else Edited("".join([*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]]))


def deleted_key(order: random.Random, text: str, token: str) -> Edited | None:
    lines = text.splitlines(keepends=True)
    single = spots(lines, r" +[\w-]+: [^|>\n]+\n")
    beside = [
        at for at in single if at and indent(lines[at - 1]) == indent(lines[at]) and lines[at - 1].strip()
    ]
    at = picked(order, beside)
    return None if at is None else Edited("".join([*lines[:at], *lines[at + 1 :]]))


def renamed(order: random.Random, text: str, token: str) -> Edited | None:
    lines = text.splitlines(keepends=True)
    at = picked(order, spots(lines, r" *(- )?name: [\w ]+\n"))
    if at is None:
        return None
    lines[at] = lines[at].rstrip("\n") + f" {token}\n"
    return Edited("".join(lines), tokens=(f" {token}\n",))


def timeout(order: random.Random, text: str, token: str) -> Edited | None:
    lines = text.splitlines(keepends=True)
    at = picked(order, spots(lines, r" +timeout-minutes: "))
    if at is None:
        return None
    lines[at] = f"{lines[at].split(':')[0]}: {order.randint(100, 300)}\n"
    return Edited("".join(lines), tokens=(lines[at],))


def requoted(order: random.Random, text: str, token: str) -> Edited | None:
    lines = text.splitlines(keepends=True)
    at = picked(order, spots(lines, r" *(- )?[\w-]+: [\w /-]+\n"))
    if at is None:
        return None
    key, _, value = lines[at].rstrip("\n").partition(": ")
    quote = order.choice("'\"")
    lines[at] = f"{key}: {quote}{value}{quote}\n"
    return Edited("".join(lines), tokens=(lines[at],))


def wider(order: random.Random, text: str, token: str) -> Edited | None:
    """The whole file indented by four columns in the place of two."""
    lines = text.splitlines(keepends=True)
    inside = in_script(lines)
    for at, line in enumerate(lines):
        wide = " " * indent(line) + line if line.strip() else line
        lines[at] = wide if at in inside else re.sub(r"^( *)- (?=[\w-]+:)", r"\1-   ", wide)
    return Edited("".join(lines))


def extra_hook(order: random.Random, text: str, token: str) -> Edited | None:
    lines = text.splitlines(keepends=True)
    at = picked(order, spots(lines, r"      - id:"))
    hook = f"      - id: {token}\n        name: Mine\n        entry: 'true'\n        language: system\n"
    return None if at is None else put(lines, at, hook)


def extra_repo(order: random.Random, text: str, token: str) -> Edited | None:
    lines = text.splitlines(keepends=True)
    at = picked(order, spots(lines, r"  - repo:"))
    repo = (
        f"  - repo: local\n    hooks:\n      - id: {token}\n        entry: make\n        language: system\n\n"
    )
    return None if at is None else put(lines, at, repo)


def make_target(order: random.Random, text: str, token: str) -> Edited | None:
    lines = text.splitlines(keepends=True)
    at = picked(order, [*spots(lines, r"\.PHONY"), len(lines)])
    new = f".PHONY: {token}\n{token}: lint\n\t@echo {token} # why\n\n\techo more\n\n"
    return put(lines, at, new) if at != len(lines) else put(lines, len(lines), f"\n{new}".rstrip("\n") + "\n")


def make_variable(order: random.Random, text: str, token: str) -> Edited | None:
    lines = text.splitlines(keepends=True)
    at = picked(order, spots(lines, r"\.PHONY"))
    return None if at is None else put(lines, at, f"{token} := 1 \\\n  2\n\n")


def recipe_line(order: random.Random, text: str, token: str) -> Edited | None:
    lines = text.splitlines(keepends=True)
    at = picked(order, [at + 1 for at in spots(lines, r"\t")])
    return None if at is None else put(lines, at, f"\techo {token}\n")


def prerequisite(order: random.Random, text: str, token: str) -> Edited | None:
    lines = text.splitlines(keepends=True)
    at = picked(order, spots(lines, r"[a-z-]+: "))
    if at is None:
        return None
    lines[at] = lines[at].rstrip("\n") + f" {token}\n"
    return Edited("".join(lines), inserted=(f" {token}",))


def instruction(order: random.Random, text: str, token: str) -> Edited | None:
    lines = text.splitlines(keepends=True)
    at = picked(order, [at for at in spots(lines, r"[A-Z]+ ") if not lines[at - 1].rstrip().endswith("\\")])
    new = order.choice(
        [f"RUN echo {token}\n", f"ENV {token.upper()}={token}\n", f"COPY {token} \\\n  /srv/\n"]
    )
    return None if at is None else put(lines, at, new)


def pattern_line(order: random.Random, text: str, token: str) -> Edited | None:
    lines = text.splitlines(keepends=True)
    at = picked(order, spots(lines, r"[^#\s]"))
    return None if at is None else put(lines, at, f"{token}/** @{token}\n")


def words_around(order: random.Random, text: str, token: str) -> Edited | None:
    return Edited(f"{token}\n\n{text}\n# {token}\n", inserted=(f"{token}\n\n", f"\n# {token}\n"))


def section_words(order: random.Random, text: str, token: str) -> Edited | None:
    lines = text.splitlines(keepends=True)
    at = picked(order, spots(lines, r"#{2,3} "))
    return None if at is None else put(lines, at, f"### About {token}\n\nMine.\n\n")


def section_row(order: random.Random, text: str, token: str) -> Edited | None:
    lines = text.splitlines(keepends=True)
    at = picked(order, spots(lines, r"\| `"))
    return None if at is None else put(lines, at, f"| `make {token}` | Mine |\n")


def extra_task(order: random.Random, text: str, token: str) -> Edited | None:
    lines = text.splitlines(keepends=True)
    at = picked(order, [at for at in spots(lines, r"  [\w-]+:\n") if at > _first(lines, "tasks:")])
    task = f"  {token}:\n    desc: Mine\n    cmds:\n      - echo {token}\n\n"
    return None if at is None else put(lines, at, task)


def argument(order: random.Random, text: str, token: str) -> Edited | None:
    lines = text.splitlines(keepends=True)
    at = picked(order, spots(lines, r"(COPY|USER|EXPOSE|RUN|    &&) [^\\<]*\n"))
    if at is None:
        return None
    lines[at] = lines[at].rstrip("\n") + f" {token}\n"
    return Edited("".join(lines), inserted=(f" {token}",))


def stage(order: random.Random, text: str, token: str) -> Edited | None:
    lines = text.splitlines(keepends=True)
    at = picked(order, [*spots(lines, r"# .*"), len(lines)][2:])
    return None if at is None else put(lines, at, f"\nFROM scratch AS {token}\nCOPY --from=builder /a /b\n\n")


def pattern_dropped(order: random.Random, text: str, token: str) -> Edited | None:
    lines = text.splitlines(keepends=True)
    at = picked(order, spots(lines, r"[^#\s]"))
    return None if at is None else Edited("".join([*lines[:at], *lines[at + 1 :]]))


def owner(order: random.Random, text: str, token: str) -> Edited | None:
    lines = text.splitlines(keepends=True)
    at = picked(order, spots(lines, r"[^#\s]"))
    if at is None:
        return None
    lines[at] = lines[at].rstrip("\n") + f" @{token}\n"
    return Edited("".join(lines), inserted=(f" @{token}",))


def json_value(order: random.Random, text: str, token: str) -> Edited | None:
    lines = text.splitlines(keepends=True)
    at = picked(order, spots(lines, r"\s*\"\w+\": \""))
    if at is None:
        return None
    lines[at] = lines[at].replace('": "', f'": "{token} ', 1)
    return Edited("".join(lines), inserted=(f"{token} ",))


YAML: tuple[Edit, ...] = (
    comment_line, comment_at_the_end, yaml_trailing_comment, blank_lines, yaml_command, yaml_script_line,
    extra_key, extra_list_item, swapped_keys, deleted_key, renamed, requoted,
)  # fmt: skip
LINES: tuple[Edit, ...] = (comment_line, comment_at_the_end, blank_lines)

EDITS: dict[str, tuple[Edit, ...]] = {
    "workflow": (*YAML, extra_step, extra_job, deleted_step, swapped_steps, timeout, wider),
    "precommit": (*YAML, extra_hook, extra_repo),
    "makefile": (*LINES, make_target, make_variable, recipe_line, prerequisite),
    "taskfile": (*YAML, extra_task),
    "dockerfile": (*LINES, instruction, argument, stage),
    "dockerignore": (*LINES, pattern_line, pattern_dropped),
    "codeowners": (*LINES, pattern_line, pattern_dropped, owner),
    "coverage": LINES,
    "contributing": (words_around, section_words, section_row),
    "ruleset": (json_value,),
}
"""What people do to a file of each kind; of a kind that is not listed, what they do to any YAML."""


def edits_of(kind: str) -> tuple[Edit, ...]:
    return EDITS.get(kind, YAML)
