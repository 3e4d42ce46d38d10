"""A shell script as the commands in it, each with what becomes of its exit status.

Parsed by tree-sitter's grammar of bash, which reads on after a mistake. Expressions of GitHub (`${{ … }}`) count as
words that nobody knows. Offsets are in characters of the script's text.

How bash treats the status of commands in lists, pipelines and conditions, and `set -e`:
https://www.gnu.org/software/bash/manual/bash.html#The-Set-Builtin
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Any

import tree_sitter
import tree_sitter_bash

from cicd_defs.facts.shell import unwrapped

LONGEST = 200_000
DEEPEST = 60
"""Characters of a script, and levels in it. What is beyond is not read."""

_PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))
_EXPRESSION = re.compile(r"\$\{\{(?:[^'}]|'[^']*'|}(?!}))*}}", re.DOTALL)
_SHELLS = {"sh", "bash", "zsh", "dash", "ksh"}
_PLAIN_VALUE = re.compile(r"'[^'\n$`]{1,80}'|\"[^\"\n$`\\]{1,80}\"|[\w./-]{1,80}")
_QUOTED_END = re.compile(r"<<-?\s*['\"\\]")


class Fate(StrEnum):
    """What becomes of a command's exit status."""

    REACHES = "reaches"  # its failure makes the script fail
    HANDLED = "handled"  # `command || handler`
    LEFT_OF_AND = "left of &&"  # `command && more`, and the script goes on after the list
    PIPED = "piped"  # not the last of a pipeline, without pipefail
    TESTED = (
        "tested"  # a condition of if, while, until or `!`; a handler is the branch that runs where it fails
    )
    CAPTURED = "captured"  # in `$(…)` of another command's words
    BACKGROUND = "background"
    UNCHECKED = "unchecked"  # `set +e`, or no `set -e`, and not the last command


_TELLING = frozenset({"echo", "printf", "true", ":", "cat"})


@dataclass(eq=False, slots=True)
class Handler:
    """What runs where a command fails: from the `||` on, to its end, or a branch of an `if`, which may be empty.

    `assigns`: it sets a variable, by which the failure may be known later. `fate` is what becomes of its own status.
    """

    start: int
    end: int
    commands: "list[Command]" = field(default_factory=list)
    assigns: bool = False
    fate: Fate = Fate.REACHES

    @property
    def fails(self) -> bool | None:
        """Whether the script, or what the handler stands in, fails by it; None where that cannot be told."""
        before: Command | None = None
        for command in self.commands:
            if command.fate is Fate.CAPTURED:
                continue
            if command.name in {"exit", "return"}:
                return _leaves_with_failure(command, before)
            before = command
        if before is None:
            return None if self.assigns else False
        if before.name == "false":
            return True
        return False if before.name in _TELLING and not self.assigns else None


def _leaves_with_failure(command: "Command", before: "Command | None") -> bool | None:
    """Whether `exit` gives a failure on. Without a number it gives the status of what ran before it."""
    status = command.words[1] if len(command.words) > 1 else ""
    if not status:
        return before is None or (None if before.name not in _TELLING else False)
    return status != "0"


