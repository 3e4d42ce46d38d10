"""How the shell reads a place of a script: within which quotes, or as which part of a command.

Expressions of GitHub (`${{ … }}`) are put in before the shell reads a script; what may stand in the place of one
depends on what is around it.
"""

from collections.abc import Sequence
from enum import StrEnum

import tree_sitter
import tree_sitter_bash

from cicd_defs.facts.script import masked

_PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))


class Quoting(StrEnum):
    """What is around a place."""

    WORD = "word"  # a whole word of a command, which the shell cuts at blanks
    PART = "part of a word"
    COMMAND = "command"  # the whole name of a command
    WHOLE = "whole"  # a place that the shell does not cut: an assignment, `[[ … ]]`, `case`
    DOUBLE = "double quotes"
    SINGLE = "single quotes"
    HEREDOC = "here-document"
    LITERAL = "literal here-document"
    COMMENT = "comment"
    NUMBER = "arithmetic"


_DECIDED = {
    "string": Quoting.DOUBLE,
    "raw_string": Quoting.SINGLE,
    "ansi_c_string": Quoting.SINGLE,
    "comment": Quoting.COMMENT,
    "arithmetic_expansion": Quoting.NUMBER,
    "variable_assignment": Quoting.WHOLE,
    "case_statement": Quoting.WHOLE,
    "herestring_redirect": Quoting.WHOLE,
}
_CUT = {"command", "for_statement", "declaration_command", "file_redirect", "array", "unset_command"}


def quotings(text: str, spans: Sequence[tuple[int, int]]) -> list[Quoting | None]:
    """What is around each span of a script of bash or sh; None where it cannot be told. Spans are in characters."""
    hidden = masked(text)
    data = hidden.encode("utf-8", "surrogatepass")
    root = _PARSER.parse(data).root_node
    if len(data) == len(text):
        return [_quoting(root, start, end) for start, end in spans]
    return [
        _quoting(
            root,
            len(hidden[:start].encode("utf-8", "surrogatepass")),
            len(hidden[:end].encode("utf-8", "surrogatepass")),
        )
        for start, end in spans
    ]


def _quoting(root: tree_sitter.Node, start: int, end: int) -> Quoting | None:
    node = root.descendant_for_byte_range(start, end)
    inner = node
    named = False
    while node is not None:
        kind = node.type
        if kind == "ERROR" or (node.is_missing and kind != "program"):
            return None
        if kind in _DECIDED:
            return _DECIDED[kind]
        if kind == "heredoc_body":
            return _of_heredoc(node)
        if kind == "command_name":
            named = True
        if kind == "test_command":
            first = node.children[0].type if node.children else ""
            return Quoting.WHOLE if first == "[[" else _of_word(inner, start, end)
        if kind in _CUT:
            word = _of_word(inner, start, end)
            return Quoting.COMMAND if named and word is Quoting.WORD else word
        node = node.parent
    return None


def _of_word(inner: tree_sitter.Node | None, start: int, end: int) -> Quoting:
    whole = inner is not None and inner.start_byte == start and inner.end_byte == end
    around = inner.parent if inner is not None else None
    joined = around is not None and around.type == "concatenation"
    return Quoting.WORD if whole and not joined else Quoting.PART


def _of_heredoc(node: tree_sitter.Node) -> Quoting:
    redirect = node.parent
    begun = (
        next((child for child in redirect.children if child.type == "heredoc_start"), None)
        if redirect
        else None
    )
    word = begun.text or b"" if begun is not None else b"'"
    return Quoting.LITERAL if word[:1] in {b"'", b'"', b"\\"} else Quoting.HEREDOC