@dataclass(eq=False)
class Command:
    """One simple command. `words` are as written, quotes taken off where they hold plain text.

    A program that a variable of the script names, `$TEST -x`, is given by its words, each of which stands where the
    variable does. `before` are its assignments (`A=1 make`), `redirects` as written (`> out.txt`, `2>&1`), `function`
    the function that it stands in, `depth` how deep in shells that are called with `-c`. `statement` counts the
    statements of the script: two commands with the same one belong to one list or pipeline. `calls_script` says that
    it is a shell whose script is read, too: `bash -c "…"`.
    """

    start: int
    end: int
    text: str
    words: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    before: tuple[str, ...] = ()
    redirects: tuple[str, ...] = ()
    fate: Fate = Fate.REACHES
    handler: Handler | None = None
    function: str | None = None
    depth: int = 0
    statement: int = 0
    errexit: bool = True
    calls_script: bool = False
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The program, without its folder."""
        return self.words[0].rpartition("/")[2] if self.words else ""

    @cached_property
    def plain(self) -> str:
        """The command without the programs that only start it: `uv run pytest -q` is `pytest -q`."""
        return _unwrapped(" ".join(self.words))

    @property
    def fails_script(self) -> bool | None:
        """Whether the script fails where this command runs and fails; None where that cannot be told."""
        if self.function is not None:
            return None
        if self.fate is Fate.HANDLED or (self.fate is Fate.TESTED and self.handler is not None):
            fails = self.handler.fails if self.handler else None
            return None if fails and self.handler and self.handler.fate is not Fate.REACHES else fails
        return self.fate is Fate.REACHES

    def has(self, *flags: str) -> bool:
        """Whether one of these words is among the arguments, alone or as `--flag=value`."""
        return any(word in flags or word.partition("=")[0] in flags for word in self.words[1:])


@dataclass(eq=False)
class Script:
    """All commands of a script in order, also those in functions, conditions, substitutions and called shells.

    `statements` are where each statement of the outermost level begins and ends.
    """

    text: str
    commands: tuple[Command, ...] = ()
    statements: tuple[tuple[int, int], ...] = ()
    complete: bool = True

    @property
    def last(self) -> tuple[Command, ...]:
        """The commands of the last statement."""
        return tuple(command for command in self.commands if command.statement == len(self.statements) - 1)


@lru_cache(maxsize=4096)
def _unwrapped(text: str) -> str:
    return unwrapped(text)


@lru_cache(maxsize=4096)
def read_script(text: str, errexit: bool = True, pipefail: bool = False) -> Script:
    """Read a script. `errexit` and `pipefail` are how its shell starts: GitHub's default is `bash -e`."""
    if len(text) > LONGEST:
        return Script(text, complete=False)
    return _Reader(text, errexit, pipefail).script()


def masked(text: str) -> str:
    """A script whose `${{ … }}` are words of the same length, so that a shell's grammar can read it."""
    return _EXPRESSION.sub(lambda found: "_" * len(found[0]), text) if "${{" in text else text


@dataclass(frozen=True, slots=True)
class _Context:
    """What is around a node: what becomes of the status that it leaves, and where it stands."""

    fate: Fate = Fate.REACHES
    handler: Handler | None = None
    function: str | None = None
    last: bool = True

    def with_fate(self, fate: Fate, handler: Handler | None = None) -> "_Context":
        return _Context(fate, handler, self.function, self.last)


class _Reader:
    """Walks the grammar's tree and keeps the state of `set -e` and `set -o pipefail` on the way."""

    def __init__(self, text: str, errexit: bool, pipefail: bool, depth: int = 0, shift: int = 0) -> None:
        self.text, self.errexit, self.pipefail = text, errexit, pipefail
        self.left_of_and = 0
        self.depth, self.shift = depth, shift
        self.commands: list[Command] = []
        self.assigned: list[int] = []
        self.values: dict[str, str] = {}
        self.statements: list[tuple[int, int]] = []
        self.complete = True
        self.level = 0
        data = masked(text).encode("utf-8", "surrogatepass")
        self.offsets = None if len(data) == len(text) else _offsets(text)
        self.root = _PARSER.parse(data).root_node

    def script(self) -> Script:
        self._sequence(self.root, _Context(), outermost=True)
        return Script(self.text, tuple(self.commands), tuple(self.statements), self.complete)

    def _at(self, byte: int) -> int:
        return byte if self.offsets is None else self.offsets[byte]

    def _span(self, node: tree_sitter.Node) -> tuple[int, int]:
        if self.offsets is None:
            return node.start_byte, node.end_byte
        return self._at(node.start_byte), self._at(node.end_byte)

    def _raw(self, node: tree_sitter.Node) -> str:
        start, end = self._span(node)
        return self.text[start:end]

    def _sequence(self, node: tree_sitter.Node, around: _Context, outermost: bool = False) -> None:
        self._statements(
            [child for child in node.children if child.is_named and child.type != "comment"],
            around,
            outermost,
        )

    def _statements(
        self, children: list[tree_sitter.Node], around: _Context, outermost: bool = False
    ) -> None:
        """Statements one after the other. Only the last one's status is left where nothing stops at a failure.

        Nothing does without `set -e`, and nor where somebody looks at the status of the whole: in a condition, and
        before `&&` and `||`.
        """
        for index, child in enumerate(children):
            last = index == len(children) - 1
            if outermost:
                self.statements.append(self._span(child))
            context = _Context(around.fate, around.handler, around.function, around.last and last)
            behind = child.next_sibling
            if behind is not None and behind.type == "&":
                context = context.with_fate(Fate.BACKGROUND)
            elif not last and around.fate in _LOOKED_AT:
                context = context.with_fate(Fate.UNCHECKED, around.handler)
            elif not last and (self.left_of_and or not self.errexit) and around.fate is Fate.REACHES:
                context = context.with_fate(Fate.UNCHECKED)
            self._node(child, context)

    def _node(self, node: tree_sitter.Node, around: _Context) -> None:
        self.level += 1
        if self.level > DEEPEST:
            self.complete = False
        else:
            kind = node.type
            if kind in _COMMANDS:
                self._command(node, around, ())
            elif kind in _VISITED:
                getattr(self, f"_{kind}")(node, around)
            elif kind in _STATEMENTS:
                self._sequence(node, around)
            elif node.is_named:
                for child in node.named_children:
                    self._node(child, around)
        self.level -= 1

    def _list(self, node: tree_sitter.Node, around: _Context) -> None:
        left, operator, right = _operands(node)
        if left is None or right is None or operator is None:
            return
        if operator.type == "||":
            handler = Handler(
                self._at(operator.start_byte) + self.shift,
                self._at(right.end_byte) + self.shift,
                fate=around.fate,
            )
            self._node(left, around.with_fate(Fate.HANDLED, handler))
            self._handler(handler, [right], around)
            return
        # The status of a list that is the script's last is the script's own.
        stays = around.last or around.fate is not Fate.REACHES
        self.left_of_and += 1  # bash ignores `set -e` in all that is left of `&&`
        self._node(left, around if stays else around.with_fate(Fate.LEFT_OF_AND))
        self.left_of_and -= 1
        self._node(right, around)

    def _pipeline(self, node: tree_sitter.Node, around: _Context) -> None:
        parts = [child for child in node.named_children if child.type != "comment"]
        for part in parts[:-1]:
            self._node(part, around if self.pipefail else around.with_fate(Fate.PIPED, around.handler))
        if parts:
            self._node(parts[-1], around)

    def _negated_command(self, node: tree_sitter.Node, around: _Context) -> None:
        for child in node.named_children:
            self._node(child, around.with_fate(Fate.TESTED, around.handler))

    def _handler(self, handler: Handler, nodes: list[tree_sitter.Node], around: _Context) -> None:
        """Visit what handles a failure, and keep it."""
        before, assigned = len(self.commands), len(self.assigned)
        self._statements(nodes, around)
        handler.commands.extend(self.commands[before:])
        handler.assigns = len(self.assigned) > assigned

    def _if_statement(self, node: tree_sitter.Node, around: _Context) -> None:
        """The branch that runs where the condition's command fails is its handler, where the condition is one command.

        `elif` is a condition of its own, which runs where the first one failed.
        """
        clauses = [child for child in node.children if child.type in {"elif_clause", "else_clause"}]
        self._clause(node, clauses, self._at(node.end_byte) + self.shift, around)

    def _clause(
        self, node: tree_sitter.Node, others: list[tree_sitter.Node], end: int, around: _Context
    ) -> None:
        """`if` or `elif`: its condition, what it runs, and the clauses behind it."""
        tests, body = _condition_and_body(node)
        negated = len(tests) == 1 and tests[0].type == "negated_command"
        failing = body if negated else others
        start = self._at(failing[0].start_byte) + self.shift if failing else end
        stop = self._at(failing[-1].end_byte) + self.shift if failing else end
        handler = Handler(start, stop, fate=around.fate)
        self._statements(tests, around.with_fate(Fate.TESTED, handler if len(tests) == 1 else None))
        before = len(self.commands), len(self.assigned)
        self._statements(body, around)
        middle = len(self.commands), len(self.assigned)
        if others and others[0].type == "elif_clause":
            self._clause(others[0], others[1:], end, around)
        elif others:
            self._sequence(others[0], around)
        after = len(self.commands), len(self.assigned)
        begun, ended = (before, middle) if negated else (middle, after)
        handler.commands.extend(self.commands[begun[0] : ended[0]])
        handler.assigns = ended[1] > begun[1]

    def _while_statement(self, node: tree_sitter.Node, around: _Context) -> None:
        for child in node.named_children:
            body = child.type == "do_group"
            self._node(child, around if body else around.with_fate(Fate.TESTED))

    def _subshell(self, node: tree_sitter.Node, around: _Context) -> None:
        before = self.errexit, self.pipefail
        self._sequence(node, replace(around, last=True))
        self.errexit, self.pipefail = before

    def _function_definition(self, node: tree_sitter.Node, _: _Context) -> None:
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        if body is not None:
            self._node(body, _Context(function=self._raw(name) if name else "?", last=True))

    def _redirected_statement(self, node: tree_sitter.Node, around: _Context) -> None:
        redirects = [
            child
            for child in node.named_children
            if child.type.endswith(("_redirect", "herestring_redirect"))
        ]
        written = tuple(self._raw(child) for child in redirects)
        for child in node.named_children:
            if child not in redirects and child.type in _COMMANDS:
                self._command(child, around, written)
            elif child not in redirects:
                before = len(self.commands)
                self._node(child, around)
                self._redirect(child, node, self.commands[before:], written)
            else:
                self._substitutions(child, around)
            if child.type in _COMMANDS and any("<<" in one for one in written):
                self._here_script(node, self.commands[-1:])

    def _redirect(
        self,
        child: tree_sitter.Node,
        whole: tree_sitter.Node,
        commands: list[Command],
        written: tuple[str, ...],
    ) -> None:
        """What is redirected: all that stands in brackets; of `a || b > f` the last command, and what handles `a`."""
        end, longer = self._at(child.end_byte) + self.shift, self._at(whole.end_byte) + self.shift
        in_line = child.type in {"list", "pipeline"}
        for command in commands:
            if not in_line or command.end == end:
                command.redirects += written
            if in_line and command.handler and command.handler.end == end:
                command.handler.end = longer

    def _variable_assignment(self, node: tree_sitter.Node, around: _Context) -> None:
        """`x=$(command)` fails as the command does."""
        self.assigned.append(node.start_byte)
        name, _, value = self._raw(node).partition("=")
        self.values[name] = value.strip("\"'") if _PLAIN_VALUE.fullmatch(value) else ""
        for child in node.named_children:
            if child.type == "command_substitution":
                before = self.errexit, self.pipefail
                self.errexit = False  # bash does not hand `set -e` down to it
                self._sequence(child, around)
                self.errexit, self.pipefail = before
            else:
                self._substitutions(child, around)

    def _command(self, node: tree_sitter.Node, around: _Context, redirects: tuple[str, ...]) -> None:
        words: list[str] = []
        spans: list[tuple[int, int]] = []
        before: list[str] = []
        below: list[tree_sitter.Node] = []
        for child in node.children:
            kind = child.type
            if kind == "variable_assignment" and node.type == "command":
                before.append(self._raw(child))
            elif kind.endswith("_redirect"):
                redirects += (self._raw(child),)
            elif kind == "word" or child.is_named or kind not in {"\n", ";", "&"}:
                start, end = self._span(child)
                words.append(self._word(child) if kind == "command_name" else _bare(self.text[start:end]))
                spans.append((start + self.shift, end + self.shift))
            if kind != "word" and child.named_child_count:
                below.append(child)
        if words and words[0][:1] == "$" and (said := self.values.get(words[0].strip("${}"), "").split()):
            words, spans = said + words[1:], [spans[0]] * len(said) + spans[1:]
        start, end = self._span(node)
        command = Command(
            start + self.shift,
            end + self.shift,
            self.text[start:end],
            tuple(words),
            tuple(spans),
            tuple(before),
            redirects,
            around.fate,
            around.handler,
            around.function,
            self.depth,
            max(len(self.statements) - 1, 0),
            self.errexit,
        )
        self.commands.append(command)
        for child in below:
            self._substitutions(child, around)
        if node.type == "command":
            self._options(command)
            self._called_shell(command)

    def _word(self, node: tree_sitter.Node) -> str:
        """A word without its quotes, where nothing in it is worked out; else as written."""
        if node.type == "command_name" and node.named_child_count == 1:
            return self._word(node.named_children[0])
        return _bare(self._raw(node))

    def _substitutions(self, node: tree_sitter.Node, around: _Context) -> None:
        """Commands within words. Their status is lost."""
        self.level += 1
        if self.level > DEEPEST:
            self.complete = False
        elif node.type in {"command_substitution", "process_substitution"}:
            self._sequence(node, around.with_fate(Fate.CAPTURED))
        else:
            for child in node.named_children:
                self._substitutions(child, around)
        self.level -= 1

    def _options(self, command: Command) -> None:
        """`set -e`, `set +e`, `set -euo pipefail`, `set -o errexit`."""
        if command.name != "set" or command.fate is Fate.CAPTURED:
            return
        words = command.words[1:]
        for index, word in enumerate(words):
            if re.fullmatch(r"[-+][a-zA-Z]+", word) and "e" in word[1:]:
                self.errexit = word[0] == "-"
            if word[:1] in "-+" and word.endswith("o") and index + 1 < len(words):
                if words[index + 1] == "errexit":
                    self.errexit = word[0] == "-"
                elif words[index + 1] == "pipefail":
                    self.pipefail = word[0] == "-"

    def _called_shell(self, command: Command) -> None:
        """`bash -c "…"` with a script in plain sight, also behind `sudo` or `docker run`; `ssh host "…"`."""
        if self.depth >= 2:
            return
        called = _shell_in(command.words)
        if called is None:
            return
        at, errexit, pipefail = called
        inner = command.words[at]
        start, end = command.spans[at]
        if end - start == len(inner) + 2:  # quoted, and nothing in it is worked out
            self._read_inner(command, inner, start + 1, errexit, pipefail)

    def _here_script(self, node: tree_sitter.Node, commands: list[Command]) -> None:
        """`bash <<'EOF'`: the lines up to the end are a script, where the quotes keep them as they are."""
        called = next((one for one in commands if _reads_input(one.words)), None)
        if called is None or self.depth >= 2:
            return
        for child in node.named_children:
            if child.type != "heredoc_redirect" or not _QUOTED_END.match(self._raw(child)):
                continue
            for body in child.named_children:
                if body.type == "heredoc_body":
                    options = " ".join(called.words[1:])
                    errexit = bool(re.search(r"(?:^| )-[a-z]*e|errexit", options))
                    self._read_inner(
                        called,
                        self._raw(body),
                        self._at(body.start_byte) + self.shift,
                        errexit,
                        "pipefail" in options,
                    )

    def _read_inner(self, command: Command, inner: str, shift: int, errexit: bool, pipefail: bool) -> None:
        """Read the script of a shell that is called, and keep its commands."""
        command.calls_script = True
        reader = _Reader(inner, errexit, pipefail, self.depth + 1, shift)
        reader._sequence(reader.root, _Context(command.fate, command.handler), outermost=True)
        for below in reader.commands:
            below.statement = command.statement
        self.commands += reader.commands


def _bare(raw: str) -> str:
    """A word without its quotes, where nothing in it is worked out."""
    quoted = len(raw) > 1 and raw[0] == raw[-1] and raw[0] in "'\""
    if quoted and (raw[0] == "'" or not re.search(r'[$`\\"]', raw[1:-1])):
        return raw[1:-1]
    return raw


def _shell_in(words: tuple[str, ...]) -> tuple[int, bool, bool] | None:
    """Where the script of a called shell is among the words, and whether its options set `-e` and `pipefail`."""
    if words and words[0] == "ssh" and len(words) > 2 and " " in words[-1]:
        return len(words) - 1, False, False
    for index, word in enumerate(words[:-2]):
        if word.rpartition("/")[2] not in _SHELLS:
            continue
        errexit, at = False, index + 1
        while at < len(words) - 1 and words[at][:1] in {"-", "+"}:
            flag = words[at]
            if flag[1:2].isalpha():
                errexit = flag[0] == "-" if "e" in flag[1:] else errexit
            if re.fullmatch(r"-[a-z]*c", flag):
                return at + 1, errexit, "pipefail" in words[index:at]
            named = flag.endswith("o") and words[at + 1] in {"pipefail", "errexit", "nounset", "xtrace"}
            errexit = errexit or (named and words[at + 1] == "errexit")
            at += 2 if named else 1
    return None


def _reads_input(words: tuple[str, ...]) -> bool:
    """Whether a command is a shell that reads its script from its input: no file and no `-c` is given."""
    at = next((index for index, word in enumerate(words) if word.rpartition("/")[2] in _SHELLS), None)
    return at is not None and all(
        re.fullmatch(r"-[a-bd-z]*|pipefail|errexit", word) for word in words[at + 1 :]
    )


_LOOKED_AT = {Fate.HANDLED, Fate.TESTED, Fate.LEFT_OF_AND}
_VISITED = {
    "list",
    "pipeline",
    "negated_command",
    "if_statement",
    "while_statement",
    "subshell",
    "function_definition",
    "redirected_statement",
    "variable_assignment",
}
_STATEMENTS = {"program", "compound_statement", "do_group", "case_item"}
_COMMANDS = {"command", "declaration_command", "unset_command", "test_command"}


def _operands(
    node: tree_sitter.Node,
) -> tuple[tree_sitter.Node | None, tree_sitter.Node | None, tree_sitter.Node | None]:
    parts = [child for child in node.children if child.type not in {"comment", "\n"}]
    operator = next((child for child in parts if child.type in {"&&", "||"}), None)
    named = [child for child in parts if child.is_named]
    return (named[0], operator, named[-1]) if len(named) > 1 else (None, operator, None)


def _condition_and_body(
    node: tree_sitter.Node,
) -> tuple[list[tree_sitter.Node], list[tree_sitter.Node]]:
    """The commands before `then`, and those behind it up to the next clause."""
    parts: tuple[list[tree_sitter.Node], list[tree_sitter.Node]] = ([], [])
    behind = 0
    for child in node.children:
        if child.type == "then":
            behind = 1
        elif child.is_named and child.type not in {"comment", "elif_clause", "else_clause"}:
            parts[behind].append(child)
    return parts


def _offsets(text: str) -> list[int]:
    """For each byte of a text in UTF-8 the character that it belongs to."""
    offsets: list[int] = []
    for index, mark in enumerate(text):
        offsets.extend([index] * len(mark.encode("utf-8", "surrogatepass")))
    return [*offsets, len(text)]


def commands_of(script: Script) -> Iterator[Command]:
    """The commands that run where the script runs, not those of a function's body."""
    return (command for command in script.commands if command.function is None)
